//! Annotations: what analysts say of a record, each written in a case.

use model::case::CaseState;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::text::fold;
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::Result;
use crate::record::{self, RECORD_COLUMNS, Record, record_columns};
use crate::select::Select;
use crate::text::{ANNOTATION_TEXT, Words};
use crate::visibility::{case_visible, record_visible};

/// An annotation.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The record's row.
    pub record: i64,
    /// The record's id outside.
    pub record_public_id: String,
    /// The case's row.
    pub case: i64,
    /// The case's number.
    pub case_number: i64,
    /// Where the case stands.
    pub case_state: CaseState,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
    /// When it was withdrawn, or never.
    pub withdrawn_at: Timestamp,
    /// 1 until it is corrected.
    pub version: i64,
}

/// An annotation that a search finds, with the record that it is on and the case that it was written in.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The annotation.
    pub annotation: Annotation,
    /// The record.
    pub record: Record,
    /// What the case is called.
    pub case_name: String,
}

macro_rules! columns {
    () => {
        "n.id, n.public_id, n.record_id, r.public_id, n.case_id, c.number, n.text, n.author, n.created_at, n.updated_at, \
         n.withdrawn_at, n.version, c.state"
    };
}

/// What [`read`] reads, of annotation `n`, its case `c` and its record `r`.
pub(crate) const COLUMNS: &str = columns!();

statements! {
    OF_RECORD = concat!("SELECT ", columns!(), " FROM annotation n JOIN security_case c ON c.id = n.case_id
        JOIN record r ON r.id = n.record_id WHERE ", case_visible!("c"), " AND n.record_id = $2 AND n.withdrawn_at = 0 ORDER BY n.id DESC LIMIT $3");
    FIND = concat!("SELECT ", columns!(), " FROM annotation n JOIN security_case c ON c.id = n.case_id
        JOIN record r ON r.id = n.record_id WHERE ", case_visible!("c"), " AND n.public_id = $2");
    CORRECT = "UPDATE annotation SET text = $2, updated_at = $3, search_text = $4, version = version + 1, last_operation = 0 WHERE id = $1";
    WITHDRAW = "UPDATE annotation SET withdrawn_at = $2, version = version + 1, last_operation = $3 WHERE id = $1";
    AS_LEFT_BY = "SELECT record_id, withdrawn_at FROM annotation WHERE last_operation = $1 ORDER BY record_id";
}

pub(crate) fn read(row: &Row<'_>, at: usize) -> Result<Annotation> {
    Ok(Annotation {
        id: row.int(at)?,
        public_id: row.text(at + 1)?,
        record: row.int(at + 2)?,
        record_public_id: row.text(at + 3)?,
        case: row.int(at + 4)?,
        case_number: row.int(at + 5)?,
        text: row.text(at + 6)?,
        author: row.text(at + 7)?,
        created_at: row.time(at + 8)?,
        updated_at: row.time(at + 9)?,
        withdrawn_at: row.time(at + 10)?,
        version: row.int(at + 11)?,
        case_state: row.code(at + 12, CaseState::from_code)?,
    })
}

/// Writes the same annotation on several records, in a case, under an operation.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, case: i64, records: &[i64], text: &str, operation: i64, stamp: &Stamp) -> Result<()> {
    let folded = fold(text);
    let mut values = Vec::with_capacity(records.len() * 12);
    for (n, record) in records.iter().enumerate() {
        values.extend([
            Value::from(stamp.uuid(&format!("annotation:{operation}:{record}"), n)),
            (*record).into(),
            case.into(),
            text.into(),
            (&stamp.actor).into(),
            stamp.at.into(),
            stamp.at.into(),
            0.into(),
            1.into(),
            operation.into(),
            operation.into(),
            (&folded).into(),
        ]);
    }
    let head = "INSERT INTO annotation (public_id, record_id, case_id, text, author, created_at, updated_at, withdrawn_at, version,
        operation, last_operation, search_text)";
    insert_rows(tx, head, 12, &values, "").map(|_| ())
}

/// The annotations of a record that the viewer may read, newest first.
///
/// # Errors
/// When the database fails.
pub fn of_record(tx: &mut Tx<'_>, record: i64, limit: u32) -> Result<Vec<Annotation>> {
    tx.query(OF_RECORD, params![tx.viewer(), record, i64::from(limit)], |row| read(row, 0))
}

/// The annotation with an id, if the viewer may read it; withdrawn ones too.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Annotation>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id], |row| read(row, 0))
}

/// Corrects an annotation; the journal keeps what it was.
///
/// # Errors
/// When the database fails.
pub fn correct(tx: &mut Tx<'_>, annotation: i64, text: &str, stamp: &Stamp) -> Result<()> {
    tx.execute(CORRECT, params![annotation, text, stamp.at, fold(text)]).map(|_| ())
}

/// Withdraws an annotation, under an operation.
///
/// # Errors
/// When the database fails.
pub fn withdraw(tx: &mut Tx<'_>, annotation: i64, operation: i64, stamp: &Stamp) -> Result<()> {
    tx.execute(WITHDRAW, params![annotation, stamp.at, operation]).map(|_| ())
}

/// The records whose annotations are still as an operation left them, and whether it left them withdrawn: all or none are.
///
/// # Errors
/// When the database fails.
pub fn as_left_by(tx: &mut Tx<'_>, operation: i64) -> Result<(Vec<i64>, bool)> {
    let rows = tx.query(AS_LEFT_BY, params![operation], |row| Ok((row.int(0)?, row.time(1)?.is_set())))?;
    let withdrawn = rows.first().is_some_and(|(_, withdrawn)| *withdrawn);
    Ok((rows.into_iter().map(|(record, _)| record).collect(), withdrawn))
}

/// Withdraws the annotations of these records that are as `undone` left them, or brings them back if it withdrew them, under the
/// operation `undo`. Tells which.
///
/// # Errors
/// When the database fails.
pub fn turn(tx: &mut Tx<'_>, undone: i64, undo: i64, records: &[i64], stamp: &Stamp) -> Result<Vec<i64>> {
    let sql = format!(
        "UPDATE annotation SET withdrawn_at = CASE WHEN withdrawn_at = 0 THEN CAST($3 AS bigint) ELSE 0 END, last_operation = $2
         WHERE last_operation = $1 AND record_id {} RETURNING record_id",
        ids_in(tx.engine(), 4)
    );
    tx.query(&sql, params![undone, undo, stamp.at, id_list(records)], |row| row.int(0))
}

/// A page of the annotations before row `before` that hold the words of `q` (refanged and not yet folded) and that the viewer
/// may read, newest first; withdrawn ones are not among them.
///
/// # Errors
/// When the database fails.
pub fn search(tx: &mut Tx<'_>, q: &str, before: Option<i64>, limit: u32) -> Result<Page<Found>> {
    let words = Words::of(tx, ANNOTATION_TEXT, q)?;
    let Some(mut select) = matching(tx, &words) else { return Ok(Page::empty()) };
    let total = select.count(tx, COUNT_LIMIT)?;
    let key = if matches!(words, Words::Indexed(_)) { "annotation_text.rowid" } else { "n.id" };
    if let Some(before) = before {
        select.and(&format!("{key} < $?"), before);
    }
    let columns = concat!(record_columns!(), ", c.name, ", columns!());
    let mut items = select.first(tx, columns, (key, true), limit + 1, |row| {
        Ok(Found { record: record::read(row)?, case_name: row.text(RECORD_COLUMNS)?, annotation: read(row, RECORD_COLUMNS + 1)? })
    })?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let cursor = |last: &Found| Cursor { key: CursorKey::Int(last.annotation.id), id: last.annotation.id }.to_string();
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Ok(Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() })
}

/// What matches; none when nothing can.
fn matching(tx: &Tx<'_>, words: &Words) -> Option<Select<'static>> {
    const JOINED: &str = "annotation n JOIN security_case c ON c.id = n.case_id JOIN record r ON r.id = n.record_id";
    let mut select = match words {
        Words::Indexed(words) => {
            let from = "annotation_text CROSS JOIN annotation n CROSS JOIN security_case c CROSS JOIN record r";
            let mut select = Select::new(tx, from, case_visible!("c"));
            select.and_plain("n.id = annotation_text.rowid AND c.id = n.case_id AND r.id = n.record_id");
            words.lead(&mut select, ANNOTATION_TEXT, "n.search_text");
            select
        }
        Words::Scanned(words) => {
            let mut select = Select::new(tx, JOINED, case_visible!("c"));
            select.all_words(tx.engine(), "n.search_text", words.clone());
            select
        }
        Words::Nowhere => return None,
    };
    select.and_plain(record_visible!("r"));
    select.and_plain("n.withdrawn_at = 0");
    Some(select)
}
