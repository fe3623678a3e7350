//! The job that looks for what cases watch in a log file that came in, and starts a sightings search over it for each case
//! of which something was seen.

use std::ops::ControlFlow;

use logs::{LogError, Needle, SearchRequest};
use model::case::case_number;
use model::job::JobState;
use model::time::Window;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::log_source::{self, LogFile};
use store::watch::{self, Watch};
use store::{Tx, case, job, journal};

use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Stop, Work, done};
use crate::sighting::{launch_over, needle};

pub(crate) const JOB: Kind = Kind { name: "watch", unit: "cases", writes_logs: false, run, give_up };

/// Observables that are looked up together.
const TOGETHER: i64 = 20_000;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    /// The file's name.
    subject: String,
    /// Its row, which is its batch.
    file: i64,
}

/// Queues the look at a file that was just indexed, when any case watches.
pub(crate) fn queue(tx: &mut Tx<'_>, stamp: &Stamp, file: &LogFile) -> Result<()> {
    let watching = watch::list(tx)?.len() as i64;
    if watching > 0 {
        job::queue(tx, JOB.name, &Payload { subject: file.name.clone(), file: file.id }, 0, watching, stamp)?;
    }
    Ok(())
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { file, .. } = work.payload()?;
    let (file, watches) = app.store.read_blocking(Scope::System, move |tx| {
        Ok::<_, AppError>((log_source::file_by_row(tx, file)?.ok_or(AppError::NotFound("log file"))?, watch::list(tx)?))
    })?;
    let total = watches.len() as i64;
    // What an interrupted attempt has told is not told again.
    let told = work.job.done;
    for (at, watch) in (1_i64..).zip(watches).skip(usize::try_from(told).unwrap_or_default()) {
        work.check()?;
        let seen = seen(app, work, &file, watch.case)?;
        tell(app, work, &file, watch, seen, (at, total))?;
    }
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    // Which cases saw something is for those who may read them.
    let result = json!({ "file": file.public_id, "source": file.source_name });
    app.store.write_blocking(Scope::System, move |tx| {
        done(tx, &stamp, &job, &result)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

/// The rows of a case's included observables that stand in the file.
fn seen(app: &App, work: &Work, file: &LogFile, case: i64) -> Result<Vec<i64>, Stop> {
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = app.store.read_blocking(Scope::System, move |tx| watch::observables(tx, case, after, TOGETHER))?;
        let Some(last) = page.last() else { break };
        after = last.record;
        let needles: Vec<Needle> = page.iter().map(|one| needle(one.record, &one.category, &one.value)).collect();
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

/// Starts a search over the time of the file for what was seen in it, in the name of who asked the case to watch, and says so
/// in the case. Nothing when nothing was seen, or the case was closed meanwhile.
fn tell(app: &App, work: &Work, file: &LogFile, watch: Watch, seen: Vec<i64>, (at, total): (i64, i64)) -> Result<(), Stop> {
    let (stamp, job, now) = (app.stamp(&watch.created_by), work.job.id, app.now());
    let file = file.clone();
    app.store.write_blocking(Scope::System, move |tx| {
        job::beat(tx, job, at, total, now)?;
        let case = case::find_by_id(tx, watch.case)?.filter(|case| case.state.is_open() && !seen.is_empty());
        let Some(case) = case else { return Ok(()) };
        let window = match (file.first_at.set(), file.last_at.set()) {
            (Some(first), Some(last)) => Window::Between(first, last),
            _ => Window::All,
        };
        let search = launch_over(tx, &stamp, &case, seen.clone(), window, vec![file.source_name.clone()])?;
        let details = json!({ "search": search, "observables": seen.len(), "source": file.source_name, "file": file.name });
        let deed = Deed { verb: "sighting.watched", object: &case_number(case.number), details: &details };
        journal::append(tx, &stamp, &deed, ShownIn::Case(case.id))?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
