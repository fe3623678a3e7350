//! Runs retention now.

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, job, journal};

use super::due::queue;
use super::{RetentionInput, Stored, rules};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::job::JobView;

/// Removes what is older or more than is kept, as a job.
///
/// # Errors
/// When no rule is set, it runs already, or the actor is no administrator.
pub async fn start(app: &App, actor: &Actor) -> Result<JobView> {
    require(actor, Role::Admin)?;
    app.change(actor, move |tx, stamp| {
        let stored = Stored::load(tx)?;
        if !rules(tx, &stored, &RetentionInput::default())?.any() {
            return Err(AppError::State("all events are kept for good: set days or a size first".to_owned()));
        }
        if stored.runs(tx)? {
            return Err(AppError::State("retention runs already: see the job".to_owned()));
        }
        let row = queue(tx, stamp, stored)?;
        journal::append(tx, stamp, &Deed { verb: "logs.run_retention", object: "logs", details: json!({}) }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(JobView::of(job::find_by_row(tx, row)?.ok_or(AppError::NotFound("job"))?, stamp.at))
    })
    .await
}
