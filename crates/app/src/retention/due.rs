//! Queues retention once a day.

use model::{Stamp, Timestamp};
use store::{Tx, job};

use super::run::{JOB, Payload};
use super::{EVERY, Stored};
use crate::error::Result;

/// Whether it is to run.
pub(crate) fn is_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool> {
    // A setting that can't be read removes nothing, and keeps nobody else waiting; whoever looks at it is told.
    Ok(Stored::read(tx)?.is_ok_and(|stored| Timestamp(stored.next_at).set().is_some_and(|next| next <= now)))
}

/// Queues it, unless it runs.
pub(crate) fn queue_due(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<()> {
    if !is_due(tx, stamp.at)? {
        return Ok(());
    }
    let stored = Stored::load(tx)?;
    if stored.runs(tx)? {
        return Stored { next_at: stamp.at.plus_seconds(EVERY).micros(), ..stored }.save(tx);
    }
    queue(tx, stamp, stored).map(|_| ())
}

/// Queues the job, and tells its row. The next run is counted from now.
pub(super) fn queue(tx: &mut Tx<'_>, stamp: &Stamp, stored: Stored) -> Result<i64> {
    let (row, _) = job::queue(tx, JOB.name, &Payload { subject: String::new() }, 0, 0, stamp)?;
    Stored { job: row, next_at: stamp.at.plus_seconds(EVERY).micros(), ..stored }.save(tx)?;
    Ok(row)
}
