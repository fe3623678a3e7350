//! The job of a sightings search: every observable is asked of every source, and what comes out is stored, negatives
//! and gaps among it.
//!
//! The log index is asked on the job's own thread, each outside source on one of its own, so that one that is slow or down
//! keeps nobody waiting but the end of the search.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use model::job::JobState;
use model::sighting::Outcome;
use model::time::Window;
use model::webhook::EventType;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::sighting::comparison::{self, Comparison};
use store::sighting::{self, NewResult, Search};
use store::{Tx, case, change, journal, log_source, source};

use super::compare::pair;
use super::names::Names;
use super::{CoverageView, coverage, index, outside, pattern};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};
use crate::{watch, webhook};

pub(crate) const JOB: Kind = Kind { name: "sightings", unit: "observables", lane: Lane::Any, run, give_up };
/// The same, where outside sources are asked as well: they may keep it waiting for hours.
pub(crate) const OUTSIDE_JOB: Kind = Kind { name: "sightings_outside", unit: "observables", lane: Lane::Outside, run, give_up };

/// Observables of a search that are written down in one transaction: about 20 ms of the writer's time.
pub(super) const NEEDLES_CHUNK: usize = 2_000;
/// Observables of which an interrupted attempt's results are forgotten in one transaction.
const AGAIN_CHUNK: i64 = 1_000;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The search's number.
    pub(super) subject: String,
    /// Its row.
    pub(super) search: i64,
    /// Of a large search, the rows of its observables: they are written down in chunks before anything is asked.
    #[serde(default)]
    pub(super) records: Vec<i64>,
    /// Whether the clock asks: it gathers its observables itself, and stays only when it saw something new.
    #[serde(default)]
    pub(super) standing: bool,
}

/// A source of logs, as the search asks it.
pub(super) struct LogSource {
    /// Its row, by which the index knows it; none when it was deleted after the search was started.
    pub(super) row: Option<i64>,
    pub(super) coverage: CoverageView,
}

/// What is the same for all observables of a search.
pub(super) struct Plan {
    pub(super) search: Search,
    pub(super) window: Window,
    pub(super) logs: Vec<LogSource>,
    pub(super) outside: Vec<source::Source>,
}

/// What those who ask have in common.
pub(super) struct Together<'a> {
    pub(super) app: &'a App,
    pub(super) work: &'a Work,
    pub(super) plan: &'a Plan,
    /// Set when outside sources are to stop.
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) names: Mutex<(Names, Names)>,
    /// Names that are to be stored with the next results.
    pub(super) seen: Mutex<Vec<sighting::SeenName>>,
    /// In the order of the search's sources.
    coverage: Mutex<Vec<CoverageView>>,
    /// Observables that were asked for, over all who ask.
    asked: AtomicU64,
    /// How many ask.
    askers: u64,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { search, records, standing, .. } = work.payload()?;
    if standing {
        watch::gather(app, work, search, super::start::MAX_OBSERVABLES)?;
    }
    let mut plan = plan(app, search)?;
    work.progress(0, total(&plan));
    for chunk in records.chunks(NEEDLES_CHUNK) {
        work.check()?;
        let chunk = chunk.to_vec();
        app.store.write_step(Scope::System, move |tx| sighting::add_needles(tx, search, &chunk))?;
    }
    let views = first_coverage(&plan);
    begin(app, work, &plan, &views)?;
    let asks_index = !plan.logs.is_empty() || plan.outside.is_empty();
    let together = Together {
        app,
        work,
        plan: &plan,
        cancelled: Arc::default(),
        names: Mutex::default(),
        seen: Mutex::default(),
        coverage: Mutex::new(views),
        asked: AtomicU64::new(0),
        askers: plan.outside.len() as u64 + u64::from(asks_index),
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = plan.outside.iter().map(|source| scope.spawn(|| outside::ask(&together, source))).collect();
        let mut outcome = if asks_index { index::ask(&together) } else { Ok(()) };
        if outcome.is_ok() && together.plan.search.patterns > 0 {
            outcome = pattern::ask(&together);
        }
        while outcome.is_ok() && others.iter().any(|thread| !thread.is_finished()) {
            outcome = work.check();
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        if outcome.is_err() {
            together.cancelled.store(true, Ordering::Relaxed);
        }
        for thread in others {
            let ended = thread
                .join()
                .unwrap_or_else(|_| Err(Stop::Again("a fault of Vizsla's own; its log tells more, please report it".to_owned())));
            outcome = outcome.and(ended);
        }
        outcome
    })?;
    let (hosts, accounts) = together.names.into_inner().unwrap_or_else(PoisonError::into_inner);
    if standing {
        let Some(kept) = watch::ended(app, work, &plan.search)? else { return Ok(()) };
        plan.search = kept;
    }
    let compared = compared(app, search)?;
    end(app, work, &plan, compared, hosts, accounts)
}

/// The search beside the one before it: counted before the writer is held.
fn compared(app: &App, search: i64) -> Result<Option<(i64, Comparison)>, Stop> {
    let compared = app.store.read_blocking(Scope::System, move |tx| {
        // Its coverage was told meanwhile.
        let search = sighting::find_by_row(tx, search)?.ok_or(AppError::NotFound("sightings search"))?;
        let Some(earlier) = sighting::earlier(tx, &search, 1)?.into_iter().next() else { return Ok(None) };
        let comparison = comparison::count(tx, &pair(&search, &earlier))?;
        Ok::<_, AppError>(Some((earlier.id, comparison)))
    })?;
    Ok(compared)
}

fn total(plan: &Plan) -> u64 {
    u64::try_from(plan.search.observables).unwrap_or_default()
}

impl Together<'_> {
    /// Says how many observables more one of those who ask has asked for.
    pub(super) fn progress(&self, more: u64) {
        let asked = self.asked.fetch_add(more, Ordering::Relaxed) + more;
        self.work.progress(asked / self.askers.max(1), total(self.plan));
    }

    /// Says how far the log index is within what it looks up.
    pub(super) fn progress_within(&self, part: u64) {
        let asked = self.asked.load(Ordering::Relaxed) + part;
        self.work.progress((asked / self.askers.max(1)).min(total(self.plan)), total(self.plan));
    }

    /// Stores the results of some observables.
    pub(super) fn keep(&self, stored: &[sighting::Needle], results: Vec<NewResult>) -> Result<(), Stop> {
        let (Some(first), Some(last)) = (stored.first(), stored.last()) else { return Ok(()) };
        let (span, search, job) = ((first.record, last.record), self.plan.search.id, self.work.job.id);
        let now = self.app.now();
        let cancelled = self.app.store.write_step(Scope::System, move |tx| {
            // Where there was no source to ask, nothing can be said.
            sighting::store(tx, search, span, &results, Outcome::NoCoverage)?;
            store::job::heart(tx, job, now)
        })?;
        if cancelled {
            self.work.set_cancelled();
        }
        self.work.check()?;
        self.keep_names()
    }

    /// Says what an outside source has in the window, once it told.
    pub(super) fn tell_coverage(&self, view: CoverageView) -> Result<(), Stop> {
        let text = {
            let mut views = self.coverage.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(told) = views.iter_mut().find(|told| told.source == view.source) {
                *told = view;
            }
            as_json(&*views)?
        };
        let search = self.plan.search.id;
        self.app.store.write_blocking(Scope::System, move |tx| sighting::set_coverage(tx, search, &text))?;
        Ok(())
    }
}

pub(super) fn as_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|error| Stop::Final(error.to_string()))
}

fn plan(app: &App, search: i64) -> Result<Plan, Stop> {
    let (search, sources, outside) = app.store.read_blocking(Scope::System, move |tx| {
        let search = sighting::find_by_row(tx, search)?.ok_or(AppError::NotFound("sightings search"))?;
        Ok::<_, AppError>((search, log_source::list(tx)?, source::list(tx)?))
    })?;
    let window = if search.all_data { Window::All } else { Window::Between(search.window_from, search.window_to) };
    let rows: HashMap<String, i64> = sources.into_iter().map(|source| (source.name, source.id)).collect();
    let mut others: HashMap<String, source::Source> = outside.into_iter().map(|source| (source.name.clone(), source)).collect();
    let names = super::get::sources(&search);
    let asked: Vec<i64> = names.iter().filter_map(|name| rows.get(name)).copied().collect();
    let held: HashMap<i64, logs::SourceCoverage> =
        app.logs.coverage(window, Some(&asked)).into_iter().map(|row| (row.source, row)).collect();
    let (mut logs, mut outside) = (Vec::new(), Vec::new());
    for name in &names {
        if let Some(source) = others.remove(name) {
            outside.push(source);
            continue;
        }
        let row = rows.get(name).copied();
        logs.push(LogSource { row, coverage: coverage::of(name, window, row.and_then(|row| held.get(&row))) });
    }
    Ok(Plan { search, window, logs, outside })
}

/// What the log sources have; outside sources tell it when they are asked.
fn first_coverage(plan: &Plan) -> Vec<CoverageView> {
    let of_logs = plan.logs.iter().map(|source| source.coverage.clone());
    of_logs.chain(plan.outside.iter().map(|source| coverage::unknown(&source.name, "being asked"))).collect()
}

fn begin(app: &App, work: &Work, plan: &Plan, views: &[CoverageView]) -> Result<(), Stop> {
    let text = as_json(views)?;
    let (id, mut from) = (plan.search.id, (plan.search.state != JobState::Queued).then_some(0));
    while let Some(after) = from {
        work.check()?;
        from = app.store.write_step(Scope::System, move |tx| sighting::begin_again(tx, id, after, AGAIN_CHUNK))?;
    }
    let (search, case, stamp) = (plan.search.id, plan.search.case, app.stamp(&work.job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        sighting::begin(tx, search, &text)?;
        change::announce(tx, &stamp, Topic::Sightings, case)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

fn end(app: &App, work: &Work, plan: &Plan, compared: Option<(i64, Comparison)>, hosts: Names, accounts: Names) -> Result<(), Stop> {
    let (hosts, accounts) = (as_json(&hosts.most())?, as_json(&accounts.most())?);
    let (search, job, stamp) = (plan.search.clone(), work.job.clone(), app.stamp(&work.job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        sighting::end(tx, search.id, &hosts, &accounts, "", stamp.at)?;
        if let Some((earlier, comparison)) = &compared {
            comparison::keep(tx, search.id, *earlier, comparison)?;
        }
        let counts = sighting::totals(tx, &[search.id])?.remove(&search.id).unwrap_or_default();
        let of = |wanted: Outcome| counts.iter().filter(|(outcome, _)| *outcome == wanted).map(|(_, count)| count).sum::<i64>();
        let number = model::case::search_number(search.number);
        let totals = json!({
            "search": number,
            "observables": search.observables,
            "seen": of(Outcome::Seen),
            "not_seen": of(Outcome::NotSeen),
            "no_coverage": of(Outcome::NoCoverage),
            "failed": of(Outcome::Failed),
        });
        let deed = Deed { verb: "sighting.done", object: &model::case::case_number(search.case_number), details: &totals };
        journal::append(tx, &stamp, &deed, ShownIn::Case(search.case))?;
        store::job::beat(tx, job.id, search.observables, search.observables, stamp.at)?;
        if let Some(case) = case::find_by_id(tx, search.case)? {
            let mut told = totals.clone();
            told["case"] = json!(model::case::case_number(case.number));
            webhook::raise(tx, &stamp, EventType::SightingDone, &case, &told)?;
        }
        done(tx, &stamp, &job, &totals)?;
        // The artifacts tell what the newest search saw.
        change::announce(tx, &stamp, Topic::Artifacts, search.case)?;
        change::announce(tx, &stamp, Topic::Sightings, search.case)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

fn give_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, state: JobState, why: &str) -> Result<()> {
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else { return Ok(()) };
    if payload.standing {
        watch::gave_up(tx, stamp, job, payload.search, why)?;
        return Ok(change::announce(tx, stamp, Topic::Sightings, job.case)?);
    }
    sighting::give_up(tx, payload.search, state, why, stamp.at)?;
    change::announce(tx, stamp, Topic::Sightings, job.case)?;
    Ok(())
}
