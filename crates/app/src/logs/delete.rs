//! Deletes log files and sources.

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, job, journal, log_source};

use super::remove::{Payload, REMOVE_JOB};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::job::JobView;

/// Deletes a log file: it is gone from the lists at once, its events from the index as soon as the job is done. What
/// sightings searches found in it stays with their cases.
///
/// # Errors
/// When there is none, or the actor is no lead.
pub async fn delete_file(app: &App, actor: &Actor, id: &str) -> Result<JobView> {
    require(actor, Role::Lead)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let file = log_source::find_file(tx, &id)?.ok_or(AppError::NotFound("log file"))?;
        log_source::delete_file(tx, file.id)?;
        job::cancel(tx, file.job)?;
        let payload = Payload { subject: file.name.clone(), files: vec![file.id] };
        let (_, job) = job::queue(tx, REMOVE_JOB.name, &payload, 0, 1, stamp)?;
        let details = json!({ "source": file.source_name, "name": file.name, "sha256": file.sha256, "events": file.events });
        journal::append(tx, stamp, &Deed { verb: "logs.delete_file", object: &file.public_id, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(JobView::of(job::find(tx, &job)?.ok_or(AppError::NotFound("job"))?, stamp.at))
    })
    .await
}

/// Deletes a source and all of its files.
///
/// # Errors
/// When there is none, or the actor is no administrator.
pub async fn delete_source(app: &App, actor: &Actor, name: &str) -> Result<JobView> {
    require(actor, Role::Admin)?;
    let name = name.to_owned();
    app.change(actor, move |tx, stamp| {
        let source = log_source::find(tx, &name)?.ok_or(AppError::NotFound("log source"))?;
        let files = log_source::delete(tx, source.id, stamp)?;
        let details = json!({ "source": source.name, "files": files.len(), "bytes": source.bytes });
        let total = files.len() as i64;
        let payload = Payload { subject: source.name.clone(), files };
        let (_, job) = job::queue(tx, REMOVE_JOB.name, &payload, 0, total, stamp)?;
        journal::append(tx, stamp, &Deed { verb: "logs.delete_source", object: &source.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(JobView::of(job::find(tx, &job)?.ok_or(AppError::NotFound("job"))?, stamp.at))
    })
    .await
}
