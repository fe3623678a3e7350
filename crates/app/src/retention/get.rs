//! Tells how long events are kept.

use ::logs::SourceCoverage;
use model::time::Window;
use model::{Actor, Timestamp};
use store::{Tx, job, log_source};

use super::{RetentionView, SourceRetention, Stored};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::JobView;

/// How long events are kept, and what they take.
///
/// # Errors
/// When the store or the log index fails.
pub async fn get(app: &App, actor: &Actor) -> Result<RetentionView> {
    let index = std::sync::Arc::clone(&app.logs);
    let held = tokio::task::spawn_blocking(move || (index.coverage(Window::All, None), index.stats())).await;
    let (held, stats) = held.map_err(|error| AppError::Internal(error.to_string()))?;
    let stats = stats.map_err(|error| AppError::Internal(error.to_string()))?;
    let now = app.now();
    let view = app.read(actor, move |tx| load(tx, &held, now)).await?;
    Ok(RetentionView { disk_bytes: stats.disk_bytes, raw_bytes: stats.raw_bytes, ..view })
}

pub(super) fn load(tx: &mut Tx<'_>, held: &[SourceCoverage], now: Timestamp) -> Result<RetentionView> {
    let stored = Stored::load(tx)?;
    let job = job::find_by_row(tx, stored.job)?.filter(|job| !job.state.is_ended()).map(|job| JobView::of(job, now));
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let sources = log_source::list(tx)?;
    let file_bytes = sources.iter().map(|source| u64::try_from(source.bytes).unwrap_or_default()).sum();
    let of = |source: log_source::LogSource| {
        let held = held.iter().find(|held| held.source == source.id);
        SourceRetention {
            source: source.name,
            kept_days: source.kept_days.and_then(|days| u32::try_from(days).ok()),
            events: held.map_or(0, |held| number(held.events)),
            disk_bytes: held.map_or(0, |held| number(held.disk_bytes)),
            first: held.and_then(|held| held.first),
            last: held.and_then(|held| held.last),
        }
    };
    Ok(RetentionView {
        kept_days: stored.kept_days,
        kept_bytes: stored.kept_bytes,
        sources: sources.into_iter().map(of).collect(),
        disk_bytes: 0,
        raw_bytes: 0,
        file_bytes,
        next_at: Timestamp(stored.next_at).set(),
        last: stored.last,
        job,
    })
}
