//! Lists the sources of logs with what they hold.

use std::collections::HashMap;

use ::logs::SourceCoverage;
use model::Actor;
use model::time::Window;
use store::log_source;

use super::{DayCount, LogSourceView, gaps};
use crate::App;
use crate::error::Result;

/// All sources, by name: what is indexed, from when to when, and which days are missing.
///
/// # Errors
/// When the store fails.
pub async fn sources(app: &App, actor: &Actor) -> Result<Vec<LogSourceView>> {
    let found = app.read(actor, |tx| Ok(log_source::list(tx)?)).await?;
    // From memory, but for the size on disk.
    let index = std::sync::Arc::clone(&app.logs);
    let coverage = tokio::task::spawn_blocking(move || index.coverage(Window::All, None)).await;
    let coverage = coverage.map_err(|error| crate::AppError::Internal(error.to_string()))?;
    let mut by_source: HashMap<i64, SourceCoverage> = coverage.into_iter().map(|row| (row.source, row)).collect();
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let view = |source: log_source::LogSource| {
        let held = by_source.remove(&source.id);
        let of = |count: fn(&SourceCoverage) -> u64| held.as_ref().map_or(0, |held| number(count(held)));
        let days = held.as_ref().map(|held| held.per_day.as_slice()).unwrap_or_default();
        LogSourceView {
            name: source.name,
            files: source.files,
            files_indexing: source.indexing,
            events: of(|held| held.events),
            without_time: of(|held| held.without_time),
            bytes: source.bytes,
            raw_bytes: of(|held| held.raw_bytes),
            disk_bytes: of(|held| held.disk_bytes),
            first: held.as_ref().and_then(|held| held.first),
            last: held.as_ref().and_then(|held| held.last),
            days: days.iter().map(|(day, count)| DayCount::of(*day, *count)).collect(),
            gaps: gaps(days),
            format: if source.format.is_empty() { "auto".to_owned() } else { source.format },
            clock_offset: source.clock_offset,
            kept_days: source.kept_days.and_then(|days| u32::try_from(days).ok()),
            created_by: source.created_by,
            created_at: source.created_at,
        }
    };
    Ok(found.into_iter().map(view).collect())
}
