//! Login attempts that have not succeeded, by subject: a login name or an address, hashed, so that what was typed into
//! the wrong field is not kept.

use model::Timestamp;

use crate::engine::{Tx, params, statements, text_list, texts_in};
use crate::error::Result;

/// How a subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// The subject.
    pub subject: String,
    /// Attempts that have not succeeded.
    pub failures: i64,
    /// No attempt is taken before.
    pub blocked_until: Timestamp,
    /// The last attempt that was taken.
    pub last_at: Timestamp,
}

statements! {
    NOTE = "INSERT INTO login_failure (subject, failures, blocked_until, last_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until, last_at = excluded.last_at";
    TAKE_BACK = "UPDATE login_failure SET failures = CASE WHEN failures > 0 THEN failures - 1 ELSE 0 END,
        blocked_until = CASE WHEN blocked_until = $2 THEN 0 ELSE blocked_until END WHERE subject = $1";
    CLEAR = "DELETE FROM login_failure WHERE subject = $1";
    FORGET = "DELETE FROM login_failure WHERE last_at < $1 AND blocked_until < $2";
}

/// How subjects stand; one without attempts is not among the answers.
///
/// # Errors
/// When the database fails.
pub fn find_all(tx: &mut Tx<'_>, subjects: &[&str]) -> Result<Vec<Attempts>> {
    let sql = format!("SELECT subject, failures, blocked_until, last_at FROM login_failure WHERE subject {}", texts_in(tx.engine(), 1));
    tx.query(&sql, params![text_list(subjects)], |row| {
        Ok(Attempts { subject: row.text(0)?, failures: row.int(1)?, blocked_until: row.time(2)?, last_at: row.time(3)? })
    })
}

/// Writes how a subject stands.
///
/// # Errors
/// When the database fails.
pub fn note(tx: &mut Tx<'_>, attempts: &Attempts) -> Result<()> {
    let row = params![&attempts.subject, attempts.failures, attempts.blocked_until, attempts.last_at];
    tx.execute(NOTE, row).map(|_| ())
}

/// Takes back one attempt, which succeeded, with the wait that it brought, unless others brought a longer one since.
///
/// # Errors
/// When the database fails.
pub fn take_back(tx: &mut Tx<'_>, subject: &str, blocked_until: Timestamp) -> Result<()> {
    tx.execute(TAKE_BACK, params![subject, blocked_until]).map(|_| ())
}

/// Forgets a subject's attempts.
///
/// # Errors
/// When the database fails.
pub fn clear(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    tx.execute(CLEAR, params![subject]).map(|_| ())
}

/// Forgets attempts before a time whose wait is over.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp, now: Timestamp) -> Result<u64> {
    tx.execute(FORGET, params![before, now])
}
