//! Accounts, and what hangs on them: groups, sessions, API tokens, failed logins, preferences.

use std::collections::HashSet;

use crate::engine::{Tx, params, text_list, texts_in};
use crate::error::Result;

/// Which of these are login names of accounts that are not disabled.
///
/// # Errors
/// When the database fails.
pub fn known_names(tx: &mut Tx<'_>, names: &[&str]) -> Result<HashSet<String>> {
    let sql = format!("SELECT name FROM account WHERE disabled = 0 AND name IN {}", texts_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![text_list(names)], |row| row.text(0))?.into_iter().collect())
}

/// Which of these are names of groups.
///
/// # Errors
/// When the database fails.
pub fn known_groups(tx: &mut Tx<'_>, names: &[&str]) -> Result<HashSet<String>> {
    let sql = format!("SELECT name FROM account_group WHERE name IN {}", texts_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![text_list(names)], |row| row.text(0))?.into_iter().collect())
}
