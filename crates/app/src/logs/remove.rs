//! The job that removes the events of deleted files from the log index, and then their bytes: it waits its turn while a file
//! is read.

use model::Stamp;
use model::job::JobState;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::job::Job;
use store::{Tx, blob, log_source};

use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};

pub(crate) const REMOVE_JOB: Kind = Kind { name: "logs_remove", unit: "files", lane: Lane::Logs, run, give_up };

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// What people deleted.
    pub(super) subject: String,
    /// The rows of the files, which are their batches.
    pub(super) files: Vec<i64>,
}

/// Files whose bytes are forgotten in one transaction.
const CHUNK: usize = 500;

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { files, .. } = work.payload()?;
    for (at, file) in files.iter().enumerate() {
        work.progress(at as u64, files.len() as u64);
        app.logs.delete_batch(*file)?;
    }
    for some in files.chunks(CHUNK) {
        let rows = some.to_vec();
        let forgotten = app.store.write_step(model::Scope::System, move |tx| {
            let gone: Vec<String> = log_source::files_by_rows(tx, &rows)?.into_iter().map(|file| file.sha256).collect();
            Ok::<_, AppError>(blob::forget(tx, &gone)?)
        })?;
        blob::remove_forgotten(&app.store, &forgotten)?;
    }
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    app.store.write_blocking(model::Scope::System, move |tx| {
        done(tx, &stamp, &job, &json!({ "files": files.len() }))?;
        store::change::announce(tx, &stamp, store::change::Topic::Logs, 0)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
