//! Lists the newest jobs.

use model::Actor;
use store::job;

use super::JobView;
use crate::App;
use crate::error::Result;

/// The newest jobs that the actor may know of, at most `limit`.
///
/// # Errors
/// When the store fails.
pub async fn recent(app: &App, actor: &Actor, limit: u32) -> Result<Vec<JobView>> {
    let now = app.now();
    let limit = limit.clamp(1, 100);
    app.read(actor, move |tx| Ok(job::recent(tx, limit)?.into_iter().map(|job| JobView::of(job, now)).collect())).await
}
