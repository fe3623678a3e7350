//! Outside sources of sightings, as administrators set them up. Their secrets lie in a table of their own, which no list
//! and no view reads.

use model::sighting::SourceKind;
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;

/// An outside source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The product.
    pub kind: SourceKind,
    /// How it is asked, as JSON, without secrets.
    pub settings: String,
    /// Whether it is asked.
    pub enabled: bool,
    /// Whether it tells what others saw.
    pub external: bool,
    /// Whether a secret is kept for it.
    pub has_secret: bool,
    /// When it last answered or failed to, or never.
    pub asked_at: Timestamp,
    /// What it said of itself when it was last tested; may be empty.
    pub answer: String,
    /// Why it failed the last time; empty when it answered.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
}

macro_rules! source_columns {
    () => {
        "s.id, s.name, s.kind, s.settings, s.enabled, s.external, \
         CASE WHEN EXISTS (SELECT 1 FROM source_secret k WHERE k.source_id = s.id) THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END, \
         s.asked_at, s.answer, s.error, s.created_by, s.created_at, s.updated_at FROM source s"
    };
}

statements! {
    INSERT = "INSERT INTO source (name, kind, settings, enabled, external, asked_at, answer, error, created_by, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, 0, '', '', $6, $7, $7) RETURNING id";
    LIST = concat!("SELECT ", source_columns!(), " ORDER BY s.name");
    FIND = concat!("SELECT ", source_columns!(), " WHERE s.name = $1");
    UPDATE = "UPDATE source SET settings = $2, enabled = $3, external = $4, updated_at = $5 WHERE id = $1";
    ASKED = "UPDATE source SET asked_at = $2, error = $3 WHERE id = $1";
    TESTED = "UPDATE source SET asked_at = $2, answer = $3, error = $4 WHERE id = $1";
    DELETE = "DELETE FROM source WHERE id = $1";
    SECRET = "SELECT secret FROM source_secret WHERE source_id = $1";
    SET_SECRET = "INSERT INTO source_secret (source_id, secret) VALUES ($1, $2)
        ON CONFLICT (source_id) DO UPDATE SET secret = excluded.secret";
    FORGET_SECRET = "DELETE FROM source_secret WHERE source_id = $1";
}

fn read(row: &Row<'_>) -> Result<Source> {
    Ok(Source {
        id: row.int(0)?,
        name: row.text(1)?,
        kind: row.word(2)?,
        settings: row.text(3)?,
        enabled: row.flag(4)?,
        external: row.flag(5)?,
        has_secret: row.flag(6)?,
        asked_at: row.time(7)?,
        answer: row.text(8)?,
        error: row.text(9)?,
        created_by: row.text(10)?,
        created_at: row.time(11)?,
        updated_at: row.time(12)?,
    })
}

/// A source to be stored.
#[derive(Debug, Clone)]
pub struct NewSource<'a> {
    /// Its name; the caller has seen that it is free.
    pub name: &'a str,
    /// The product.
    pub kind: SourceKind,
    /// How it is asked, as JSON, without secrets.
    pub settings: &'a str,
    /// Whether it is asked.
    pub enabled: bool,
    /// Whether it tells what others saw.
    pub external: bool,
}

/// Stores a source, and tells its row.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, source: &NewSource<'_>, stamp: &Stamp) -> Result<i64> {
    let row = params![source.name, source.kind.as_str(), source.settings, source.enabled, source.external, &stamp.actor, stamp.at];
    tx.query_one(INSERT, row, |row| row.int(0))
}

/// All sources, by name.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Source>> {
    tx.query(LIST, &[], read)
}

/// The source of a name.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Source>> {
    tx.query_opt(FIND, params![name], read)
}

/// Changes how a source is asked.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Tx<'_>, id: i64, settings: &str, enabled: bool, external: bool, stamp: &Stamp) -> Result<()> {
    tx.execute(UPDATE, params![id, settings, enabled, external, stamp.at]).map(|_| ())
}

/// Notes that a source was asked; `error` is empty when it answered.
///
/// # Errors
/// When the database fails.
pub fn asked(tx: &mut Tx<'_>, id: i64, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(ASKED, params![id, now, error]).map(|_| ())
}

/// Notes what a source said when it was tested.
///
/// # Errors
/// When the database fails.
pub fn tested(tx: &mut Tx<'_>, id: i64, answer: &str, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(TESTED, params![id, now, answer, error]).map(|_| ())
}

/// Deletes a source and its secret.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    tx.execute(FORGET_SECRET, params![id])?;
    tx.execute(DELETE, params![id]).map(|_| ())
}

/// The secret of a source, empty when it has none: for asking it, and for nothing else.
///
/// # Errors
/// When the database fails.
pub fn secret(tx: &mut Tx<'_>, id: i64) -> Result<String> {
    Ok(tx.query_opt(SECRET, params![id], |row| row.text(0))?.unwrap_or_default())
}

/// Keeps a secret for a source, or forgets it when it is empty.
///
/// # Errors
/// When the database fails.
pub fn set_secret(tx: &mut Tx<'_>, id: i64, secret: &str) -> Result<()> {
    if secret.is_empty() {
        return tx.execute(FORGET_SECRET, params![id]).map(|_| ());
    }
    tx.execute(SET_SECRET, params![id, secret]).map(|_| ())
}
