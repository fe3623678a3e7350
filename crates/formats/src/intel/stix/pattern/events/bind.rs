//! Which events together meet a pattern.
//!
//! A pattern is taken apart into ways of meeting it: lists of slots, each to be filled with another event, and what must hold
//! between them. Slots are filled in order, events by time, going back where nothing fits.

use std::collections::BTreeSet;

use model::Timestamp;

use super::super::{Comparison, Observation, Observed, Qualifier};
use super::{NotEvaluated, moment, plain, repeats};

/// The most ways in which a pattern can be met.
const MOST_WAYS: usize = 256;
/// The most events that meet a pattern together.
const MOST_SLOTS: usize = 2_000;
/// Events that are tried; beyond, what was found until then is told as "at least".
const MOST_TRIES: usize = 2_000_000;

/// When an event happened, by which events are told apart too.
pub type Moment = Option<Timestamp>;

/// Which events meet a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bound {
    /// How often it is met, by different events each time.
    pub times: usize,
    /// The events that take part, by their places, ascending.
    pub events: Vec<usize>,
    /// Whether not all was tried: it may be met more often.
    pub cut: bool,
}

/// Ways of meeting a pattern.
#[derive(Debug)]
pub(super) struct Plan(Vec<Way>);

#[derive(Debug, Clone, Default)]
struct Way {
    slots: Vec<Slot>,
    rules: Vec<Rule>,
}

/// A place for one event.
#[derive(Debug, Clone)]
struct Slot {
    /// Any of these comparisons, by their places.
    leaves: Vec<usize>,
    /// It repeats the slot before, and takes the next event that fits.
    follows: bool,
}

/// What must hold between slots, each a range of them.
#[derive(Debug, Clone)]
enum Rule {
    /// Microseconds.
    Within(std::ops::Range<usize>, i64),
    /// From the first moment on, before the second.
    Between(std::ops::Range<usize>, Timestamp, Timestamp),
    /// None of the second before any of the first.
    Order(std::ops::Range<usize>, std::ops::Range<usize>),
    /// The first event of the second is later in the list than that of the first: repetitions are told apart by nothing else.
    Later(usize, usize),
}

impl Plan {
    pub(super) fn new(pattern: &Observation, leaves: &mut Vec<Comparison>) -> Result<Self, NotEvaluated> {
        Ok(Self(ways(pattern, leaves)?))
    }

    pub(super) fn speaks_of_time(&self) -> bool {
        self.0.iter().any(|way| way.rules.iter().any(|rule| !matches!(rule, Rule::Later(..))))
    }
}

fn ways(observation: &Observation, leaves: &mut Vec<Comparison>) -> Result<Vec<Way>, NotEvaluated> {
    let mut found = match &observation.what {
        Observed::One(comparison) => vec![one(&[comparison], leaves)],
        Observed::Or(parts) => match parts.iter().map(plain).collect::<Option<Vec<_>>>() {
            // Any of them by one event: no more ways than one.
            Some(all) => vec![one(&all, leaves)],
            None => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(ways(part, leaves)?);
                }
                all
            }
        },
        Observed::And(parts) => joined(parts, leaves, false)?,
        Observed::FollowedBy(parts) => joined(parts, leaves, true)?,
    };
    let times = repeats(&observation.qualifiers).product::<usize>();
    if times > 1 {
        found = repeated(found, times)?;
    }
    for way in &mut found {
        let all = 0..way.slots.len();
        for qualifier in &observation.qualifiers {
            match qualifier {
                Qualifier::Within(seconds) => way.rules.push(Rule::Within(all.clone(), micros(*seconds))),
                Qualifier::StartStop(start, stop) => {
                    let (Some(start), Some(stop)) = (moment(start), moment(stop)) else {
                        return Err(NotEvaluated::Value(format!("{start} and {stop} are no times")));
                    };
                    way.rules.push(Rule::Between(all.clone(), start, stop));
                }
                Qualifier::Repeats(_) => {}
            }
        }
    }
    enough(found)
}

fn micros(seconds: f64) -> i64 {
    let micros = seconds * 1e6;
    if micros.is_finite() && micros < 9e18 { micros.max(0.0) as i64 } else { i64::MAX }
}

fn one(comparisons: &[&Comparison], leaves: &mut Vec<Comparison>) -> Way {
    let first = leaves.len();
    leaves.extend(comparisons.iter().map(|comparison| (*comparison).clone()));
    Way { slots: vec![Slot { leaves: (first..leaves.len()).collect(), follows: false }], rules: Vec::new() }
}

fn enough(ways: Vec<Way>) -> Result<Vec<Way>, NotEvaluated> {
    if ways.len() > MOST_WAYS {
        return Err(NotEvaluated::TooMany(MOST_WAYS));
    }
    if ways.iter().any(|way| way.slots.len() > MOST_SLOTS) {
        return Err(NotEvaluated::Value(format!(
            "more than {MOST_SLOTS} events have to meet the pattern together, which is more than is tried"
        )));
    }
    Ok(ways)
}

fn joined(parts: &[Observation], leaves: &mut Vec<Comparison>, in_order: bool) -> Result<Vec<Way>, NotEvaluated> {
    let mut all = vec![(Way::default(), 0..0)];
    for part in parts {
        let more = ways(part, leaves)?;
        if all.len().saturating_mul(more.len()) > MOST_WAYS {
            return Err(NotEvaluated::TooMany(MOST_WAYS));
        }
        let mut next = Vec::with_capacity(all.len() * more.len());
        for (before, last) in &all {
            for way in &more {
                let mut both = before.clone();
                let range = both.append(way);
                if in_order && !last.is_empty() {
                    both.rules.push(Rule::Order(last.clone(), range.clone()));
                }
                next.push((both, range));
            }
        }
        enough(next.iter().map(|(way, _)| way.clone()).collect())?;
        all = next;
    }
    Ok(all.into_iter().map(|(way, _)| way).collect())
}

fn repeated(ways: Vec<Way>, times: usize) -> Result<Vec<Way>, NotEvaluated> {
    let slots = ways.iter().map(|way| way.slots.len()).max().unwrap_or_default();
    if slots.saturating_mul(times) > MOST_SLOTS {
        return Err(NotEvaluated::Value(format!(
            "more than {MOST_SLOTS} events have to meet the pattern together, which is more than is tried"
        )));
    }
    let mut all = vec![(Way::default(), None::<usize>)];
    for _ in 0..times {
        if all.len().saturating_mul(ways.len()) > MOST_WAYS {
            return Err(NotEvaluated::TooMany(MOST_WAYS));
        }
        let mut next = Vec::with_capacity(all.len() * ways.len());
        for (before, first) in &all {
            for way in &ways {
                let mut both = before.clone();
                let range = both.append(way);
                if let Some(first) = first {
                    both.rules.push(Rule::Later(*first, range.start));
                    if way.slots.len() == 1
                        && ways.len() == 1
                        && let Some(slot) = both.slots.last_mut()
                    {
                        slot.follows = true;
                    }
                }
                next.push((both, Some(range.start)));
            }
        }
        all = next;
    }
    Ok(all.into_iter().map(|(way, _)| way).collect())
}

impl Way {
    /// Appends the slots of another way and what must hold between them; where they stand.
    fn append(&mut self, other: &Self) -> std::ops::Range<usize> {
        let by = self.slots.len();
        let moved = |range: &std::ops::Range<usize>| range.start + by..range.end + by;
        self.slots.extend(other.slots.iter().cloned());
        self.rules.extend(other.rules.iter().map(|rule| match rule {
            Rule::Within(range, length) => Rule::Within(moved(range), *length),
            Rule::Between(range, start, stop) => Rule::Between(moved(range), *start, *stop),
            Rule::Order(first, second) => Rule::Order(moved(first), moved(second)),
            Rule::Later(first, second) => Rule::Later(first + by, second + by),
        }));
        by..self.slots.len()
    }
}

/// Events that fit a slot, in order of time; those without one last.
struct Line {
    events: Vec<usize>,
}

pub(super) fn bind(plan: &Plan, moments: &[Moment], matching: &[Vec<usize>]) -> Bound {
    let mut bound = Bound::default();
    let mut taken = BTreeSet::new();
    let mut used = vec![false; moments.len()];
    let mut tries = 0;
    for way in &plan.0 {
        let lines: Vec<Line> = way.slots.iter().map(|slot| line(slot, moments, matching)).collect();
        // Met again and again, by other events each time; each goes on where the one before began.
        let mut search = Search { way, lines: &lines, moments, tries: &mut tries, from: 0 };
        while let Some(events) = search.next(&used) {
            bound.times += 1;
            for event in events {
                if let Some(used) = used.get_mut(event) {
                    *used = true;
                }
                taken.insert(event);
            }
        }
        if tries > MOST_TRIES {
            bound.cut = true;
            break;
        }
    }
    bound.events = taken.into_iter().collect();
    bound
}

fn line(slot: &Slot, moments: &[Moment], matching: &[Vec<usize>]) -> Line {
    let of = |leaf: &usize| matching.get(*leaf).map(Vec::as_slice).unwrap_or_default();
    let events: BTreeSet<usize> =
        slot.leaves.iter().flat_map(|leaf| of(leaf).iter().copied()).filter(|event| *event < moments.len()).collect();
    let mut events: Vec<usize> = events.into_iter().collect();
    events.sort_by_key(|event| order(moments, *event));
    Line { events }
}

/// By time, those without one last, then by place.
fn order(moments: &[Moment], event: usize) -> (i64, usize) {
    (moments.get(event).copied().flatten().map_or(i64::MAX, Timestamp::micros), event)
}

struct Search<'a> {
    way: &'a Way,
    lines: &'a [Line],
    moments: &'a [Moment],
    tries: &'a mut usize,
    /// Where the first slot goes on.
    from: usize,
}

impl Search<'_> {
    /// The next events that meet the pattern together; none are left, or too much was tried, when there are none.
    fn next(&mut self, used: &[bool]) -> Option<Vec<usize>> {
        // For each filled slot, its event and where in its line it stands.
        let mut filled: Vec<(usize, usize)> = Vec::with_capacity(self.lines.len());
        let mut start = self.from;
        loop {
            if filled.len() == self.lines.len() {
                self.from = filled.first().map_or(0, |(at, _)| at + 1);
                return Some(filled.into_iter().map(|(_, event)| event).collect());
            }
            if let Some(place) = self.fit(&filled, start, used) {
                filled.push(place);
                start = self.begin(&filled);
                continue;
            }
            if *self.tries > MOST_TRIES {
                return None;
            }
            // Back to the last slot that has a choice.
            loop {
                let (at, _) = filled.pop()?;
                if !self.way.slots.get(filled.len()).is_some_and(|slot| slot.follows) {
                    start = at + 1;
                    break;
                }
            }
        }
    }

    /// Where the line of the next slot begins to fit: at the earliest time that the rules allow.
    fn begin(&self, filled: &[(usize, usize)]) -> usize {
        let Some(line) = self.lines.get(filled.len()) else { return 0 };
        let (low, _) = self.allowed(filled);
        line.events.partition_point(|event| order(self.moments, *event) < low)
    }

    fn fit(&mut self, filled: &[(usize, usize)], start: usize, used: &[bool]) -> Option<(usize, usize)> {
        let slot = filled.len();
        let line = self.lines.get(slot)?;
        let (low, high) = self.allowed(filled);
        let timed = self.way.rules.iter().any(|rule| match rule {
            Rule::Within(range, _) | Rule::Between(range, ..) => range.contains(&slot),
            Rule::Order(first, second) => first.contains(&slot) || second.contains(&slot),
            Rule::Later(..) => false,
        });
        for (at, event) in line.events.iter().enumerate().skip(start) {
            *self.tries += 1;
            if *self.tries > MOST_TRIES {
                return None;
            }
            let place = order(self.moments, *event);
            if place.0 > high || (timed && place.0 == i64::MAX) {
                return None;
            }
            if place < low || used.get(*event).copied().unwrap_or(true) || filled.iter().any(|(_, other)| other == event) {
                continue;
            }
            return Some((at, *event));
        }
        None
    }

    /// The first place and the last moment that the rules leave for the next slot.
    fn allowed(&self, filled: &[(usize, usize)]) -> ((i64, usize), i64) {
        let slot = filled.len();
        let (mut low, mut high) = ((i64::MIN, 0), i64::MAX);
        let time = |at: usize| filled.get(at).and_then(|(_, event)| self.moments.get(*event).copied().flatten()).map(Timestamp::micros);
        for rule in &self.way.rules {
            match rule {
                Rule::Within(range, length) if range.contains(&slot) => {
                    let times = || (range.start..slot).filter_map(time);
                    if let (Some(first), Some(last)) = (times().min(), times().max()) {
                        low = low.max((last.saturating_sub(*length), 0));
                        high = high.min(first.saturating_add(*length));
                    }
                }
                Rule::Between(range, start, stop) if range.contains(&slot) => {
                    low = low.max((start.micros(), 0));
                    high = high.min(stop.micros().saturating_sub(1));
                }
                Rule::Order(first, second) if second.contains(&slot) => {
                    if let Some(last) = first.clone().filter_map(time).max() {
                        low = low.max((last, 0));
                    }
                }
                Rule::Later(first, second) if *second == slot => {
                    if let Some((_, event)) = filled.get(*first) {
                        let (time, place) = order(self.moments, *event);
                        low = low.max((time, place + 1));
                    }
                }
                _ => {}
            }
        }
        (low, high)
    }
}
