//! Work notes and comments.

use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::note::{Audience, NoteKind};
use model::text::fold;
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;
use crate::select::Select;
use crate::text::{NOTE_TEXT, Words};
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

/// A note that a search finds, and the case that it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The note.
    pub note: Note,
    /// The case's number.
    pub case_number: i64,
    /// What the case is called.
    pub case_name: String,
}

/// What is looked for among notes.
#[derive(Debug, Clone)]
pub struct NoteSearch {
    /// Keywords, refanged and not yet folded; each must occur.
    pub q: String,
    /// Who asks: a login name.
    pub reader: String,
    /// Notes of this kind.
    pub kind: NoteKind,
    /// Notes before this row.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
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
    INSERT = "INSERT INTO note (public_id, case_id, kind, audience, text, author, created_at, updated_at, version, search_text)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1, $8) RETURNING id";
    LIST = concat!("SELECT ", columns!(), " FROM note n JOIN security_case c ON c.id = n.case_id WHERE ", case_visible!("c"),
        " AND n.case_id = $2 AND ", readable!(), " AND n.id < $4 ORDER BY n.id DESC LIMIT $5");
    FIND = concat!("SELECT ", columns!(), " FROM note n JOIN security_case c ON c.id = n.case_id WHERE ", case_visible!("c"),
        " AND n.public_id = $2 AND ", readable!());
    KEEP_REVISION = "INSERT INTO note_revision (note_id, version, text, at) SELECT id, version, text, CAST($2 AS bigint) FROM note WHERE id = $1";
    UPDATE = "UPDATE note SET text = $2, updated_at = $3, search_text = $4, version = version + 1 WHERE id = $1";
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
    let row = params![&public_id, case, kind.as_str(), audience.as_str(), text, &stamp.actor, stamp.at, fold(text)];
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
    tx.execute(UPDATE, params![note, text, stamp.at, fold(text)]).map(|_| ())
}

/// Earlier texts of a note that the caller has found, newest first.
///
/// # Errors
/// When the database fails.
pub fn revisions(tx: &mut Tx<'_>, note: i64) -> Result<Vec<Revision>> {
    tx.query(REVISIONS, params![note], |row| Ok(Revision { version: row.int(0)?, text: row.text(1)?, at: row.time(2)? }))
}

/// A page of the notes that hold the words and that their reader may read, newest first.
///
/// # Errors
/// When the database fails.
pub fn search(tx: &mut Tx<'_>, asked: &NoteSearch) -> Result<Page<Found>> {
    let words = Words::of(tx, NOTE_TEXT, &asked.q)?;
    let Some(mut select) = matching(tx, asked, &words) else { return Ok(Page::empty()) };
    let total = select.count(tx, COUNT_LIMIT)?;
    let key = if matches!(words, Words::Indexed(_)) { "note_text.rowid" } else { "n.id" };
    if let Some(before) = asked.before {
        select.and(&format!("{key} < $?"), before);
    }
    let columns = concat!(columns!(), ", c.number, c.name");
    let mut items = select.first(tx, columns, (key, true), asked.limit + 1, |row| {
        Ok(Found { note: read(row)?, case_number: row.int(10)?, case_name: row.text(11)? })
    })?;
    let more = items.len() > asked.limit as usize;
    items.truncate(asked.limit as usize);
    let cursor = |last: &Found| Cursor { key: CursorKey::Int(last.note.id), id: last.note.id }.to_string();
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Ok(Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() })
}

/// What matches; none when nothing can.
fn matching<'a>(tx: &Tx<'_>, asked: &'a NoteSearch, words: &Words) -> Option<Select<'a>> {
    let mut select = match words {
        Words::Indexed(words) => {
            let mut select = Select::new(tx, "note_text CROSS JOIN note n CROSS JOIN security_case c", case_visible!("c"));
            select.and_plain("n.id = note_text.rowid AND c.id = n.case_id");
            words.lead(&mut select, NOTE_TEXT, "n.search_text");
            select
        }
        Words::Scanned(words) => {
            let mut select = Select::new(tx, "note n JOIN security_case c ON c.id = n.case_id", case_visible!("c"));
            select.all_words(tx.engine(), "n.search_text", words.clone());
            select
        }
        Words::Nowhere => return None,
    };
    select.and("n.kind = $?", asked.kind.as_str());
    select.and(&readable!().replace("$3", "$?"), &asked.reader);
    Some(select)
}
