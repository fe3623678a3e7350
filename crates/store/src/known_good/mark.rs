//! Marks on observables that are known to be good, and how far the job is that writes them.
//!
//! A mark is nobody's word: it says what the lists say of a value that a record holds already. It is shown with its record
//! alone, so it needs no visibility of its own; the job that writes it sees all records.

use std::collections::HashMap;

use model::{Kind, Stamp};

use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::Result;
use crate::{job, setting};

/// The kind of the job that writes the marks.
pub const JOB: &str = "known_good";
/// Changes whenever the lists do.
const VERSION: &str = "known_good.version";
/// The last record that was held against the lists of that version.
const MARKED: &str = "known_good.marked";

statements! {
    IN_USE = "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 AS one FROM known_good UNION ALL SELECT 1 FROM known_good_list WHERE enabled = 1 LIMIT 1) AS used";
    NEXT = "SELECT id, category, title FROM record WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
    LEFT = "SELECT CAST(count(*) AS bigint) FROM record WHERE kind = $1 AND id > $2";
    LAST = "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM record WHERE kind = $1";
    IN_RANGE = "SELECT record_id, reason FROM known_good_mark WHERE record_id > $1 AND record_id <= $2";
    CLEAR_ALL = "DELETE FROM known_good_mark";
    AGAIN = "UPDATE job SET state = 'queued', payload = '{}', done = 0, total = 0, result = '', error = '', attempts = 0, cancel = 0,
        heartbeat_at = 0, created_by = $2, created_at = $3, started_at = 0, finished_at = 0
        WHERE kind = $1 AND state NOT IN ('queued', 'running')";
    JOB_ID = "SELECT public_id FROM job WHERE kind = $1 ORDER BY id DESC LIMIT 1";
}

/// Where the job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marking {
    /// Of the lists.
    pub version: String,
    /// The last record that was held against them.
    pub marked: i64,
}

/// Where the job stands.
///
/// # Errors
/// When the database fails.
pub fn marking(tx: &mut Tx<'_>) -> Result<Marking> {
    let version = setting::get(tx, VERSION)?.unwrap_or_default();
    let marked = setting::get(tx, MARKED)?.and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Marking { version, marked })
}

/// Says up to where records were held against the lists.
///
/// # Errors
/// When the database fails.
pub fn set_marked(tx: &mut Tx<'_>, marked: i64) -> Result<()> {
    setting::set(tx, MARKED, &marked.to_string())
}

/// The lists changed: every observable is held against them again. Tells the job's id.
///
/// # Errors
/// When the database fails.
pub fn lists_changed(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<String> {
    setting::set(tx, VERSION, &stamp.uuid("known-good", 0))?;
    set_marked(tx, 0)?;
    queue(tx, stamp)
}

/// Observables came in: they are held against the lists, if there are any.
pub(crate) fn came_in(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<()> {
    if tx.query_one(IN_USE, &[], |row| row.int(0))? > 0 { queue(tx, stamp).map(|_| ()) } else { Ok(()) }
}

/// Queues the job, of which there is one for good: while it waits or runs, it meets what comes in meanwhile. Tells its id.
fn queue(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<String> {
    tx.execute(AGAIN, params![JOB, &stamp.actor, stamp.at])?;
    match tx.query_opt(JOB_ID, params![JOB], |row| row.text(0))? {
        Some(id) => Ok(id),
        None => job::queue(tx, JOB, &serde_json::json!({}), 0, 0, stamp).map(|(_, id)| id),
    }
}

/// An observable on its way through the lists: its row, its type and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmarked {
    /// The record's row.
    pub record: i64,
    /// The type's word.
    pub sort: String,
    /// In normal form.
    pub value: String,
}

/// The next observables after a record, and how many there are from there on; for the job alone, which sees all records.
///
/// # Errors
/// When the database fails.
pub fn next_unmarked(tx: &mut Tx<'_>, after: i64, most: i64) -> Result<(Vec<Unmarked>, i64)> {
    let kind = Kind::Observable.code();
    let next =
        tx.query(NEXT, params![kind, after, most], |row| Ok(Unmarked { record: row.int(0)?, sort: row.text(1)?, value: row.text(2)? }))?;
    let left = if (next.len() as i64) < most { next.len() as i64 } else { tx.query_one(LEFT, params![kind, after], |row| row.int(0))? };
    Ok((next, left))
}

/// The last observable's row.
///
/// # Errors
/// When the database fails.
pub fn last_observable(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(LAST, params![Kind::Observable.code()], |row| row.int(0))
}

/// Takes every mark away.
///
/// # Errors
/// When the database fails.
pub fn clear_marks(tx: &mut Tx<'_>) -> Result<u64> {
    tx.execute(CLEAR_ALL, &[])
}

/// Writes the marks of the records after `from` up to `to`: these, and no others. Tells the records whose mark changed.
///
/// # Errors
/// When the database fails.
pub fn mark_range(tx: &mut Tx<'_>, from: i64, to: i64, marks: &[(i64, String)]) -> Result<Vec<i64>> {
    let there: HashMap<i64, String> = tx.query(IN_RANGE, params![from, to], |row| Ok((row.int(0)?, row.text(1)?)))?.into_iter().collect();
    let wanted: HashMap<i64, &str> = marks.iter().map(|(record, reason)| (*record, reason.as_str())).collect();
    let gone: Vec<i64> = there.keys().copied().filter(|record| !wanted.contains_key(record)).collect();
    if !gone.is_empty() {
        let sql = format!("DELETE FROM known_good_mark WHERE record_id {}", ids_in(tx.engine(), 1));
        tx.execute(&sql, params![id_list(&gone)])?;
    }
    let new: Vec<(i64, &str)> =
        wanted.into_iter().filter(|(record, reason)| there.get(record).map(String::as_str) != Some(reason)).collect();
    let mut values: Vec<Value<'_>> = Vec::with_capacity(new.len() * 2);
    for (record, reason) in &new {
        values.extend([Value::from(*record), (*reason).into()]);
    }
    let head = "INSERT INTO known_good_mark (record_id, reason)";
    insert_rows(tx, head, 2, &values, "ON CONFLICT (record_id) DO UPDATE SET reason = excluded.reason")?;
    Ok(gone.into_iter().chain(new.into_iter().map(|(record, _)| record)).collect())
}

/// The marks of records.
///
/// # Errors
/// When the database fails.
pub fn marks_of(tx: &mut Tx<'_>, records: &[i64]) -> Result<HashMap<i64, String>> {
    let sql = format!("SELECT record_id, reason FROM known_good_mark WHERE record_id {}", ids_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![id_list(records)], |row| Ok((row.int(0)?, row.text(1)?)))?.into_iter().collect())
}

/// The cases that hold any of these records, at most a hundred: for telling those who look at them.
///
/// # Errors
/// When the database fails.
pub fn cases_with(tx: &mut Tx<'_>, records: &[i64]) -> Result<Vec<i64>> {
    let sql = format!("SELECT DISTINCT case_id FROM artifact WHERE record_id {} LIMIT 100", ids_in(tx.engine(), 1));
    tx.query(&sql, params![id_list(records)], |row| row.int(0))
}
