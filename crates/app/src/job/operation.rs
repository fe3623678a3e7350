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

use super::{Kind, Stop, Work, done};
use crate::App;
use crate::error::{AppError, Result};
use crate::operation::bulk::{self, Bulk, CHUNK, Payload};

pub(crate) const KIND: Kind = Kind { name: bulk::JOB, unit: "rows", writes_logs: false, run, give_up };

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let payload: Arc<Payload> = Arc::new(work.payload()?);
    let scope = work.author(app)?;
    let count = match &payload.bulk {
        Bulk::Add { incoming } => incoming.len(),
        _ => payload.records.len(),
    };
    let mut from = usize::try_from(work.job.done).unwrap_or_default();
    loop {
        work.check()?;
        let range = from..(from + CHUNK).min(count);
        let (payload, work_job, stamp) = (Arc::clone(&payload), work.job.clone(), app.stamp(&work.job.created_by));
        let (end, last) = (range.end, range.end >= count);
        let cancelled = app.store.write_blocking(scope, move |tx| {
            let outcome = bulk::apply(tx, &stamp, payload.case, payload.operation, &payload.bulk, &payload.records, range.clone())?;
            let state = if last { OperationState::Done } else { OperationState::Running };
            operation::progress(tx, payload.operation, outcome.counts(), state)?;
            let cancelled = job::beat(tx, work_job.id, end as i64, count as i64, stamp.at)?;
            if last {
                let operation = operation::find_by_row(tx, payload.operation)?.ok_or(AppError::NotFound("operation"))?;
                let result = json!({ "operation": operation.public_id, "affected": operation.affected, "unchanged": operation.unchanged, "skipped": operation.skipped });
                done(tx, &stamp, &work_job, &result)?;
            }
            change::announce(tx, &stamp, Topic::Artifacts, payload.case)?;
            Ok::<_, AppError>(cancelled)
        })?;
        if last {
            return Ok(());
        }
        if cancelled {
            return Err(Stop::Cancelled);
        }
        from = end;
    }
}

/// What was changed until then stays, counted, and can be undone.
fn give_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, _: JobState, _: &str) -> Result<()> {
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else { return Ok(()) };
    operation::progress(tx, payload.operation, [0; 3], OperationState::Failed)?;
    change::announce(tx, stamp, Topic::Artifacts, payload.case)?;
    Ok(())
}
