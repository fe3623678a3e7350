//! Asks a job to stop.

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, job, journal};

use super::JobView;
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// Asks a job to stop: one's own, or any as a lead. It ends as cancelled within seconds; what it did until then is told
/// in its result.
///
/// # Errors
/// When there is none, it is another's, or it has ended.
pub async fn cancel(app: &App, actor: &Actor, id: &str) -> Result<JobView> {
    require(actor, Role::Analyst)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let found = job::find(tx, &id)?.ok_or(AppError::NotFound("job"))?;
        if found.created_by != who.name && who.role < Role::Lead {
            return Err(AppError::Forbidden("only whoever started it, or a lead, may cancel it".to_owned()));
        }
        if found.state.is_ended() {
            return Err(AppError::State(format!("it has ended already: {}", found.state.label().to_lowercase())));
        }
        job::cancel(tx, found.id)?;
        let details = json!({ "job": found.public_id, "kind": found.kind });
        let shown = if found.case == 0 { ShownIn::Journal } else { ShownIn::Case(found.case) };
        journal::append(tx, stamp, &Deed { verb: "job.cancel", object: &found.public_id, details }, shown)?;
        change::announce(tx, stamp, Topic::Jobs, found.case)?;
        Ok(JobView::of(job::find(tx, &id)?.ok_or(AppError::NotFound("job"))?, stamp.at))
    })
    .await
}
