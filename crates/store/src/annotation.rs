//! Annotations: what analysts say of a record, each written in a case.

use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, insert_rows, params, statements};
use crate::error::Result;
use crate::visibility::case_visible;

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

macro_rules! columns {
    () => {
        "n.id, n.public_id, n.record_id, r.public_id, n.case_id, c.number, n.text, n.author, n.created_at, n.updated_at, \
         n.withdrawn_at, n.version"
    };
}

statements! {
    OF_RECORD = concat!("SELECT ", columns!(), " FROM annotation n JOIN security_case c ON c.id = n.case_id
        JOIN record r ON r.id = n.record_id WHERE ", case_visible!("c"), " AND n.record_id = $2 AND n.withdrawn_at = 0 ORDER BY n.id DESC LIMIT $3");
    FIND = concat!("SELECT ", columns!(), " FROM annotation n JOIN security_case c ON c.id = n.case_id
        JOIN record r ON r.id = n.record_id WHERE ", case_visible!("c"), " AND n.public_id = $2");
    CORRECT = "UPDATE annotation SET text = $2, updated_at = $3, version = version + 1 WHERE id = $1";
    WITHDRAW = "UPDATE annotation SET withdrawn_at = $2, version = version + 1 WHERE id = $1";
    WITHDRAW_OF_OPERATION = "UPDATE annotation SET withdrawn_at = $2 WHERE operation = $1 AND withdrawn_at = 0 AND version = 1";
    RETURN_OF_OPERATION = "UPDATE annotation SET withdrawn_at = 0 WHERE operation = $1 AND withdrawn_at <> 0 AND version = 1";
    COUNT_OF_OPERATION = "SELECT CAST(count(*) AS bigint) FROM annotation WHERE operation = $1";
}

fn read(row: &Row<'_>) -> Result<Annotation> {
    Ok(Annotation {
        id: row.int(0)?,
        public_id: row.text(1)?,
        record: row.int(2)?,
        record_public_id: row.text(3)?,
        case: row.int(4)?,
        case_number: row.int(5)?,
        text: row.text(6)?,
        author: row.text(7)?,
        created_at: row.time(8)?,
        updated_at: row.time(9)?,
        withdrawn_at: row.time(10)?,
        version: row.int(11)?,
    })
}

/// Writes the same annotation on several records, in a case, under an operation.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, case: i64, records: &[i64], text: &str, operation: i64, stamp: &Stamp) -> Result<()> {
    let mut values = Vec::with_capacity(records.len() * 10);
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
        ]);
    }
    let head =
        "INSERT INTO annotation (public_id, record_id, case_id, text, author, created_at, updated_at, withdrawn_at, version, operation)";
    insert_rows(tx, head, 10, &values, "").map(|_| ())
}

/// The annotations of a record that the viewer may read, newest first.
///
/// # Errors
/// When the database fails.
pub fn of_record(tx: &mut Tx<'_>, record: i64, limit: u32) -> Result<Vec<Annotation>> {
    tx.query(OF_RECORD, params![tx.viewer(), record, i64::from(limit)], read)
}

/// The annotation with an id, if the viewer may read it; withdrawn ones too.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Annotation>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id], read)
}

/// Corrects an annotation; the journal keeps what it was.
///
/// # Errors
/// When the database fails.
pub fn correct(tx: &mut Tx<'_>, annotation: i64, text: &str, stamp: &Stamp) -> Result<()> {
    tx.execute(CORRECT, params![annotation, text, stamp.at]).map(|_| ())
}

/// Withdraws an annotation.
///
/// # Errors
/// When the database fails.
pub fn withdraw(tx: &mut Tx<'_>, annotation: i64, stamp: &Stamp) -> Result<()> {
    tx.execute(WITHDRAW, params![annotation, stamp.at]).map(|_| ())
}

/// Withdraws what an operation wrote, where it is still as it was written. Tells how many.
///
/// # Errors
/// When the database fails.
pub fn withdraw_of_operation(tx: &mut Tx<'_>, operation: i64, stamp: &Stamp) -> Result<u64> {
    tx.execute(WITHDRAW_OF_OPERATION, params![operation, stamp.at])
}

/// Brings back what an undo had withdrawn. Tells how many.
///
/// # Errors
/// When the database fails.
pub fn return_of_operation(tx: &mut Tx<'_>, operation: i64) -> Result<u64> {
    tx.execute(RETURN_OF_OPERATION, params![operation])
}

/// How many annotations an operation wrote.
///
/// # Errors
/// When the database fails.
pub fn count_of_operation(tx: &mut Tx<'_>, operation: i64) -> Result<i64> {
    tx.query_one(COUNT_OF_OPERATION, params![operation], |row| row.int(0))
}
