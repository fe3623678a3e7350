//! Bulk actions, and what rows were before them.

use model::operation::{OperationState, OperationVerb};
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, among, params, statements};
use crate::error::Result;
use crate::visibility::case_visible;

/// A bulk action.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The case it was done in.
    pub case: i64,
    /// What it did.
    pub verb: OperationVerb,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// How many rows it changed.
    pub affected: i64,
    /// How many rows were so already.
    pub unchanged: i64,
    /// How many rows it left alone.
    pub skipped: i64,
    /// Where it stands.
    pub state: OperationState,
    /// The operation that undid it, or 0.
    pub undone_by: i64,
    /// The operation that it undoes, or 0.
    pub undoes: i64,
    /// A sentence for people.
    pub detail: String,
}

statements! {
    INSERT = "INSERT INTO operation (public_id, case_id, verb, actor, at, affected, unchanged, skipped, state, undone_by, undoes, detail)
        VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 'running', 0, $6, $7) RETURNING id";
    PROGRESS = "UPDATE operation SET affected = affected + $2, unchanged = unchanged + $3, skipped = skipped + $4, state = $5 WHERE id = $1";
    FIND = concat!("SELECT o.id, o.public_id, o.case_id, o.verb, o.actor, o.at, o.affected, o.unchanged, o.state, o.undone_by, o.undoes,
        o.detail, o.skipped FROM operation o JOIN security_case c ON c.id = o.case_id WHERE ", case_visible!("c"), " AND o.public_id = $2");
    FIND_BY_ROW = concat!("SELECT o.id, o.public_id, o.case_id, o.verb, o.actor, o.at, o.affected, o.unchanged, o.state, o.undone_by,
        o.undoes, o.detail, o.skipped FROM operation o JOIN security_case c ON c.id = o.case_id WHERE ", case_visible!("c"), " AND o.id = $2");
    MARK_UNDONE = "UPDATE operation SET undone_by = $2 WHERE id = $1";
    ROWS = "SELECT record_id FROM operation_row WHERE operation_id = $1 AND record_id > $2 ORDER BY record_id LIMIT $3";
    COUNT_ROWS = "SELECT CAST(count(*) AS bigint) FROM operation_row WHERE operation_id = $1";
}

fn read(row: &Row<'_>) -> Result<Operation> {
    Ok(Operation {
        id: row.int(0)?,
        public_id: row.text(1)?,
        case: row.int(2)?,
        verb: row.word(3)?,
        actor: row.text(4)?,
        at: row.time(5)?,
        affected: row.int(6)?,
        unchanged: row.int(7)?,
        state: row.word(8)?,
        undone_by: row.int(9)?,
        undoes: row.int(10)?,
        detail: row.text(11)?,
        skipped: row.int(12)?,
    })
}

/// Begins an operation and tells its row and id.
///
/// # Errors
/// When the database fails.
pub fn begin(tx: &mut Tx<'_>, case: i64, verb: OperationVerb, undoes: i64, detail: &str, stamp: &Stamp) -> Result<(i64, String)> {
    let public_id = stamp.uuid("operation", 0);
    let row = params![&public_id, case, verb.as_str(), &stamp.actor, stamp.at, undoes, detail];
    let id = tx.query_one(INSERT, row, |row| row.int(0))?;
    Ok((id, public_id))
}

/// Counts what a chunk of an operation did: rows changed, rows that were so already, rows left alone.
///
/// # Errors
/// When the database fails.
pub fn progress(tx: &mut Tx<'_>, operation: i64, [affected, unchanged, skipped]: [i64; 3], state: OperationState) -> Result<()> {
    tx.execute(PROGRESS, params![operation, affected, unchanged, skipped, state.as_str()]).map(|_| ())
}

/// The operation with an id, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Operation>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id], read)
}

/// The operation of a row, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find_by_row(tx: &mut Tx<'_>, id: i64) -> Result<Option<Operation>> {
    tx.query_opt(FIND_BY_ROW, params![tx.viewer(), id], read)
}

/// Says which operation undid another; 0 when that was undone in turn.
///
/// # Errors
/// When the database fails.
pub fn mark_undone(tx: &mut Tx<'_>, operation: i64, by: i64) -> Result<()> {
    tx.execute(MARK_UNDONE, params![operation, by]).map(|_| ())
}

/// The records that an operation changed, in order, after one.
///
/// # Errors
/// When the database fails.
pub fn rows(tx: &mut Tx<'_>, operation: i64, after: i64, limit: i64) -> Result<Vec<i64>> {
    tx.query(ROWS, params![operation, after, limit], |row| row.int(0))
}

/// The SHA-256 of the public ids of the records that an operation changed, in order, each on a line: what the journal holds
/// of them.
///
/// # Errors
/// When the database fails.
pub fn ids_sha256(tx: &mut Tx<'_>, operation: i64) -> Result<String> {
    let sql = format!(
        "SELECT r.public_id FROM record r WHERE r.id {} ORDER BY r.public_id",
        among(
            tx.engine(),
            "SELECT w.record_id FROM operation_row w WHERE w.operation_id = $1
             UNION SELECT n.record_id FROM annotation n WHERE n.operation = $1
             UNION SELECT m.record_id FROM annotation m WHERE m.last_operation = $1"
        )
    );
    let ids: Vec<String> = tx.query(&sql, params![operation], |row| row.text(0))?;
    Ok(model::text::sha256_hex(ids.join("\n").as_bytes()))
}

/// How many records an operation changed.
///
/// # Errors
/// When the database fails.
pub fn count_rows(tx: &mut Tx<'_>, operation: i64) -> Result<i64> {
    tx.query_one(COUNT_ROWS, params![operation], |row| row.int(0))
}
