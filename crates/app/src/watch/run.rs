//! The job that looks for what a case watches in a log file that came in, and starts a sightings search over it when something
//! was seen. Each case has a job of its own, which those alone see who may know of the case.

use std::ops::ControlFlow;

use logs::{LogError, Needle, SearchRequest};
use model::job::JobState;
use model::sighting::UrlMatch;
use model::time::Window;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::job::Job;
use store::log_source::{self, LogFile};
use store::{Tx, job, watch};

use super::standing;
use super::tell::{Seen, tell};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};
use crate::sighting::{launch_over, needle};

pub(crate) const JOB: Kind = Kind { name: "watch", unit: "files", lane: Lane::Any, run, give_up };

/// Observables that are looked up together.
const TOGETHER: usize = 20_000;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    /// The file's name.
    subject: String,
    /// Its row, which is its batch.
    file: i64,
}

/// Queues the look at a file that was just indexed for each case that watches.
pub(crate) fn queue(tx: &mut Tx<'_>, stamp: &Stamp, file: &LogFile) -> Result<()> {
    let cases = watch::cases(tx)?;
    Ok(job::queue_for_cases(tx, JOB.name, &Payload { subject: file.name.clone(), file: file.id }, &cases, 1, stamp)?)
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { file, .. } = work.payload()?;
    let case = work.job.case;
    let (file, watch) = app.store.read_blocking(Scope::System, move |tx| {
        Ok::<_, AppError>((log_source::file_by_row(tx, file)?.ok_or(AppError::NotFound("log file"))?, super::watching(tx, case)?))
    })?;
    let urls = watch.as_ref().map(|(_, watch)| watch.urls);
    let seen = if let Some(urls) = urls {
        seen(app, work, &file, case, urls)?
    } else {
        app.standing.forget(case);
        Vec::new()
    };
    // In the name of who asked for it; of who brought the file, when nobody does any more.
    let who = watch.map_or_else(|| work.job.created_by.clone(), |(_, watch)| watch.created_by);
    let (stamp, job) = (app.stamp(&who), work.job.clone());
    app.store.write_blocking(Scope::System, move |tx| {
        let search = if seen.is_empty() { None } else { start(tx, &stamp, case, &file, &seen, urls.unwrap_or_default())? };
        done(tx, &stamp, &job, &json!({ "file": file.public_id, "source": file.source_name, "search": search }))
    })?;
    Ok(())
}

/// The rows of a case's included observables that stand in the file.
fn seen(app: &App, work: &Work, file: &LogFile, case: i64, urls: UrlMatch) -> Result<Vec<i64>, Stop> {
    let mut seen = Vec::new();
    for together in standing::met(app, work, (case, urls), file)?.chunks(TOGETHER) {
        let records = together.to_vec();
        let included = app.store.read_blocking(Scope::System, move |tx| watch::included(tx, case, &records))?;
        let needles: Vec<Needle> = included.iter().map(|one| needle(one.record, &one.category, &one.value, urls)).collect();
        let request =
            SearchRequest { needles: &needles, window: Window::All, sources: Some(&[file.source]), batch: Some(file.id), samples: 0 };
        let alive = |_, _| if work.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        match app.logs.search(&request, &alive) {
            Err(LogError::Cancelled) => {
                work.check()?;
                return Err(Stop::Cancelled);
            }
            found => seen.extend(found?.results.iter().map(|result| result.id)),
        }
    }
    seen.sort_unstable();
    seen.dedup();
    Ok(seen)
}

/// Starts a search over the time of the file for what was seen in it, and says so in the case. Tells the search's number;
/// nothing when the case was closed meanwhile, or watches no more.
fn start(tx: &mut Tx<'_>, stamp: &Stamp, case: i64, file: &LogFile, seen: &[i64], urls: UrlMatch) -> Result<Option<String>> {
    let Some((case, _)) = super::watching(tx, case)? else { return Ok(None) };
    let window = match (file.first_at.set(), file.last_at.set()) {
        (Some(first), Some(last)) => Window::Between(first, last),
        _ => Window::All,
    };
    let search = launch_over(tx, stamp, &case, seen.to_vec(), window, vec![file.source_name.clone()], urls)?;
    let sources = std::slice::from_ref(&file.source_name);
    tell(tx, stamp, &case, &Seen { observables: seen.len(), sources, file: &file.name, search: &search })?;
    Ok(Some(search))
}

pub(super) fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
