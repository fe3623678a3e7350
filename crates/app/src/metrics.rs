//! How busy the server is, in numbers.

use model::{Actor, Role};
use serde::Serialize;
use store::{change, job, journal};

use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// What a monitoring system asks for. Jobs are counted as everything is: those that the actor may know of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MetricsView {
    /// Jobs that wait to be taken up.
    pub jobs_queued: i64,
    /// Jobs that are being worked on.
    pub jobs_running: i64,
    /// Reads that wait for a thread of the store.
    pub reads_waiting: usize,
    /// Writes that wait for the store's writer.
    pub writes_waiting: usize,
    /// Entries of the journal.
    pub journal_entries: i64,
    /// The number of the last change.
    pub last_change: i64,
}

/// Reads them.
///
/// # Errors
/// When the store fails.
pub async fn metrics(app: &App, actor: &Actor) -> Result<MetricsView> {
    require(actor, Role::Reader)?;
    // Before this read is one of those that wait.
    let waiting = app.store.waiting();
    app.read(actor, move |tx| {
        let jobs = job::busy(tx)?;
        Ok(MetricsView {
            jobs_queued: jobs.queued,
            jobs_running: jobs.running,
            reads_waiting: waiting.reads,
            writes_waiting: waiting.writes,
            journal_entries: journal::head(tx)?.map_or(0, |head| head.seq),
            last_change: change::last(tx)?,
        })
    })
    .await
}
