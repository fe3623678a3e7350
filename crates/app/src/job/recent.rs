//! Lists jobs.

use model::Actor;
use model::list::{COUNT_LIMIT, Page};
use store::job;

use super::JobView;
use crate::App;
use crate::error::Result;
use crate::pages::{PageQuery, page, row};

/// One page of the jobs that the actor may know of, newest first.
///
/// # Errors
/// When the query is not understood, or the store fails.
pub async fn recent(app: &App, actor: &Actor, query: PageQuery) -> Result<Page<JobView>> {
    let (before, limit) = query.before()?;
    let now = app.now();
    app.read(actor, move |tx| {
        let jobs = job::recent(tx, before, limit + 1)?;
        let total = job::count(tx, COUNT_LIMIT + 1)?;
        Ok(page(jobs, limit, total, |job| row(job.id)).map(|job| JobView::of(job, now)))
    })
    .await
}
