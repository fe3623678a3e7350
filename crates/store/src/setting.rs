//! Settings of the whole installation: text by name.

use crate::engine::{Tx, params, statements};
use crate::error::Result;

statements! {
    GET = "SELECT value FROM setting WHERE name = $1";
    SET = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    REMOVE = "DELETE FROM setting WHERE name = $1";
}

/// A setting.
///
/// # Errors
/// When the database fails.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>> {
    tx.query_opt(GET, params![name], |row| row.text(0))
}

/// Sets a setting.
///
/// # Errors
/// When the database fails.
pub fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<()> {
    tx.execute(SET, params![name, value]).map(|_| ())
}

/// Removes a setting.
///
/// # Errors
/// When the database fails.
pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    tx.execute(REMOVE, params![name]).map(|_| ())
}
