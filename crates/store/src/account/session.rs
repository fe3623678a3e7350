//! Browser sessions. What the browser holds is stored by its hash only.

use model::Timestamp;

use super::{ACCOUNT_COLUMNS, Account, read_from};
use crate::engine::{Tx, params, statements};
use crate::error::Result;

/// A session with the account that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Who is signed in.
    pub account: Account,
}

statements! {
    INSERT = "INSERT INTO session (token_hash, account_id, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $3, $4)";
    FIND = concat!("SELECT ", account_columns!(), ", s.created_at, s.last_used_at, s.expires_at
        FROM session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = $1");
    TOUCH = "UPDATE session SET last_used_at = $2 WHERE token_hash = $1 AND last_used_at < $2";
    DELETE = "DELETE FROM session WHERE token_hash = $1";
    DELETE_OF_ACCOUNT = "DELETE FROM session WHERE account_id = $1";
    DELETE_ENDED = "DELETE FROM session WHERE expires_at <= $1 OR last_used_at <= $2";
}

/// Begins a session.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, token_hash: &str, account: i64, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    tx.execute(INSERT, params![token_hash, account, now, expires_at]).map(|_| ())
}

/// The session with a token, whether or not it has ended.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, token_hash: &str) -> Result<Option<Session>> {
    tx.query_opt(FIND, params![token_hash], |row| {
        Ok(Session {
            account: read_from(row, 0)?,
            created_at: row.time(ACCOUNT_COLUMNS)?,
            last_used_at: row.time(ACCOUNT_COLUMNS + 1)?,
            expires_at: row.time(ACCOUNT_COLUMNS + 2)?,
        })
    })
}

/// Notes that a session was used.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Tx<'_>, token_hash: &str, now: Timestamp) -> Result<()> {
    tx.execute(TOUCH, params![token_hash, now]).map(|_| ())
}

/// Ends a session. Tells whether there was one.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, token_hash: &str) -> Result<bool> {
    Ok(tx.execute(DELETE, params![token_hash])? > 0)
}

/// Ends every session of an account. Tells how many there were.
///
/// # Errors
/// When the database fails.
pub fn delete_of_account(tx: &mut Tx<'_>, account: i64) -> Result<u64> {
    tx.execute(DELETE_OF_ACCOUNT, params![account])
}

/// Forgets sessions that have ended: those past their end, and those not used since `idle_since`.
///
/// # Errors
/// When the database fails.
pub fn delete_ended(tx: &mut Tx<'_>, now: Timestamp, idle_since: Timestamp) -> Result<u64> {
    tx.execute(DELETE_ENDED, params![now, idle_since])
}
