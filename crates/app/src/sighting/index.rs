//! The log index's part of a sightings search.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use logs::{LogError, Needle, NeedleResult, SearchRequest};
use model::Scope;
use model::sighting::{Basis, Outcome};
use store::sighting::{self, NewResult};

use super::names::{names, number};
use super::run::{LogSource, Plan, Together, as_json};
use super::sample::{SAMPLES, sample};
use super::view::Detail;
use super::{coverage, needle};
use crate::job::Stop;
use crate::logs::DayCount;

/// Observables that are looked up together: many share what they read.
const TOGETHER: i64 = 20_000;
/// Observables whose results are stored in one transaction.
const CHUNK: usize = 500;

/// Asks the log index for every observable of a search.
pub(super) fn ask(together: &Together<'_>) -> Result<(), Stop> {
    let (plan, search) = (together.plan, together.plan.search.id);
    let mut after = 0;
    loop {
        together.work.check()?;
        let needles = together.app.store.read_blocking(Scope::System, move |tx| sighting::needles(tx, search, after, TOGETHER))?;
        let Some(last) = needles.last() else { return Ok(()) };
        after = last.record;
        let asked: Vec<Needle> = needles.iter().map(|n| needle::needle(n.record, &n.category, &n.value, plan.search.urls)).collect();
        let found = look_up(together, &asked)?;
        for (stored, asked) in needles.chunks(CHUNK).zip(asked.chunks(CHUNK)) {
            let mut results = Vec::with_capacity(stored.len() * plan.logs.len());
            for (stored, asked) in stored.iter().zip(asked) {
                together.names(
                    stored.record,
                    found.of(stored.record).into_iter().map(|held| (held.hosts.as_slice(), held.accounts.as_slice())),
                );
                for source in &plan.logs {
                    results.push(result(plan, source, stored, asked, &found)?);
                }
            }
            together.keep(stored, results)?;
            together.progress(stored.len() as u64);
        }
    }
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

fn look_up(together: &Together<'_>, needles: &[Needle]) -> Result<Found, Stop> {
    let Together { app, work, plan, .. } = *together;
    let sources: Vec<i64> = plan.logs.iter().filter_map(|source| source.row).collect();
    if sources.is_empty() {
        return Ok(Found::default());
    }
    let request = SearchRequest { needles, window: plan.window, sources: Some(&sources), batch: None, samples: SAMPLES };
    let share = needles.len() as u64;
    let told = |done: u64, of: u64| {
        // Storing takes its time too: what was looked up counts half.
        together.progress_within(share * done / of.max(1) / 2);
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

/// Events that hold the value in any spelling.
fn hits(result: &NeedleResult) -> i64 {
    number(result.count.max(result.count_normalised.unwrap_or_default()))
}

/// What a source holds of an observable, as it is stored.
fn result(plan: &Plan, source: &LogSource, stored: &sighting::Needle, asked: &Needle, found: &Found) -> Result<NewResult, Stop> {
    let held = source.row.and_then(|row| found.results.get(&(stored.record, row)));
    let sighted = held.is_some_and(|held| hits(held) > 0);
    let (outcome, error) = match (found.refused.get(&stored.record), source.row) {
        (_, None) => (Outcome::Failed, super::judge::DELETED.to_owned()),
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
    result.detail = as_json(&detail)?;
    Ok(result)
}
