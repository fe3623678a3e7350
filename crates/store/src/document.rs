//! Documents: reports and mails from which observables were taken.

use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;
use crate::visibility::made_in_visible;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The case it was brought into, or 0.
    pub case: i64,
    /// What it is called.
    pub title: String,
    /// Its text, by the SHA-256 of its UTF-8.
    pub blob: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO document (public_id, case_id, title, blob, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = concat!("SELECT d.id, d.public_id, d.case_id, d.title, d.blob, d.created_by, d.created_at FROM document d
        WHERE ", made_in_visible!("d.case_id"), " AND d.public_id = $2 AND (d.case_id <> 0 OR d.created_by = $3)");
    BRING = "UPDATE document SET case_id = $2 WHERE public_id = $1 AND case_id = 0";
}

fn read(row: &Row<'_>) -> Result<Document> {
    Ok(Document {
        id: row.int(0)?,
        public_id: row.text(1)?,
        case: row.int(2)?,
        title: row.text(3)?,
        blob: row.text(4)?,
        created_by: row.text(5)?,
        created_at: row.time(6)?,
    })
}

/// Keeps a document and tells its id.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, case: i64, title: &str, blob: &str, stamp: &Stamp) -> Result<String> {
    let public_id = format!("document--{}", stamp.uuid("document", 0));
    tx.execute(INSERT, params![&public_id, case, title, blob, &stamp.actor, stamp.at])?;
    Ok(public_id)
}

/// The document with an id, if the viewer may know of its case; one without a case is its owner's alone.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str, name: &str) -> Result<Option<Document>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id, name], read)
}

/// Brings a document that was in no case into one.
///
/// # Errors
/// When the database fails.
pub fn bring(tx: &mut Tx<'_>, public_id: &str, case: i64) -> Result<()> {
    tx.execute(BRING, params![public_id, case]).map(|_| ())
}
