//! What an account chose for itself: JSON by name, never queried.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::engine::{Tx, params, statements, to_json};
use crate::error::Result;

statements! {
    GET = "SELECT value FROM preference WHERE account_id = $1 AND name = $2";
    ALL = "SELECT name, value FROM preference WHERE account_id = $1";
    SET = "INSERT INTO preference (account_id, name, value) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value";
    REMOVE = "DELETE FROM preference WHERE account_id = $1 AND name = $2";
}

/// One preference of an account.
///
/// # Errors
/// When the database fails.
pub fn get(tx: &mut Tx<'_>, account: i64, name: &str) -> Result<Option<Json>> {
    tx.query_opt(GET, params![account, name], |row| row.json(0))
}

/// All preferences of an account.
///
/// # Errors
/// When the database fails.
pub fn all(tx: &mut Tx<'_>, account: i64) -> Result<BTreeMap<String, Json>> {
    Ok(tx.query(ALL, params![account], |row| Ok((row.text(0)?, row.json(1)?)))?.into_iter().collect())
}

/// Sets one preference of an account.
///
/// # Errors
/// When the database fails.
pub fn set(tx: &mut Tx<'_>, account: i64, name: &str, value: &Json) -> Result<()> {
    tx.execute(SET, params![account, name, to_json(value)?]).map(|_| ())
}

/// Removes one preference of an account.
///
/// # Errors
/// When the database fails.
pub fn remove(tx: &mut Tx<'_>, account: i64, name: &str) -> Result<()> {
    tx.execute(REMOVE, params![account, name]).map(|_| ())
}
