//! Holds observables against the lists, and writes down which are known to be good.

use std::sync::Arc;

use model::job::JobState;
use model::observable::{Observable, ObservableType};
use model::{Scope, Stamp};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::known_good::{self, Marking, Unmarked};
use store::{Tx, change, job};

use crate::App;
use crate::error::AppError;
use crate::job::{Kind, Lane, Stop, Work, done};

/// Observables read, and marks written, in one transaction.
const CHUNK: i64 = 5_000;

pub(crate) const JOB: Kind = Kind { name: known_good::JOB, unit: "observables", lane: Lane::Any, run, give_up };

/// What a chunk came to.
enum Step {
    /// There is more.
    More,
    /// The lists changed meanwhile: it starts anew.
    Changed,
    /// All observables are held against the lists.
    Done,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let mut seen = 0;
    loop {
        work.check()?;
        let (version, lists) = app.known_good_blocking()?;
        let empty = lists.is_empty();
        let (marking, next, left) = app.store.read_blocking(Scope::System, move |tx| {
            let marking = known_good::marking(tx)?;
            let (next, left) = if empty { (Vec::new(), 0) } else { known_good::next_unmarked(tx, marking.marked, CHUNK)? };
            Ok::<_, AppError>((marking, next, left))
        })?;
        if marking.version != version {
            continue;
        }
        seen += next.len() as i64;
        work.progress(u64::try_from(seen).unwrap_or_default(), u64::try_from(seen + left - next.len() as i64).unwrap_or_default());
        let marks: Vec<(i64, String)> = next.iter().filter_map(|one| Some((one.record, lists.reason(&observable(one)?)?))).collect();
        let last = (next.len() as i64) < CHUNK;
        let to = next.last().map_or(marking.marked, |one| one.record);
        let (marks, stamp, work_job) = (Arc::new(marks), app.stamp(&work.job.created_by), work.job.clone());
        let step = app.store.write_blocking(Scope::System, move |tx| {
            if known_good::marking(tx)? != marking {
                return Ok::<_, AppError>(Step::Changed);
            }
            write(tx, &stamp, &marking, to, &marks, empty)?;
            job::beat(tx, work_job.id, seen, seen + left, stamp.at)?;
            // What came in since is met now, or queues the job again: both happen in the one writer.
            if last && (empty || known_good::last_observable(tx)? <= to) {
                done(tx, &stamp, &work_job, &json!({ "observables": seen }))?;
                return Ok(Step::Done);
            }
            Ok(Step::More)
        })?;
        match step {
            Step::Done => return Ok(()),
            Step::Changed => seen = 0,
            Step::More => {}
        }
    }
}

fn write(tx: &mut Tx<'_>, stamp: &Stamp, from: &Marking, to: i64, marks: &[(i64, String)], empty: bool) -> Result<(), AppError> {
    if empty {
        let to = known_good::last_observable(tx)?;
        if known_good::clear_marks(tx)? > 0 {
            change::announce(tx, stamp, Topic::Records, 0)?;
        }
        known_good::set_marked(tx, to)?;
        return Ok(());
    }
    let changed = known_good::mark_range(tx, from.marked, to, marks)?;
    known_good::set_marked(tx, to)?;
    for case in known_good::cases_with(tx, &changed)? {
        change::announce(tx, stamp, Topic::Artifacts, case)?;
    }
    Ok(())
}

/// A stored observable; its value is in normal form already.
fn observable(one: &Unmarked) -> Option<Observable> {
    Some(Observable { kind: one.sort.parse::<ObservableType>().ok()?, value: one.value.clone() })
}

/// Marks that were written stay; the next change of a list goes over all again.
fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> crate::error::Result<()> {
    Ok(())
}
