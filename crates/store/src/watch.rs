//! Cases whose observables are looked for in logs as they come in.

use model::{Kind, Stamp, Timestamp};

use crate::engine::{Tx, params, statements};
use crate::error::Result;
use crate::sighting::Needle;

statements! {
    SET = "INSERT INTO sighting_watch (case_id, created_by, created_at) VALUES ($1, $2, $3) ON CONFLICT (case_id) DO NOTHING";
    UNSET = "DELETE FROM sighting_watch WHERE case_id = $1";
    FIND = "SELECT created_by, created_at FROM sighting_watch WHERE case_id = $1";
    CASES = "SELECT case_id FROM sighting_watch ORDER BY case_id";
    OBSERVABLES = "SELECT a.record_id, r.category, r.title FROM artifact a JOIN record r ON r.id = a.record_id
        WHERE a.case_id = $1 AND a.kind = $2 AND a.status = 1 AND a.record_id > $3 ORDER BY a.record_id LIMIT $4";
}

/// That a case watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Who asked for it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// Lets a case watch; whether it did not already. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn set(tx: &mut Tx<'_>, case: i64, stamp: &Stamp) -> Result<bool> {
    Ok(tx.execute(SET, params![case, &stamp.actor, stamp.at])? > 0)
}

/// Ends a case's watching; whether it did. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn unset(tx: &mut Tx<'_>, case: i64) -> Result<bool> {
    Ok(tx.execute(UNSET, params![case])? > 0)
}

/// Whether a case watches. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, case: i64) -> Result<Option<Watch>> {
    tx.query_opt(FIND, params![case], |row| Ok(Watch { created_by: row.text(0)?, created_at: row.time(1)? }))
}

/// The rows of all cases that watch, for the jobs that look at new logs.
///
/// # Errors
/// When the database fails.
pub fn cases(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    tx.query(CASES, params![], |row| row.int(0))
}

/// The included observables of a case, by row, at most `limit` after one.
///
/// # Errors
/// When the database fails.
pub fn observables(tx: &mut Tx<'_>, case: i64, after: i64, limit: i64) -> Result<Vec<Needle>> {
    tx.query(OBSERVABLES, params![case, Kind::Observable.code(), after, limit], |row| {
        Ok(Needle { record: row.int(0)?, category: row.text(1)?, value: row.text(2)? })
    })
}
