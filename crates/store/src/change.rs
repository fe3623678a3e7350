//! What changed, in order: browsers hear of it and ask again.

use model::{Stamp, Timestamp};

use crate::engine::{Tx, params, statements};
use crate::error::Result;
use crate::visibility::made_in_visible;

statements! {
    LAST = "SELECT CAST(coalesce(max(seq), 0) AS bigint) FROM change";
    INSERT = "INSERT INTO change (seq, topic, case_id, actor, at) VALUES ($1, $2, $3, $4, $5)";
    SINCE = concat!("SELECT h.seq, h.topic, h.actor, h.at, c.number FROM change h LEFT JOIN security_case c ON c.id = h.case_id
        WHERE ", made_in_visible!("h.case_id"), " AND h.seq > $2 ORDER BY h.seq LIMIT $3");
    DELETE_BEFORE = "DELETE FROM change WHERE at < $1 AND seq < (SELECT max(seq) FROM change)";
}

/// What sort of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The list of cases, or a case's own fields.
    Case,
    /// A case's artifacts, or records among them.
    Artifacts,
    /// Notes and comments.
    Notes,
    /// Sightings searches.
    Sightings,
    /// Jobs and their progress.
    Jobs,
    /// Records of the library.
    Records,
    /// Indexed logs.
    Logs,
    /// Accounts and groups.
    People,
    /// What a case's watch saw.
    Watch,
    /// Webhooks and what they were sent.
    Webhooks,
}

impl Topic {
    /// The word in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Artifacts => "artifacts",
            Self::Notes => "notes",
            Self::Sightings => "sightings",
            Self::Jobs => "jobs",
            Self::Records => "records",
            Self::Logs => "logs",
            Self::People => "people",
            Self::Watch => "watch",
            Self::Webhooks => "webhooks",
        }
    }
}

/// A change, as browsers hear of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Grows with every change.
    pub seq: i64,
    /// What changed.
    pub topic: String,
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// In which case, if in one.
    pub case_number: Option<i64>,
}

/// Announces a change; `case` is 0 for what belongs to no case.
///
/// # Errors
/// When the database fails.
pub fn announce(tx: &mut Tx<'_>, stamp: &Stamp, topic: Topic, case: i64) -> Result<()> {
    let seq = last(tx)? + 1;
    tx.execute(INSERT, params![seq, topic.as_str(), case, &stamp.actor, stamp.at])?;
    tx.highest_change = seq;
    Ok(())
}

/// The number of the last change, 0 before the first.
///
/// # Errors
/// When the database fails.
pub fn last(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(LAST, &[], |row| row.int(0))
}

/// Changes after `seq` that the viewer may know of, oldest first.
///
/// # Errors
/// When the database fails.
pub fn since(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<Change>> {
    tx.query(SINCE, params![tx.viewer(), seq, limit], |row| {
        Ok(Change { seq: row.int(0)?, topic: row.text(1)?, actor: row.text(2)?, at: row.time(3)?, case_number: row.opt_int(4)? })
    })
}

/// Forgets changes before a time; the last one stays, so that numbers never start again.
///
/// # Errors
/// When the database fails.
pub fn forget_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(DELETE_BEFORE, params![before])
}
