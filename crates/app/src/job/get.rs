//! Shows a job.

use model::Actor;
use store::job;

use super::JobView;
use crate::App;
use crate::error::{AppError, Result};

/// A job by its id.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<JobView> {
    let (id, now) = (id.to_owned(), app.now());
    app.read(actor, move |tx| Ok(JobView::of(job::find(tx, &id)?.ok_or(AppError::NotFound("job"))?, now))).await
}
