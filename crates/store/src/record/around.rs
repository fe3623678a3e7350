//! What hangs on a record: the cases that hold it, annotations, and where it was imported from.

use std::collections::HashMap;

use model::Kind;
use model::artifact::Status;
use model::case::CaseState;

use super::{Record, read, sort_title};
use crate::engine::{Tx, id_list, ids_in, params, statements, text_list, texts_in};
use crate::error::Result;
use crate::visibility::{case_visible, made_in_visible, record_visible};

statements! {
    CASES = concat!("SELECT c.number, c.name, c.state, a.status FROM artifact a JOIN security_case c ON c.id = a.case_id
        WHERE ", case_visible!("c"), " AND a.record_id = $2 ORDER BY c.id DESC LIMIT $3");
    COUNT_CASES = concat!("SELECT CAST(count(*) AS bigint) FROM artifact a JOIN security_case c ON c.id = a.case_id
        WHERE ", case_visible!("c"), " AND a.record_id = $2");
    COUNT_ANNOTATIONS = concat!("SELECT CAST(count(*) AS bigint) FROM annotation n
        WHERE ", made_in_visible!("n.case_id"), " AND n.record_id = $2 AND n.withdrawn_at = 0");
    SOURCES = "SELECT source FROM record_source WHERE record_id = $1 ORDER BY at, source";
    HOLDERS = "SELECT case_id FROM artifact WHERE record_id = $1 ORDER BY case_id DESC LIMIT $2";
}

/// A case that holds a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingCase {
    /// Its number.
    pub number: i64,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub state: CaseState,
    /// Whether the record counts in it.
    pub status: Status,
}

/// How much there is around a record that the viewer may know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// In how many cases it is.
    pub cases: i64,
    /// How many annotations it has.
    pub annotations: i64,
    /// Where it was imported from, first the first.
    pub sources: Vec<String>,
}

/// The cases that hold a record and that the viewer may know of, newest first.
///
/// # Errors
/// When the database fails.
pub fn cases(tx: &mut Tx<'_>, record: i64, limit: u32) -> Result<Vec<HoldingCase>> {
    tx.query(CASES, params![tx.viewer(), record, i64::from(limit)], |row| {
        Ok(HoldingCase {
            number: row.int(0)?,
            name: row.text(1)?,
            state: row.code(2, CaseState::from_code)?,
            status: row.code(3, Status::from_code)?,
        })
    })
}

/// How much there is around a record that the caller has found.
///
/// # Errors
/// When the database fails.
pub fn around(tx: &mut Tx<'_>, record: i64) -> Result<Around> {
    Ok(Around {
        cases: tx.query_one(COUNT_CASES, params![tx.viewer(), record], |row| row.int(0))?,
        annotations: tx.query_one(COUNT_ANNOTATIONS, params![tx.viewer(), record], |row| row.int(0))?,
        sources: tx.query(SOURCES, params![record], |row| row.text(0))?,
    })
}

/// The rows of the cases that hold a record, newest first: those that are to hear of a change, not to be shown.
///
/// # Errors
/// When the database fails.
pub fn holders(tx: &mut Tx<'_>, record: i64, limit: u32) -> Result<Vec<i64>> {
    tx.query(HOLDERS, params![record, i64::from(limit)], |row| row.int(0))
}

/// The rows of the cases that hold any of these records, newest first, each once: those that are to hear of a change.
///
/// # Errors
/// When the database fails.
pub fn holders_of(tx: &mut Tx<'_>, records: &[i64], limit: u32) -> Result<Vec<i64>> {
    let sql = format!("SELECT DISTINCT case_id FROM artifact WHERE record_id {} ORDER BY case_id DESC LIMIT $2", ids_in(tx.engine(), 1));
    tx.query(&sql, params![id_list(records), i64::from(limit)], |row| row.int(0))
}

/// Where records that the caller has found were imported from; those from nowhere are left out.
///
/// # Errors
/// When the database fails.
pub fn sources(tx: &mut Tx<'_>, records: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let sql = format!("SELECT record_id, source FROM record_source WHERE record_id {} ORDER BY at, source", ids_in(tx.engine(), 1));
    let mut sources: HashMap<i64, Vec<String>> = HashMap::new();
    for (record, source) in tx.query(&sql, params![id_list(records)], |row| Ok((row.int(0)?, row.text(1)?)))? {
        sources.entry(record).or_default().push(source);
    }
    Ok(sources)
}

/// The records of a kind with these titles (folded) that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn titled(tx: &mut Tx<'_>, kind: Kind, titles: &[String]) -> Result<Vec<Record>> {
    let sorted: Vec<String> = titles.iter().map(|title| sort_title(title)).collect();
    let sql = format!(
        "SELECT {} FROM record r WHERE {} AND r.kind = $2 AND r.sort_title {} ORDER BY r.id",
        record_columns!(),
        record_visible!("r"),
        texts_in(tx.engine(), 3)
    );
    tx.query(&sql, params![tx.viewer(), kind.code(), text_list(&sorted)], read)
}

/// Which of these records are in a case at all: those whose changes show somewhere.
///
/// # Errors
/// When the database fails.
pub fn held(tx: &mut Tx<'_>, records: &[i64]) -> Result<Vec<i64>> {
    let sql = format!("SELECT DISTINCT record_id FROM artifact WHERE record_id {}", ids_in(tx.engine(), 1));
    tx.query(&sql, params![id_list(records)], |row| row.int(0))
}
