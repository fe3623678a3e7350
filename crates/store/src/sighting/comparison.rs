//! What a comparison of two searches comes to, written down when the later one ends: counting it over hundreds of thousands of
//! results takes longer than a person waits.

use super::compare::{ChangeTotal, Pair, count_changes};
use crate::engine::{Tx, params, statements};
use crate::error::{Result, StoreError};

statements! {
    COUNT_NEW = "SELECT CAST(count(DISTINCT t.record_id) AS bigint) FROM sighting_result t WHERE t.search_id = $1 AND t.hits > 0
        AND NOT EXISTS (SELECT 1 FROM sighting_result o WHERE o.search_id = $2 AND o.record_id = t.record_id AND o.source = t.source
            AND o.hits > 0)";
    KEEP = "INSERT INTO sighting_comparison (search_id, earlier_id, new, changes) VALUES ($1, $2, $3, $4)
        ON CONFLICT (search_id, earlier_id) DO UPDATE SET new = excluded.new, changes = excluded.changes";
    FIND = "SELECT new, changes FROM sighting_comparison WHERE search_id = $1 AND earlier_id = $2";
}

/// What two searches, side by side, come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How many observables the search saw in a source in which the earlier one did not see them, whatever the reason.
    pub new: i64,
    /// How often each change is told of each source; changes that are not told are absent.
    pub changes: Vec<ChangeTotal>,
}

/// Counts it. Both searches have ended.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, pair: &Pair) -> Result<Comparison> {
    let new = tx.query_one(COUNT_NEW, params![pair.search, pair.earlier], |row| row.int(0))?;
    Ok(Comparison { new, changes: count_changes(tx, pair)? })
}

/// Writes it down.
///
/// # Errors
/// When the database fails.
pub fn keep(tx: &mut Tx<'_>, search: i64, earlier: i64, comparison: &Comparison) -> Result<()> {
    let changes = serde_json::to_string(&comparison.changes).map_err(|error| StoreError::Database(error.to_string()))?;
    tx.execute(KEEP, params![search, earlier, comparison.new, changes.as_str()]).map(|_| ())
}

/// What was written down of a search and an earlier one, both found by the caller.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, search: i64, earlier: i64) -> Result<Option<Comparison>> {
    tx.query_opt(FIND, params![search, earlier], |row| Ok(Comparison { new: row.int(0)?, changes: row.json(1)? }))
}
