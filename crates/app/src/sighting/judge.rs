//! What an outside source answered, held against the rule *Match*.
//!
//! Every product compares in its own way: one takes `http://evil.example/a/b` for `http://evil.example/a`, another tells upper
//! from lower case. Where the events themselves came along, each is compared as the log index compares; what does not hold the
//! value by the rule does not count.

use std::collections::{BTreeMap, HashMap};

use connect::siem::{Answer, AskError, Asked, Event, Settings};
use formats::log_events::{Shape, values_of};
use logs::Comparison;
use model::Timestamp;
use model::list::thousands;
use model::sighting::{Basis, Outcome, UrlMatch};
use model::time::Window;
use store::sighting::{Needle, NewResult};
use store::source::Source;

use super::names::{clean, names, number};
use super::outside::Coverage;
use super::run::as_json;
use super::sample::{SAMPLES, cut};
use super::view::Detail;
use super::{SampleView, coverage, needle};
use crate::job::Stop;
use crate::logs::DayCount;

/// How the reason begins where a source answered, and can't tell what it covers.
pub(crate) const NOT_FOUND: &str = "it was not found, but";

/// What is told with a network, or a value with wildcards, that was not found by the text it is written with.
pub(crate) const ONLY_AS_WRITTEN: &str = "it was asked for as it is written, not by what it stands for; give the source a query of its own for this type, \
                               or search for the values it stands for";
/// What is told of a source that is no more.
pub(super) const DELETED: &str = "the source was deleted after the search was started";

/// The longest question that is kept, in bytes.
const QUERY_BYTES: usize = 16 * 1024;

/// Whose answers are judged.
pub(super) struct Judge<'a> {
    pub(super) source: &'a Source,
    /// None when it could not be asked at all.
    pub(super) settings: Option<&'a Settings>,
    pub(super) window: Window,
    pub(super) urls: UrlMatch,
    pub(super) coverage: &'a Coverage,
}

/// A result, and the names in its hits.
pub(super) struct Judged {
    pub(super) result: NewResult,
    pub(super) hosts: Vec<(String, u64)>,
    pub(super) accounts: Vec<(String, u64)>,
}

/// The result of one observable.
pub(super) fn result(judge: &Judge<'_>, stored: &Needle, asked: &Asked, answer: Result<Answer, AskError>) -> Result<Judged, Stop> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return failed(judge, stored, &error),
    };
    let needle = needle::needle(asked.id, &asked.of_type, &asked.value, judge.urls);
    let wide = needle.alternatives.iter().any(|other| needle::is_wide(other.kind));
    let query = answer.query.clone();
    let link = answer.link.clone();
    let remarks = answer.remarks.clone();
    let mut found = Found::compared(&needle, answer);
    // What was asked for by the part of a URL that is enough was not counted by the whole.
    if asked.part.is_some() && found.count_normalised.is_none() && found.count > 0 {
        found.count_normalised = Some(found.count);
        (found.count, found.exact, found.basis) = (0, false, Basis::Normalised);
    }
    let hits = found.count.max(found.count_normalised.unwrap_or_default());
    let own_query = judge.settings.is_some_and(|settings| settings.queries.contains_key(&stored.category));
    let mut problems = remarks;
    problems.extend(found.problem.clone());
    let outcome = if hits > 0 {
        Outcome::Seen
    } else if !problems.is_empty() {
        Outcome::Failed
    } else if let Some(error) = judge.coverage.error.as_ref().filter(|_| !judge.source.external) {
        problems.push(format!("{NOT_FOUND} what the source has in this window is not known: {error}"));
        Outcome::Failed
    } else if !judge.coverage.view.covered && !judge.source.external {
        Outcome::NoCoverage
    } else if wide && !own_query {
        problems.push(ONLY_AS_WRITTEN.to_owned());
        Outcome::Failed
    } else {
        Outcome::NotSeen
    };
    let mut query = clean(&format!("{query} | {} | time: {}", found.how, coverage::window_words(judge.window)));
    query.truncate(query.floor_char_boundary(QUERY_BYTES));
    let mut detail = Detail { query, link, coverage: judge.coverage.view.text.clone(), ..Detail::default() };
    detail.basis = (hits > 0).then_some(found.basis);
    detail.histogram = found.per_day.iter().map(|(day, count)| DayCount::of(*day, *count)).collect();
    detail.without_time = number(found.without_time);
    (detail.hosts, detail.hosts_total) = names(&found.hosts);
    detail.hosts_total = detail.hosts_total.max(number(found.hosts_total));
    (detail.accounts, detail.accounts_total) = names(&found.accounts);
    detail.samples = found.samples;
    let result = NewResult {
        record: stored.record,
        source: judge.source.name.clone(),
        external: judge.source.external,
        outcome,
        count: number(found.count),
        count_is_exact: found.exact,
        count_normalised: found.count_normalised.map(number),
        with_subdomains: None,
        first_at: found.first.unwrap_or_default(),
        last_at: found.last.unwrap_or_default(),
        detail: as_json(&detail)?,
        error: clean(&problems.join("; ")),
    };
    Ok(Judged { result, hosts: found.hosts, accounts: found.accounts })
}

fn failed(judge: &Judge<'_>, stored: &Needle, error: &AskError) -> Result<Judged, Stop> {
    let detail = Detail { coverage: judge.coverage.view.text.clone(), ..Detail::default() };
    let result = NewResult {
        record: stored.record,
        source: judge.source.name.clone(),
        external: judge.source.external,
        outcome: Outcome::Failed,
        count: 0,
        count_is_exact: true,
        count_normalised: None,
        with_subdomains: None,
        first_at: Timestamp::NEVER,
        last_at: Timestamp::NEVER,
        detail: as_json(&detail)?,
        error: clean(&error.to_string()),
    };
    Ok(Judged { result, hosts: Vec::new(), accounts: Vec::new() })
}

/// What is said of one observable.
struct Found {
    count: u64,
    exact: bool,
    count_normalised: Option<u64>,
    basis: Basis,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    per_day: Vec<(i64, u64)>,
    without_time: u64,
    hosts: Vec<(String, u64)>,
    hosts_total: u64,
    accounts: Vec<(String, u64)>,
    samples: Vec<SampleView>,
    /// How it was compared.
    how: String,
    /// Where the source's comparison and the rule differ and not all events were compared.
    problem: Option<String>,
}

impl Found {
    /// As the source compares.
    fn as_told(answer: Answer) -> Self {
        let samples = answer.events.iter().take(SAMPLES).map(|event| sample(event, &[])).collect();
        Self {
            count: answer.count,
            exact: answer.exact,
            count_normalised: answer.count_any,
            basis: if answer.count > 0 { Basis::Exact } else { Basis::Normalised },
            first: answer.first,
            last: answer.last,
            per_day: answer.per_day,
            without_time: answer.without_time,
            hosts: answer.hosts,
            hosts_total: answer.hosts_total,
            accounts: answer.accounts,
            samples,
            how: "counted as the source compares".to_owned(),
            problem: None,
        }
    }

    /// With the events that came along held against the rule.
    fn compared(needle: &logs::Needle, mut answer: Answer) -> Self {
        if answer.events.is_empty() {
            return Self::as_told(answer);
        }
        let comparison = Comparison::new(needle);
        let has_others = !needle.alternatives.is_empty();
        let told = answer.count_any.unwrap_or(answer.count).max(answer.count);
        let events = std::mem::take(&mut answer.events);
        let fetched = events.len() as u64;
        let mut text = String::new();
        let (mut exact, mut normalised) = (Vec::new(), Vec::new());
        for event in &events {
            text.clear();
            let shape = if event.json { Shape::Json } else { Shape::Text };
            values_of(shape as u8, &event.raw, &mut text);
            let holds = comparison.with(&text);
            if holds.exact {
                exact.push(event);
            }
            if holds.normalised {
                normalised.push(event);
            }
        }
        let whole = fetched >= told && answer.exact;
        let differ = normalised.len() as u64 != fetched;
        let samples = |of: &[&Event]| -> Vec<SampleView> {
            of.iter().take(SAMPLES).map(|event| sample(event, &comparison.places(&event.raw))).collect()
        };
        if !whole && !differ {
            let samples = samples(&normalised);
            let how = format!(
                "counted as the source compares; the first {} events were compared by the rule, and all hold the value",
                thousands(number(fetched))
            );
            let mut found = Self::as_told(answer);
            // Which spelling the others have is told by the source, or by the events that were read.
            if found.count_normalised.is_none() && has_others {
                found.count_normalised = Some(found.count);
                found.count = exact.len() as u64;
                found.exact = false;
            }
            return Self { samples, how, ..found };
        }
        let basis = if exact.is_empty() { Basis::Normalised } else { Basis::Exact };
        let speaks_of = if exact.is_empty() { &normalised } else { &exact };
        let hold = normalised.len() as u64;
        let problem = (!whole && differ).then(|| {
            format!(
                "the source counts {} events by its own comparison; of the first {}, which were compared by the rule, {} hold the value",
                thousands(number(told)),
                thousands(number(fetched)),
                thousands(number(hold)),
            )
        });
        Self {
            count: exact.len() as u64,
            exact: whole,
            count_normalised: has_others.then_some(hold),
            basis,
            first: speaks_of.iter().filter_map(|event| event.time).min(),
            last: speaks_of.iter().filter_map(|event| event.time).max(),
            per_day: per_day(speaks_of),
            without_time: speaks_of.iter().filter(|event| event.time.is_none()).count() as u64,
            hosts: most(speaks_of.iter().flat_map(|event| event.host.iter())),
            hosts_total: 0,
            accounts: most(speaks_of.iter().flat_map(|event| distinct(&event.accounts))),
            samples: samples(speaks_of),
            how: format!("{} events compared by the rule, {} hold the value", thousands(number(fetched)), thousands(number(hold))),
            problem,
        }
    }
}

fn distinct(names: &[String]) -> impl Iterator<Item = &String> {
    names.iter().enumerate().filter(|(at, name)| !names.iter().take(*at).any(|before| before == *name)).map(|(_, name)| name)
}

fn per_day(events: &[&Event]) -> Vec<(i64, u64)> {
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    for time in events.iter().filter_map(|event| event.time) {
        *days.entry(time.day()).or_default() += 1;
    }
    days.into_iter().collect()
}

fn most<'e>(names: impl Iterator<Item = &'e String>) -> Vec<(String, u64)> {
    let mut counts: HashMap<&String, u64> = HashMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().map(|(name, count)| (name.clone(), count)).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

fn sample(event: &Event, marks: &[std::ops::Range<usize>]) -> SampleView {
    let (raw, marks, cut) = cut(&event.raw, marks);
    SampleView {
        time: event.time,
        host: event.host.as_deref().map(clean),
        accounts: event.accounts.iter().map(|account| clean(account)).collect(),
        member: clean(&event.id),
        line: 0,
        raw,
        marks,
        cut,
    }
}
