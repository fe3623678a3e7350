//! The job that forgets a search that the clock asked for and that did not come to its end: a part at a time, since it may
//! have found much until then.

use model::job::JobState;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::job::Job;
use store::sighting::standing;

use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};

pub(crate) const JOB: Kind = Kind { name: "watch_forget", unit: "observables", lane: Lane::Any, run, give_up };

/// Observables that are forgotten in one transaction.
const CHUNK: i64 = 1_000;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// How the search is called.
    pub(super) subject: String,
    /// Its row.
    pub(super) search: i64,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { search, .. } = work.payload()?;
    parts(app, work, search)?;
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        standing::drop_search(tx, search)?;
        done(tx, &stamp, &job, &json!({}))
    })?;
    Ok(())
}

/// Forgets what a search asked and found.
pub(super) fn parts(app: &App, work: &Work, search: i64) -> Result<(), Stop> {
    while app.store.write_step(Scope::System, move |tx| Ok::<_, AppError>(standing::drop_part(tx, search, CHUNK)?))? {
        work.check()?;
    }
    Ok(())
}

fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
