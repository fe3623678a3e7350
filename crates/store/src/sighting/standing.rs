//! Searches that are asked by the clock: kept out of every list until they turn out to hold something new, forgotten
//! otherwise. Until then their number is negative.

use model::Timestamp;
use model::sighting::Outcome;

use crate::engine::{Tx, params, statements};
use crate::error::Result;

statements! {
    COUNTED = "UPDATE sighting_search SET observables = (SELECT CAST(count(*) AS bigint) FROM sighting_needle WHERE search_id = $1) WHERE id = $1";
    // A noisy observable is new once in a while, not at every ask.
    NEW = "SELECT DISTINCT t.record_id, t.source FROM sighting_result t
        WHERE t.search_id = $1 AND t.outcome = $3 AND t.external = 0 AND NOT EXISTS (
            SELECT 1 FROM sighting_result o JOIN sighting_search s ON s.id = o.search_id
            WHERE o.record_id = t.record_id AND o.source = t.source AND o.outcome = $3 AND o.search_id <> $1
            AND s.case_id = $2 AND s.state = 'done' AND (t.last_at = 0 OR o.last_at >= t.last_at - CAST($4 AS bigint)))
        ORDER BY t.record_id, t.source";
    FAILED = "SELECT t.source, max(t.error) FROM sighting_result t WHERE t.search_id = $1 AND t.outcome = $2
        AND t.error NOT LIKE $3 || '%' AND t.error NOT LIKE $4 || '%' GROUP BY t.source ORDER BY t.source";
    KEEP = "UPDATE sighting_search SET number = $2 WHERE id = $1 AND number < 0";
    DROP_NEEDLES = "DELETE FROM sighting_needle WHERE search_id = $1 AND record_id <= $2";
    DROP_SEARCH = "DELETE FROM sighting_search WHERE id = $1 AND number < 0";
}

/// Counts what a search asks for.
///
/// # Errors
/// When the database fails.
pub fn counted(tx: &mut Tx<'_>, search: i64) -> Result<()> {
    tx.execute(COUNTED, params![search]).map(|_| ())
}

/// Observables that a search saw in a source of ours, where no earlier search of the case saw them there within `quiet`
/// seconds before: rows and sources.
///
/// # Errors
/// When the database fails.
pub fn new_in(tx: &mut Tx<'_>, search: i64, case: i64, quiet: i64) -> Result<Vec<(i64, String)>> {
    let quiet = Timestamp(0).plus_seconds(quiet);
    tx.query(NEW, params![search, case, Outcome::Seen.code(), quiet], |row| Ok((row.int(0)?, row.text(1)?)))
}

/// Sources that could not answer for something, each with a reason; but for reasons that begin with one of `but`,
/// which hold no `%` and no `_`.
///
/// # Errors
/// When the database fails.
pub fn failed(tx: &mut Tx<'_>, search: i64, but: [&str; 2]) -> Result<Vec<(String, String)>> {
    tx.query(FAILED, params![search, Outcome::Failed.code(), but[0], but[1]], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// Gives a search its number: from now on it is one like others.
///
/// # Errors
/// When the database fails.
pub fn keep(tx: &mut Tx<'_>, search: i64, number: i64) -> Result<()> {
    tx.execute(KEEP, params![search, number]).map(|_| ())
}

/// Forgets a part of what a search asked and found; whether there is more.
///
/// # Errors
/// When the database fails.
pub fn drop_part(tx: &mut Tx<'_>, search: i64, at_most: i64) -> Result<bool> {
    let part = super::part(tx, search, 0, at_most)?;
    let Some(last) = part.last() else { return Ok(false) };
    super::forget(tx, search, &part)?;
    tx.execute(DROP_NEEDLES, params![search, *last])?;
    Ok(true)
}

/// Forgets a search of which every part was forgotten, and that never got a number.
///
/// # Errors
/// When the database fails.
pub fn drop_search(tx: &mut Tx<'_>, search: i64) -> Result<()> {
    tx.execute(DROP_SEARCH, params![search]).map(|_| ())
}
