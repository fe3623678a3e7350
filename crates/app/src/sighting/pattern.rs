//! The indicators' part of a sightings search: their STIX patterns, held with their logic against the events of the log index.
//!
//! The index is asked for the events that may hold what stands in each pair of brackets, those of the newest months first and at
//! most [`MOST_COMPARED`] of them; these are compared field by field, over all of the search's log sources together, so that what
//! one machine logged may follow what another did.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use formats::intel::stix::pattern::events::{Bound, Facts, Moment, Prepared};
use formats::intel::stix::pattern::{Version, parse};
use logs::{Locator, LogError, Query, Sample, ScanRequest, StoredEvent};
use model::sighting::{Basis, Outcome};
use model::{Scope, Timestamp};
use store::sighting::{self, NewResult};

use super::names::{clean, names, number};
use super::pattern_query::query;
use super::run::{LogSource, Together, as_json};
use super::sample::{SAMPLES, sample};
use super::view::Detail;
use super::{coverage, judge};
use crate::job::Stop;
use crate::logs::DayCount;

/// Events that are compared for one pair of brackets: about a minute on two processors.
const MOST_COMPARED: u64 = 5_000_000;
/// Events that hold what stands in one pair of brackets; more are not kept in memory.
const MOST_HOLDING: usize = 50_000;
/// Patterns that are read at once.
const TOGETHER: i64 = 200;
/// The longest pattern that is kept with a result, in characters.
const LONGEST: usize = 4_000;

/// Holds the patterns of every indicator of a search against the events.
pub(super) fn ask(together: &Together<'_>) -> Result<(), Stop> {
    let (search, mut after) = (together.plan.search.id, 0);
    loop {
        together.work.check()?;
        let patterns = together.app.store.read_blocking(Scope::System, move |tx| sighting::patterns(tx, search, after, TOGETHER))?;
        let Some(last) = patterns.last() else { return Ok(()) };
        after = last.record;
        for stored in &patterns {
            let found = find(together, &stored.pattern)?;
            let mut results = Vec::with_capacity(together.plan.logs.len());
            for source in &together.plan.logs {
                results.push(result(together, source, stored, &found)?);
            }
            let held = found.as_ref().ok().map(|found| found.by_source.values()).into_iter().flatten();
            let held: Vec<_> = held.map(|held| (by_count(&held.hosts), by_count(&held.accounts))).collect();
            together.names(stored.record, held.iter().map(|(hosts, accounts)| (hosts.as_slice(), accounts.as_slice())));
            let needle = sighting::Needle { record: stored.record, category: String::new(), value: String::new() };
            together.keep(&[needle], results)?;
            together.progress(1);
        }
    }
}

/// What of a pattern was found.
struct Found {
    by_source: BTreeMap<i64, Held>,
    bound: Bound,
    /// Why not all events were compared, or not all ways of meeting it tried; empty if all were.
    cut: String,
    without_counterpart: Vec<String>,
}

/// What a source has of the events that meet a pattern.
#[derive(Default)]
struct Held {
    count: u64,
    without_time: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    days: BTreeMap<i64, u64>,
    hosts: HashMap<String, u64>,
    accounts: HashMap<String, u64>,
    samples: Vec<Sample>,
}

/// An event that holds something of a pattern.
struct Seen {
    locator: Locator,
    source: i64,
    time: Moment,
    host: Option<String>,
    accounts: Vec<String>,
    /// In which pair of brackets it was found first.
    observation: usize,
}

/// Why a pattern was not held against events is an answer too.
fn find(together: &Together<'_>, text: &str) -> Result<Result<Found, String>, Stop> {
    let parsed = match parse(text, Version::V21).or_else(|error| parse(text, Version::V20).map_err(|_| error)) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Err(format!("its pattern can't be read: {error}"))),
    };
    let prepared = match Prepared::new(&parsed) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(Err(format!("its pattern can't be evaluated: {error}"))),
    };
    let sources: Vec<i64> = together.plan.logs.iter().filter_map(|source| source.row).collect();
    let (mut seen, mut places): (Vec<Seen>, HashMap<Locator, usize>) = (Vec::new(), HashMap::new());
    let queries: Vec<Query> = prepared.observations().iter().map(query).collect();
    let mut matching = Vec::with_capacity(queries.len());
    let mut cut = String::new();
    for (observation, query) in queries.iter().enumerate() {
        let holding = AtomicUsize::new(0);
        let take = |event: &StoredEvent| {
            let facts = Facts::of(event.shape, &event.raw, &event.accounts);
            let holds = prepared.holds(observation, &facts) == Some(true) && holding.fetch_add(1, Ordering::Relaxed) < MOST_HOLDING;
            holds.then(|| Seen::of(event, observation))
        };
        let (held, compared_all) = if sources.is_empty() { (Vec::new(), true) } else { scan(together, &sources, query, &take)? };
        if !compared_all {
            cut = too_many(MOST_COMPARED, "may hold a part of it");
        } else if holding.into_inner() > MOST_HOLDING {
            cut = too_many(MOST_HOLDING as u64, "hold a part of it");
        }
        let place = |event: Seen| {
            *places.entry(event.locator).or_insert_with(|| {
                seen.push(event);
                seen.len() - 1
            })
        };
        matching.push(held.into_iter().map(place).collect::<Vec<usize>>());
    }
    let moments: Vec<Moment> = seen.iter().map(|event| event.time).collect();
    let bound = prepared.bind(&moments, &matching);
    let mut by_source: BTreeMap<i64, Held> = BTreeMap::new();
    let mut taking_part: Vec<&Seen> = bound.events.iter().filter_map(|at| seen.get(*at)).collect();
    taking_part.sort_by_key(|event| (event.time.is_none(), event.time, event.locator));
    for event in taking_part {
        by_source.entry(event.source).or_default().add(together, event, &queries)?;
    }
    if cut.is_empty() && bound.cut {
        cut = "not all ways in which its parts may belong together were tried".to_owned();
    }
    Ok(Ok(Found { by_source, cut, bound, without_counterpart: prepared.without_counterpart().to_vec() }))
}

/// What `take` makes of the events that may be meant, and whether all were compared.
fn scan(
    together: &Together<'_>,
    sources: &[i64],
    query: &Query,
    take: &(dyn Fn(&StoredEvent) -> Option<Seen> + Sync),
) -> Result<(Vec<Seen>, bool), Stop> {
    let request = ScanRequest { query, window: together.plan.window, sources: Some(sources), most: MOST_COMPARED };
    let told = |_, _| if together.work.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    match together.app.logs.scan(&request, &told, take) {
        Err(LogError::Cancelled) => {
            together.work.check()?;
            Err(Stop::Cancelled)
        }
        scanned => {
            let scanned = scanned?;
            Ok((scanned.taken, !scanned.cut))
        }
    }
}

impl Seen {
    fn of(event: &StoredEvent, observation: usize) -> Self {
        Self {
            locator: event.locator,
            source: event.source,
            time: event.time,
            host: event.host.clone(),
            accounts: event.accounts.clone(),
            observation,
        }
    }
}

impl Held {
    fn add(&mut self, together: &Together<'_>, seen: &Seen, queries: &[Query]) -> Result<(), Stop> {
        self.count += 1;
        match seen.time {
            Some(time) => {
                self.first = Some(self.first.map_or(time, |first| first.min(time)));
                self.last = Some(self.last.map_or(time, |last| last.max(time)));
                *self.days.entry(time.day()).or_default() += 1;
            }
            None => self.without_time += 1,
        }
        if let Some(host) = &seen.host {
            *self.hosts.entry(host.clone()).or_default() += 1;
        }
        for account in &seen.accounts {
            *self.accounts.entry(account.clone()).or_default() += 1;
        }
        if self.samples.len() < SAMPLES
            && let Some(query) = queries.get(seen.observation)
            && let Some(sample) = together.app.logs.sample(seen.locator, query)?
        {
            self.samples.push(sample);
        }
        Ok(())
    }
}

fn by_count(names: &HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut names: Vec<(String, u64)> = names.iter().map(|(name, count)| (name.clone(), *count)).collect();
    names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names
}

/// What a source holds of a pattern, as it is stored.
fn result(
    together: &Together<'_>,
    source: &LogSource,
    stored: &sighting::Pattern,
    found: &Result<Found, String>,
) -> Result<NewResult, Stop> {
    let held = match (found, source.row) {
        (Ok(found), Some(row)) => found.by_source.get(&row),
        _ => None,
    };
    let (outcome, error) = match (found, source.row, held) {
        (_, None, _) => (Outcome::Failed, judge::DELETED.to_owned()),
        (Err(why), ..) => (Outcome::Failed, why.clone()),
        (Ok(_), _, Some(_)) => (Outcome::Seen, String::new()),
        (Ok(_), ..) if !source.coverage.covered => (Outcome::NoCoverage, String::new()),
        (Ok(found), ..) if !found.without_counterpart.is_empty() => {
            (Outcome::Failed, format!("it cannot be evaluated on these events: no field tells {}", found.without_counterpart.join(", ")))
        }
        (Ok(found), ..) if !found.cut.is_empty() => (Outcome::Failed, format!("{}; choose a shorter window", found.cut)),
        (Ok(_), ..) => (Outcome::NotSeen, String::new()),
    };
    let (times, cut) = found.as_ref().map_or((0, ""), |found| (found.bound.times, found.cut.as_str()));
    let mut query = format!("pattern: {}", model::text::shorten(&stored.pattern, LONGEST));
    if times > 0 {
        query.push_str(&format!(" | met {}", crate::text::counted(number(times as u64), "time")));
    }
    if !cut.is_empty() {
        query.push_str(&format!(" | {cut}"));
    }
    query.push_str(&format!(" | time: {}", coverage::window_words(together.plan.window)));
    let mut detail = Detail { query: clean(&query), coverage: source.coverage.text.clone(), ..Detail::default() };
    let mut result = NewResult {
        record: stored.record,
        source: source.coverage.source.clone(),
        external: false,
        outcome,
        count: 0,
        count_is_exact: cut.is_empty(),
        count_normalised: None,
        with_subdomains: None,
        first_at: Timestamp::NEVER,
        last_at: Timestamp::NEVER,
        detail: String::new(),
        error: clean(&error),
    };
    if let Some(held) = held {
        result.count = number(held.count);
        result.first_at = held.first.unwrap_or_default();
        result.last_at = held.last.unwrap_or_default();
        detail.basis = Some(Basis::Exact);
        detail.histogram = held.days.iter().map(|(day, count)| DayCount::of(*day, *count)).collect();
        detail.without_time = number(held.without_time);
        (detail.hosts, detail.hosts_total) = names(&by_count(&held.hosts));
        (detail.accounts, detail.accounts_total) = names(&by_count(&held.accounts));
        detail.samples = held.samples.iter().map(sample).collect();
    }
    result.detail = as_json(&detail)?;
    Ok(result)
}

fn too_many(most: u64, which: &str) -> String {
    format!("only {} of the events that {which} were compared", model::list::thousands(number(most)))
}
