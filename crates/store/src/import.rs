//! Imports: staged, looked at, applied.

use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements, to_json};
use crate::error::Result;
use crate::visibility::made_in_visible;

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// What it holds: a kind of record, or `text`.
    pub kind: String,
    /// The case it is for, or 0.
    pub case: i64,
    /// That case's number.
    pub case_number: Option<i64>,
    /// The file's name.
    pub name: String,
    /// `staged`, `applying`, `applied` or `failed`.
    pub state: String,
    /// The job that applies it, or 0.
    pub job: i64,
    /// Its bytes, by their SHA-256.
    pub blob: String,
    /// How it is read, as JSON.
    pub options: String,
    /// What came of it, as JSON.
    pub report: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When, or never.
    pub applied_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO import (public_id, kind, case_id, name, state, job_id, blob, options, report, created_by, created_at, applied_at)
        VALUES ($1, $2, $3, $4, 'staged', 0, $5, $6, $9, $7, $8, 0) RETURNING id";
    FIND = concat!("SELECT i.id, i.public_id, i.kind, i.case_id, c.number, i.name, i.state, i.blob, i.options, i.report, i.created_by,
        i.created_at, i.applied_at, i.job_id FROM import i LEFT JOIN security_case c ON c.id = i.case_id
        WHERE ", made_in_visible!("i.case_id"), " AND i.public_id = $2 AND (i.case_id <> 0 OR i.created_by = $3)");
    BEGIN = "UPDATE import SET state = 'applying', job_id = $2 WHERE id = $1 AND state = 'staged'";
    PROGRESS = "UPDATE import SET report = $2 WHERE id = $1";
    FAIL = "UPDATE import SET state = 'failed', report = $2 WHERE id = $1";
    APPLY = "UPDATE import SET state = 'applied', case_id = $2, options = $3, report = $4, applied_at = $5 WHERE id = $1";
}

fn read(row: &Row<'_>) -> Result<Import> {
    Ok(Import {
        id: row.int(0)?,
        public_id: row.text(1)?,
        kind: row.text(2)?,
        case: row.int(3)?,
        case_number: row.opt_int(4)?,
        name: row.text(5)?,
        state: row.text(6)?,
        blob: row.text(7)?,
        options: row.text(8)?,
        report: row.text(9)?,
        created_by: row.text(10)?,
        created_at: row.time(11)?,
        applied_at: row.time(12)?,
        job: row.int(13)?,
    })
}

/// What is staged.
#[derive(Debug)]
pub struct NewImport<'a> {
    /// What it holds.
    pub kind: &'a str,
    /// The case it is for, or 0.
    pub case: i64,
    /// The file's name.
    pub name: &'a str,
    /// Its bytes, by their SHA-256.
    pub blob: &'a str,
}

/// Stages an import and tells its id.
///
/// # Errors
/// When the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    new: &NewImport<'_>,
    options: &impl serde::Serialize,
    report: &impl serde::Serialize,
    stamp: &Stamp,
) -> Result<String> {
    let public_id = format!("import--{}", stamp.uuid("import", 0));
    let (options, report) = (to_json(options)?, to_json(report)?);
    let row = params![&public_id, new.kind, new.case, new.name, new.blob, &options, &stamp.actor, stamp.at, &report];
    tx.query_one(INSERT, row, |row| row.int(0))?;
    Ok(public_id)
}

/// The import with an id, if the viewer may know of its case; one without a case is its owner's alone.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str, name: &str) -> Result<Option<Import>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id, name], read)
}

/// Says that a job begins to apply an import that is staged.
///
/// # Errors
/// When the database fails.
pub fn begin(tx: &mut Tx<'_>, import: i64, job: i64) -> Result<()> {
    tx.execute(BEGIN, params![import, job]).map(|_| ())
}

/// Keeps how far an import is.
///
/// # Errors
/// When the database fails.
pub fn progress(tx: &mut Tx<'_>, import: i64, report: &impl serde::Serialize) -> Result<()> {
    tx.execute(PROGRESS, params![import, to_json(report)?]).map(|_| ())
}

/// Says that an import came to no good end; what was taken until then stays.
///
/// # Errors
/// When the database fails.
pub fn failed(tx: &mut Tx<'_>, import: i64, report: &impl serde::Serialize) -> Result<()> {
    tx.execute(FAIL, params![import, to_json(report)?]).map(|_| ())
}

/// Says that an import was applied, into which case, how it was read, and what came of it.
///
/// # Errors
/// When the database fails.
pub fn applied(
    tx: &mut Tx<'_>,
    import: i64,
    case: i64,
    options: &impl serde::Serialize,
    report: &impl serde::Serialize,
    stamp: &Stamp,
) -> Result<()> {
    let (options, report) = (to_json(options)?, to_json(report)?);
    tx.execute(APPLY, params![import, case, &options, &report, stamp.at]).map(|_| ())
}
