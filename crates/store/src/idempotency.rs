//! Requests that were carried out, so that sending them again changes nothing.

use model::actor::Idempotency;
use model::{Stamp, Timestamp};

use crate::engine::{Tx, params, statements};
use crate::error::Result;

statements! {
    FIND = "SELECT body_hash, response FROM idempotency WHERE account_id = $1 AND route = $2 AND key = $3 AND at > $4";
    INSERT = "INSERT INTO idempotency (account_id, route, key, body_hash, status, response, at) VALUES ($1, $2, $3, $4, 0, $5, $6)
        ON CONFLICT (account_id, route, key) DO UPDATE SET body_hash = excluded.body_hash, response = excluded.response, at = excluded.at";
    FORGET = "DELETE FROM idempotency WHERE at < $1";
}

/// For how many seconds a key is remembered: 24 hours.
pub const REMEMBER_SECONDS: i64 = 86_400;

/// What was answered to a key.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The hash of the body that came with it.
    pub body_hash: String,
    /// The answer, as JSON.
    pub response: String,
}

/// The answer that an account's key got within the last 24 hours.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, account: i64, request: &Idempotency, now: Timestamp) -> Result<Option<Answered>> {
    let row = params![account, &request.route, &request.key, now.plus_seconds(-REMEMBER_SECONDS)];
    tx.query_opt(FIND, row, |row| Ok(Answered { body_hash: row.text(0)?, response: row.text(1)? }))
}

/// Remembers an answer, in the transaction of the change itself.
///
/// # Errors
/// When the database fails.
pub fn remember(tx: &mut Tx<'_>, account: i64, request: &Idempotency, response: &str, stamp: &Stamp) -> Result<()> {
    let row = params![account, &request.route, &request.key, &request.body_hash, response, stamp.at];
    tx.execute(INSERT, row).map(|_| ())
}

/// Forgets what is older than a day.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(FORGET, params![now.plus_seconds(-REMEMBER_SECONDS)])
}
