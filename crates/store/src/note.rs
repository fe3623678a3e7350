//! Work notes and comments.

use model::note::{Audience, NoteKind};
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;
use crate::visibility::case_visible;

/// A note of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The case's row.
    pub case: i64,
    /// Who it speaks to.
    pub kind: NoteKind,
    /// Who may read it.
    pub audience: Audience,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
    /// 1 until it is corrected.
    pub version: i64,
}

/// An earlier text of a note.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its version.
    pub version: i64,
    /// Markdown.
    pub text: String,
    /// Until when it stood.
    pub at: Timestamp,
}

macro_rules! columns {
    () => {
        "n.id, n.public_id, n.case_id, n.kind, n.audience, n.text, n.author, n.created_at, n.updated_at, n.version"
    };
}

/// Work notes for the work-notes list are read by those on it, and by their author. `$3` is the reader's login name.
macro_rules! readable {
    () => {
        "(n.audience = 'team' OR CAST($1 AS bigint) = -1 OR n.author = $3 OR EXISTS (SELECT 1 FROM case_person p \
         WHERE p.case_id = n.case_id AND p.part = 'work_notes' AND p.name = $3))"
    };
}

statements! {
    INSERT = "INSERT INTO note (public_id, case_id, kind, audience, text, author, created_at, updated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1) RETURNING id";
    LIST = concat!("SELECT ", columns!(), " FROM note n JOIN security_case c ON c.id = n.case_id WHERE ", case_visible!("c"),
        " AND n.case_id = $2 AND ", readable!(), " AND n.id < $4 ORDER BY n.id DESC LIMIT $5");
    FIND = concat!("SELECT ", columns!(), " FROM note n JOIN security_case c ON c.id = n.case_id WHERE ", case_visible!("c"),
        " AND n.public_id = $2 AND ", readable!());
    KEEP_REVISION = "INSERT INTO note_revision (note_id, version, text, at) SELECT id, version, text, CAST($2 AS bigint) FROM note WHERE id = $1";
    UPDATE = "UPDATE note SET text = $2, updated_at = $3, version = version + 1 WHERE id = $1";
    REVISIONS = "SELECT version, text, at FROM note_revision WHERE note_id = $1 ORDER BY version DESC";
    COUNT = concat!("SELECT CAST(count(*) AS bigint) FROM note n WHERE CAST($1 AS bigint) IS NOT NULL AND n.case_id = $2 AND ", readable!());
}

fn read(row: &Row<'_>) -> Result<Note> {
    Ok(Note {
        id: row.int(0)?,
        public_id: row.text(1)?,
        case: row.int(2)?,
        kind: row.word(3)?,
        audience: row.word(4)?,
        text: row.text(5)?,
        author: row.text(6)?,
        created_at: row.time(7)?,
        updated_at: row.time(8)?,
        version: row.int(9)?,
    })
}

/// Stores a note and tells its row and id.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, case: i64, kind: NoteKind, audience: Audience, text: &str, stamp: &Stamp) -> Result<(i64, String)> {
    let public_id = stamp.uuid("note", 0);
    let row = params![&public_id, case, kind.as_str(), audience.as_str(), text, &stamp.actor, stamp.at];
    let id = tx.query_one(INSERT, row, |row| row.int(0))?;
    Ok((id, public_id))
}

/// A case's notes before row `before` that `reader` may read, newest first.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, case: i64, reader: &str, before: i64, limit: u32) -> Result<Vec<Note>> {
    tx.query(LIST, params![tx.viewer(), case, reader, before, i64::from(limit)], read)
}

/// How many notes of a case that the caller has found `reader` may read.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, case: i64, reader: &str) -> Result<i64> {
    tx.query_one(COUNT, params![tx.viewer(), case, reader], |row| row.int(0))
}

/// The note with an id, if `reader` may read it.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str, reader: &str) -> Result<Option<Note>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id, reader], read)
}

/// Corrects a note; the text that stood until now is kept.
///
/// # Errors
/// When the database fails.
pub fn correct(tx: &mut Tx<'_>, note: i64, text: &str, stamp: &Stamp) -> Result<()> {
    tx.execute(KEEP_REVISION, params![note, stamp.at])?;
    tx.execute(UPDATE, params![note, text, stamp.at]).map(|_| ())
}

/// Earlier texts of a note that the caller has found, newest first.
///
/// # Errors
/// When the database fails.
pub fn revisions(tx: &mut Tx<'_>, note: i64) -> Result<Vec<Revision>> {
    tx.query(REVISIONS, params![note], |row| Ok(Revision { version: row.int(0)?, text: row.text(1)?, at: row.time(2)? }))
}
