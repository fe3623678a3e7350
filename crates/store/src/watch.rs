//! Cases whose observables are looked for in logs as they come in.

use model::{Kind, Stamp, Timestamp};

use crate::engine::{Tx, params, statements};
use crate::error::Result;
use crate::sighting::Needle;

statements! {
    SET = "INSERT INTO sighting_watch (case_id, created_by, created_at) VALUES ($1, $2, $3) ON CONFLICT (case_id) DO NOTHING";
    UNSET = "DELETE FROM sighting_watch WHERE case_id = $1";
    FIND = "SELECT case_id, created_by, created_at FROM sighting_watch WHERE case_id = $1";
    LIST = "SELECT case_id, created_by, created_at FROM sighting_watch ORDER BY case_id";
    OBSERVABLES = "SELECT a.record_id, r.category, r.title FROM artifact a JOIN record r ON r.id = a.record_id
        WHERE a.case_id = $1 AND a.kind = $2 AND a.status = 1 AND a.record_id > $3 ORDER BY a.record_id LIMIT $4";
}

/// A case that watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The case's row.
    pub case: i64,
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
    tx.query_opt(FIND, params![case], read)
}

/// All cases that watch, for the job that looks at new logs.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Watch>> {
    tx.query(LIST, params![], read)
}

fn read(row: &crate::engine::Row<'_>) -> Result<Watch> {
    Ok(Watch { case: row.int(0)?, created_by: row.text(1)?, created_at: row.time(2)? })
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
