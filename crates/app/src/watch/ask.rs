//! What is different about a search that the clock asked for: it gathers its observables itself, and stays only when it
//! saw something new.

use std::collections::BTreeSet;

use model::case::search_number;
use model::{Scope, Stamp, Timestamp};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::sighting::{self, Search, standing};
use store::{Tx, change, job, watch};

use super::forget;
use super::tell::{Seen, tell};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Stop, Work, done};
use crate::sighting::{NOT_FOUND, ONLY_AS_WRITTEN, next_search_number};

/// Observables that are written down in one transaction.
const CHUNK: i64 = 2_000;
/// An observable that a source saw is new there again after so many seconds without it: a day.
const QUIET: i64 = 86_400;
/// The longest text of what went wrong, in characters.
const LONGEST: usize = 1_000;

/// Writes down the case's included observables as those of the search, at most so many.
pub(crate) fn gather(app: &App, work: &Work, search: i64, at_most: usize) -> Result<(), Stop> {
    let (case, mut after, mut left) = (work.job.case, 0, at_most);
    while left > 0 {
        work.check()?;
        let limit = CHUNK.min(i64::try_from(left).unwrap_or(CHUNK));
        let page = app.store.read_blocking(Scope::System, move |tx| watch::observables(tx, case, after, limit))?;
        let Some(last) = page.last() else { break };
        (after, left) = (last.record, left - page.len());
        let records: Vec<i64> = page.iter().map(|one| one.record).collect();
        app.store.write_blocking(Scope::System, move |tx| sighting::add_needles(tx, search, &records))?;
    }
    app.store.write_blocking(Scope::System, move |tx| standing::counted(tx, search))?;
    Ok(())
}

/// Whether the search is to be ended as others are: it has a number then, and the case was told. Otherwise it is forgotten, and
/// the job with it is done.
pub(crate) fn ended(app: &App, work: &Work, search: &Search) -> Result<Option<Search>, Stop> {
    if search.number > 0 {
        // An attempt that was interrupted after this has told it.
        return Ok(Some(search.clone()));
    }
    let (id, case) = (search.id, search.case);
    let (new, failed) = app.store.read_blocking(Scope::System, move |tx| {
        Ok::<_, AppError>((standing::new_in(tx, id, case, QUIET)?, standing::failed(tx, id, [NOT_FOUND, ONLY_AS_WRITTEN])?))
    })?;
    let error = failed.iter().map(|(source, why)| format!("{source}: {why}")).collect::<Vec<_>>().join("; ");
    let error = model::text::shorten(&error, LONGEST);
    let mut covered = failed.is_empty().then_some(search.window_to);
    let (stamp, job) = (app.stamp(&work.job.created_by), work.job.clone());
    if !new.is_empty() {
        let (stamp, error) = (stamp.clone(), error.clone());
        let kept = app.store.write_blocking(Scope::System, move |tx| keep(tx, &stamp, (case, id), &new, &error, covered))?;
        if kept.is_some() {
            return Ok(kept);
        }
        // Once it watches again, this time is asked for again.
        covered = None;
    }
    forget::parts(app, work, id)?;
    app.store.write_blocking(Scope::System, move |tx| {
        watch::asked(tx, case, stamp.at, &error, covered)?;
        standing::drop_search(tx, id)?;
        done(tx, &stamp, &job, &json!({ "seen": 0, "error": error }))?;
        Ok::<_, AppError>(change::announce(tx, &stamp, Topic::Sightings, case)?)
    })?;
    Ok(None)
}

/// Gives a search that saw something new its number, and tells the case; nothing when the case was closed meanwhile, or watches no
/// more.
fn keep(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    (case, search): (i64, i64),
    new: &[(i64, String)],
    error: &str,
    covered: Option<Timestamp>,
) -> Result<Option<Search>> {
    let Some((case, _)) = super::watching(tx, case)? else { return Ok(None) };
    watch::asked(tx, case.id, stamp.at, error, covered)?;
    let number = next_search_number(tx)?;
    standing::keep(tx, search, number)?;
    let observables: BTreeSet<i64> = new.iter().map(|(record, _)| *record).collect();
    let sources: BTreeSet<&String> = new.iter().map(|(_, source)| source).collect();
    let sources: Vec<String> = sources.into_iter().cloned().collect();
    let number = search_number(number);
    tell(tx, stamp, &case, &Seen { observables: observables.len(), sources: &sources, file: "", search: &number })?;
    Ok(sighting::find_by_row(tx, search)?)
}

/// Says on the watch why its search did not come to an end, and lets it be forgotten.
pub(crate) fn gave_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, search: i64, why: &str) -> Result<()> {
    let why = if why.is_empty() { "the search was cancelled" } else { why };
    watch::asked(tx, job.case, stamp.at, why, None)?;
    let payload = forget::Payload { subject: "by the clock".to_owned(), search };
    job::queue(tx, forget::JOB.name, &payload, job.case, 0, stamp)?;
    Ok(())
}
