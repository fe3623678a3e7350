//! The indicators' part of a sightings search: their STIX patterns, held with their logic against the events of the log index.
//!
//! The index is asked for the events that may hold what stands in each pair of brackets, the newest first and at most
//! [`MOST_EVENTS`] of them; these are compared field by field, over all of the search's log sources together, so that what one
//! machine logged may follow what another did.

use std::collections::{BTreeMap, HashMap};

use formats::intel::stix::pattern::events::{Bound, Facts, Moment, Prepared};
use formats::intel::stix::pattern::{Version, parse};
use logs::{EventsRequest, Locator, Sample};
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

/// Events that are compared for one pair of brackets.
const MOST_EVENTS: usize = 20_000;
/// Events that are read at once.
const PAGE: usize = 500;
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
    /// Whether not all events that may hold it were compared, or not all ways of meeting it tried.
    cut: bool,
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
    marks: Vec<std::ops::Range<usize>>,
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
    let mut matching = Vec::with_capacity(prepared.observations().len());
    let mut cut = false;
    for (observation, comparison) in prepared.observations().iter().enumerate() {
        let mut holding = Vec::new();
        if !sources.is_empty() {
            let query = query(comparison);
            let (mut before, mut compared) = (None, 0);
            loop {
                together.work.check()?;
                let request =
                    EventsRequest { query: &query, window: together.plan.window, sources: Some(&sources), before, limit: PAGE, buckets: 0 };
                let page = together.app.logs.events(&request)?;
                compared += page.events.len();
                for found in page.events {
                    let event = &found.event;
                    let facts = Facts::of(event.shape, &event.raw, &event.accounts);
                    if prepared.holds(observation, &facts) == Some(true) {
                        holding.push(*places.entry(event.locator).or_insert_with(|| {
                            seen.push(Seen {
                                locator: event.locator,
                                source: event.source,
                                time: event.time,
                                host: event.host.clone(),
                                accounts: event.accounts.clone(),
                                marks: found.marks.clone(),
                            });
                            seen.len() - 1
                        }));
                    }
                }
                before = page.next;
                if before.is_none() {
                    break;
                }
                if compared >= MOST_EVENTS {
                    cut = true;
                    break;
                }
            }
        }
        matching.push(holding);
    }
    let moments: Vec<Moment> = seen.iter().map(|event| event.time).collect();
    let bound = prepared.bind(&moments, &matching);
    let mut by_source: BTreeMap<i64, Held> = BTreeMap::new();
    let mut taking_part: Vec<&Seen> = bound.events.iter().filter_map(|at| seen.get(*at)).collect();
    taking_part.sort_by_key(|event| (event.time.is_none(), event.time, event.locator));
    for event in taking_part {
        by_source.entry(event.source).or_default().add(together, event)?;
    }
    Ok(Ok(Found { by_source, cut: cut || bound.cut, bound, without_counterpart: prepared.without_counterpart().to_vec() }))
}

impl Held {
    fn add(&mut self, together: &Together<'_>, seen: &Seen) -> Result<(), Stop> {
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
            && let Some(event) = together.app.logs.event(seen.locator)?
        {
            self.samples.push(Sample { event, marks: seen.marks.clone() });
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
        (Ok(found), ..) if found.cut => (Outcome::Failed, format!("{}; choose a shorter window", cut_words())),
        (Ok(_), ..) => (Outcome::NotSeen, String::new()),
    };
    let (times, cut) = found.as_ref().map_or((0, false), |found| (found.bound.times, found.cut));
    let mut query = format!("pattern: {}", model::text::shorten(&stored.pattern, LONGEST));
    if times > 0 {
        query.push_str(&format!(" | met {}", crate::text::counted(number(times as u64), "time")));
    }
    if cut {
        query.push_str(&format!(" | {}", cut_words()));
    }
    query.push_str(&format!(" | time: {}", coverage::window_words(together.plan.window)));
    let mut detail = Detail { query: clean(&query), coverage: source.coverage.text.clone(), ..Detail::default() };
    let mut result = NewResult {
        record: stored.record,
        source: source.coverage.source.clone(),
        external: false,
        outcome,
        count: 0,
        count_is_exact: !cut,
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

fn cut_words() -> String {
    format!("only the newest {} events that may hold a part of it were compared", model::list::thousands(MOST_EVENTS as i64))
}
