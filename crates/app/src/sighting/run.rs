//! The job of a sightings search: every observable is asked of every source, and what comes out is stored, negatives
//! and gaps among it.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use logs::{LogError, Needle, NeedleResult, Sample, SearchRequest};
use model::job::JobState;
use model::sighting::{Basis, Outcome};
use model::time::Window;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::sighting::{self, NewResult, Search};
use store::{Tx, case, change, journal, log_source};

use super::view::{Detail, StoredName, StoredNames};
use super::{CoverageView, SampleView, coverage, needle};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Stop, Work, done};
use crate::logs::{DayCount, NameCount};

pub(crate) const JOB: Kind = Kind { name: "sightings", unit: "observables", writes_logs: false, run, give_up };

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The search's number.
    pub(super) subject: String,
    /// Its row.
    pub(super) search: i64,
}

/// Observables that are looked up together: many share what they read.
const TOGETHER: i64 = 20_000;
/// Observables whose results are stored in one transaction.
const CHUNK: usize = 500;
/// Raw events kept of each result.
const SAMPLES: usize = 5;
/// The longest sample, in bytes.
const SAMPLE_BYTES: usize = 8 * 1024;
/// Machines and accounts kept of each result.
const NAMES_OF_RESULT: usize = 100;
/// Machines and accounts kept of a search.
const NAMES_OF_SEARCH: usize = 1_000;

/// A source, as the search asks it.
struct Asked {
    /// Its row, by which the index knows it; none when it was deleted after the search was started.
    row: Option<i64>,
    coverage: CoverageView,
}

/// What is the same for all observables of a search.
struct Plan {
    search: Search,
    window: Window,
    restricted: bool,
    sources: Vec<Asked>,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { search, .. } = work.payload()?;
    let plan = plan(app, search)?;
    let total = u64::try_from(plan.search.observables).unwrap_or_default();
    work.progress(0, total);
    begin(app, work, &plan)?;
    let (mut hosts, mut accounts) = (Names::default(), Names::default());
    let (mut after, mut looked_up) = (0, 0_u64);
    loop {
        work.check()?;
        let needles = app.store.read_blocking(Scope::System, move |tx| sighting::needles(tx, search, after, TOGETHER))?;
        let Some(last) = needles.last() else { break };
        after = last.record;
        let asked: Vec<Needle> = needles.iter().map(|n| needle::needle(n.record, &n.category, &n.value)).collect();
        let found = ask(app, work, &plan, &asked, looked_up, total)?;
        for (stored, asked) in needles.chunks(CHUNK).zip(asked.chunks(CHUNK)) {
            work.check()?;
            let mut results = Vec::with_capacity(stored.len() * plan.sources.len());
            for (stored, asked) in stored.iter().zip(asked) {
                let of_needle = found.of(stored.record);
                hosts.add(&of_needle, |result| &result.hosts);
                accounts.add(&of_needle, |result| &result.accounts);
                for source in &plan.sources {
                    results.push(result(&plan, source, stored, asked, &found)?);
                }
            }
            keep(app, work, &plan, stored, results)?;
            looked_up += stored.len() as u64;
            work.progress(looked_up, total);
        }
    }
    end(app, work, &plan, &hosts.most(), &accounts.most())
}

fn plan(app: &App, search: i64) -> Result<Plan, Stop> {
    let (search, restricted, sources) = app.store.read_blocking(Scope::System, move |tx| {
        let search = sighting::find_by_row(tx, search)?.ok_or(AppError::NotFound("sightings search"))?;
        let case = case::find_by_id(tx, search.case)?.ok_or(AppError::NotFound("case"))?;
        Ok::<_, AppError>((search, case.restricted, log_source::list(tx)?))
    })?;
    let window = if search.all_data { Window::All } else { Window::Between(search.window_from, search.window_to) };
    let rows: HashMap<String, i64> = sources.into_iter().map(|source| (source.name, source.id)).collect();
    let names = super::get::sources(&search);
    let asked: Vec<i64> = names.iter().filter_map(|name| rows.get(name)).copied().collect();
    let held: HashMap<i64, logs::SourceCoverage> =
        app.logs.coverage(window, Some(&asked)).into_iter().map(|row| (row.source, row)).collect();
    let sources = names
        .iter()
        .map(|name| {
            let row = rows.get(name).copied();
            Asked { row, coverage: coverage::of(name, window, row.and_then(|row| held.get(&row))) }
        })
        .collect();
    Ok(Plan { search, window, restricted, sources })
}

fn begin(app: &App, work: &Work, plan: &Plan) -> Result<(), Stop> {
    let views: Vec<&CoverageView> = plan.sources.iter().map(|source| &source.coverage).collect();
    let text = serde_json::to_string(&views).map_err(|error| Stop::Final(error.to_string()))?;
    let (search, case, stamp) = (plan.search.id, plan.search.case, app.stamp(&work.job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        sighting::begin(tx, search, &text)?;
        change::announce(tx, &stamp, Topic::Sightings, case)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

/// What the index answered, by observable.
#[derive(Default)]
struct Found {
    results: BTreeMap<(i64, i64), NeedleResult>,
    refused: HashMap<i64, String>,
}

impl Found {
    /// What all sources hold of an observable, where they hold the value itself.
    fn of(&self, record: i64) -> Vec<&NeedleResult> {
        self.results.range((record, i64::MIN)..=(record, i64::MAX)).map(|(_, result)| result).filter(|result| hits(result) > 0).collect()
    }
}

fn ask(app: &App, work: &Work, plan: &Plan, needles: &[Needle], before: u64, total: u64) -> Result<Found, Stop> {
    let sources: Vec<i64> = plan.sources.iter().filter_map(|source| source.row).collect();
    if sources.is_empty() {
        return Ok(Found::default());
    }
    let request = SearchRequest { needles, window: plan.window, sources: Some(&sources), samples: SAMPLES };
    let share = needles.len() as u64;
    let told = |done: u64, of: u64| {
        // Storing takes its time too: what was looked up counts half.
        work.progress((before + share * done / of.max(1) / 2).min(total), total);
        if work.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let outcome = match app.logs.search(&request, &told) {
        Err(LogError::Cancelled) => {
            work.check()?;
            return Err(Stop::Cancelled);
        }
        other => other?,
    };
    Ok(Found {
        results: outcome.results.into_iter().map(|result| ((result.id, result.source), result)).collect(),
        refused: outcome.refused.into_iter().map(|refused| (refused.id, refused.reason)).collect(),
    })
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Events that hold the value in any spelling.
fn hits(result: &NeedleResult) -> i64 {
    number(result.count.max(result.count_normalised.unwrap_or_default()))
}

/// What a source holds of an observable, as it is stored.
fn result(plan: &Plan, source: &Asked, stored: &sighting::Needle, asked: &Needle, found: &Found) -> Result<NewResult, Stop> {
    let held = source.row.and_then(|row| found.results.get(&(stored.record, row)));
    let sighted = held.is_some_and(|held| hits(held) > 0);
    let (outcome, error) = match (found.refused.get(&stored.record), source.row) {
        (_, None) => (Outcome::Failed, "the source was deleted after the search was started".to_owned()),
        (Some(reason), _) => (Outcome::Failed, reason.clone()),
        (None, Some(_)) if sighted => (Outcome::Seen, String::new()),
        (None, Some(_)) if !source.coverage.covered => (Outcome::NoCoverage, String::new()),
        (None, Some(_)) => (Outcome::NotSeen, String::new()),
    };
    let mut detail = Detail {
        query: needle::query(asked, &coverage::window_words(plan.window)),
        coverage: source.coverage.text.clone(),
        ..Detail::default()
    };
    let is_domain = matches!(asked.kind, logs::NeedleKind::Domain { .. });
    let mut result = NewResult {
        record: stored.record,
        source: source.coverage.source.clone(),
        external: false,
        outcome,
        count: 0,
        count_is_exact: true,
        count_normalised: (!asked.alternatives.is_empty()).then_some(0),
        with_subdomains: is_domain.then_some(0),
        first_at: model::Timestamp::NEVER,
        last_at: model::Timestamp::NEVER,
        detail: String::new(),
        error,
    };
    if let Some(held) = held {
        result.count = number(held.count);
        result.count_normalised = held.count_normalised.map(number);
        result.with_subdomains = held.with_subdomains.map(number);
        result.first_at = held.first.unwrap_or_default();
        result.last_at = held.last.unwrap_or_default();
        detail.basis = Some(match held.basis {
            logs::Basis::Exact => Basis::Exact,
            logs::Basis::Normalised => Basis::Normalised,
            logs::Basis::Subdomains => Basis::Subdomains,
        });
        detail.histogram = held.per_day.iter().map(|(day, count)| DayCount::of(*day, *count)).collect();
        detail.without_time = number(held.without_time);
        (detail.hosts, detail.hosts_total) = names(&held.hosts);
        (detail.accounts, detail.accounts_total) = names(&held.accounts);
        detail.samples = held.samples.iter().map(sample).collect();
    }
    result.detail = serde_json::to_string(&detail).map_err(|error| Stop::Final(error.to_string()))?;
    Ok(result)
}

fn names(held: &[(String, u64)]) -> (Vec<NameCount>, i64) {
    let kept = held.iter().take(NAMES_OF_RESULT).map(|(name, count)| NameCount { name: clean(name), count: number(*count) });
    (kept.collect(), held.len() as i64)
}

/// U+0000 stands in no text of the store.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// An event as it is kept; a long one is cut around the first match.
fn sample(sample: &Sample) -> SampleView {
    let event = &sample.event;
    let raw = event.raw.as_str();
    let from = if raw.len() <= SAMPLE_BYTES {
        0
    } else {
        let first = sample.marks.first().map_or(0, |mark| mark.start);
        raw.floor_char_boundary(first.saturating_sub(SAMPLE_BYTES / 4))
    };
    let until = raw.floor_char_boundary((from + SAMPLE_BYTES).min(raw.len()));
    let marks = sample.marks.iter().filter(|mark| mark.start >= from && mark.end <= until).map(|mark| (mark.start - from, mark.end - from));
    SampleView {
        time: event.time,
        host: event.host.as_deref().map(clean),
        accounts: event.accounts.iter().map(|account| clean(account)).collect(),
        member: clean(&event.member),
        line: number(event.line),
        marks: marks.collect(),
        // One byte for one: marks stay where they are.
        raw: raw.get(from..until).unwrap_or_default().replace('\0', " "),
        cut: until - from < raw.len(),
    }
}

/// Stores the results of some observables. Where there was no source to ask, nothing can be said.
fn keep(app: &App, work: &Work, plan: &Plan, stored: &[sighting::Needle], results: Vec<NewResult>) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (stored.first(), stored.last()) else { return Ok(()) };
    let (span, search, restricted, job) = ((first.record, last.record), plan.search.id, plan.restricted, work.job.id);
    let now = app.now();
    let cancelled = app.store.write_blocking(Scope::System, move |tx| {
        sighting::store(tx, search, span, &results, Outcome::NoCoverage, restricted)?;
        store::job::heart(tx, job, now)
    })?;
    if cancelled {
        work.set_cancelled();
    }
    Ok(())
}

/// Names over all observables.
#[derive(Default)]
struct Names(HashMap<String, (i64, i64)>);

impl Names {
    /// Adds the names in the hits of one observable, over all sources.
    fn add(&mut self, results: &[&NeedleResult], of: fn(&NeedleResult) -> &Vec<(String, u64)>) {
        let mut of_needle: HashMap<&str, i64> = HashMap::new();
        for (name, count) in results.iter().flat_map(|result| of(result)) {
            *of_needle.entry(name).or_default() += number(*count);
        }
        for (name, count) in of_needle {
            match self.0.get_mut(name) {
                Some(known) => *known = (known.0 + count, known.1 + 1),
                None => {
                    self.0.insert(name.to_owned(), (count, 1));
                }
            }
        }
    }

    fn most(self) -> StoredNames {
        let total = self.0.len() as i64;
        let names = self.0.into_iter().map(|(name, (count, observables))| StoredName { name: clean(&name), count, observables });
        let mut names: Vec<StoredName> = names.collect();
        names.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        names.truncate(NAMES_OF_SEARCH);
        StoredNames { total, names }
    }
}

fn end(app: &App, work: &Work, plan: &Plan, hosts: &StoredNames, accounts: &StoredNames) -> Result<(), Stop> {
    let json = |names: &StoredNames| serde_json::to_string(names).map_err(|error| Stop::Final(error.to_string()));
    let (hosts, accounts) = (json(hosts)?, json(accounts)?);
    let (search, job, stamp) = (plan.search.clone(), work.job.clone(), app.stamp(&work.job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        sighting::end(tx, search.id, &hosts, &accounts, "", stamp.at)?;
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
    sighting::give_up(tx, payload.search, state, why, stamp.at)?;
    change::announce(tx, stamp, Topic::Sightings, job.case)?;
    Ok(())
}
