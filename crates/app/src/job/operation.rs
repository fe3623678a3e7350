//! Goes on with large bulk actions: chunk by chunk from where the job stands, each chunk with its count in one
//! transaction.

use std::sync::Arc;

use model::Stamp;
use model::job::JobState;
use model::operation::OperationState;
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::{Tx, change, job, operation};

use super::{Kind, Lane, Stop, Work, done};
use crate::App;
use crate::error::{AppError, Result};
use crate::operation::bulk::{self, Bulk, Payload};

pub(crate) const KIND: Kind = Kind { name: bulk::JOB, unit: "rows", lane: Lane::Any, run, give_up };

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let payload: Arc<Payload> = Arc::new(work.payload()?);
    let scope = work.author(app)?;
    let count = match &payload.bulk {
        Bulk::Add { incoming } => incoming.len(),
        _ => payload.records.len(),
    };
    let mut from = usize::try_from(work.job.done).unwrap_or_default();
    while from < count {
        work.check()?;
        let range = from..(from + payload.bulk.chunk()).min(count);
        let (payload, job, stamp) = (Arc::clone(&payload), work.job.id, app.stamp(&work.job.created_by));
        let end = range.end;
        let step = move |tx: &mut Tx<'_>| {
            let outcome = bulk::apply(tx, &stamp, payload.case, payload.operation, &payload.bulk, &payload.records, range.clone())?;
            let state = if end >= count { OperationState::Done } else { OperationState::Running };
            operation::progress(tx, payload.operation, outcome.counts(), state)?;
            let cancelled = job::beat(tx, job, end as i64, count as i64, stamp.at)?;
            change::announce(tx, &stamp, Topic::Artifacts, payload.case)?;
            Ok::<_, AppError>(cancelled)
        };
        // With the last one the operation is told to be done.
        let cancelled = if end < count { app.store.write_step(scope, step)? } else { app.store.write_blocking(scope, step)? };
        if cancelled && end < count {
            return Err(Stop::Cancelled);
        }
        from = end;
    }
    // Apart from the writer, because it reads every id.
    let operation = payload.operation;
    let changed = app.store.read_blocking(scope, move |tx| operation::ids_sha256(tx, operation))?;
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    app.store.write_blocking(scope, move |tx| {
        let operation = operation::find_by_row(tx, operation)?.ok_or(AppError::NotFound("operation"))?;
        bulk::journal_done(tx, &stamp, &operation, &changed)?;
        let result = json!({ "operation": operation.public_id, "affected": operation.affected, "unchanged": operation.unchanged, "skipped": operation.skipped });
        done(tx, &stamp, &job, &result)
    })?;
    Ok(())
}

/// What was changed until then stays, counted, and can be undone.
fn give_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, _: JobState, _: &str) -> Result<()> {
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else { return Ok(()) };
    operation::progress(tx, payload.operation, [0; 3], OperationState::Failed)?;
    change::announce(tx, stamp, Topic::Artifacts, payload.case)?;
    Ok(())
}
