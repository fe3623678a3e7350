//! What is known to be good: our own list, lists of others, and the marks that they leave on observables.

pub(crate) mod list;
pub(crate) mod mark;

pub use list::{List, find_list, lists, put_list, remove_list, set_list};
pub(crate) use mark::came_in;
pub use mark::{
    JOB, Marking, Unmarked, cases_with, clear_marks, last_observable, lists_changed, mark_range, marking, marks_of, next_unmarked,
    set_marked,
};

use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;

/// An entry: a value, `*.domain`, or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it was given.
    pub value: String,
    /// Why it is good.
    pub comment: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

statements! {
    LIST = "SELECT value, comment, created_by, created_at FROM known_good ORDER BY value";
    PUT = "INSERT INTO known_good (value, comment, created_by, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (value) DO UPDATE SET comment = excluded.comment";
    REMOVE = "DELETE FROM known_good WHERE value = $1";
}

fn read(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry { value: row.text(0)?, comment: row.text(1)?, created_by: row.text(2)?, created_at: row.time(3)? })
}

/// All entries, by value.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Entry>> {
    tx.query(LIST, &[], read)
}

/// Puts an entry on the list, or changes its comment.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &mut Tx<'_>, value: &str, comment: &str, stamp: &Stamp) -> Result<()> {
    tx.execute(PUT, params![value, comment, &stamp.actor, stamp.at]).map(|_| ())
}

/// Takes an entry off the list; tells whether it was there.
///
/// # Errors
/// When the database fails.
pub fn remove(tx: &mut Tx<'_>, value: &str) -> Result<bool> {
    Ok(tx.execute(REMOVE, params![value])? > 0)
}
