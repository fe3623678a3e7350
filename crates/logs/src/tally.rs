//! Counting what was found.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::Timestamp;
use tantivy::DocId;

use crate::batch::DayCounter;

/// Where an event lies during one search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    /// Place of the segment in the search.
    pub(crate) segment: u32,
    pub(crate) doc: DocId,
}

/// What one source holds of one needle, by one way of matching.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) days: DayCounter,
    pub(crate) without_time: u64,
    pub(crate) hosts: HashMap<Arc<str>, u64>,
    pub(crate) accounts: HashMap<Arc<str>, u64>,
    /// The earliest events, those without a time last.
    pub(crate) earliest: Vec<(i64, Address)>,
}

impl Tally {
    /// Counts events of one segment, apart from their hosts and accounts. `times` runs parallel to `docs`.
    ///
    /// Neighbours mostly fall on one day and are later than the earliest that are kept already: looked at together,
    /// an event costs a comparison or two.
    pub(crate) fn events(&mut self, times: &[Option<i64>], docs: &[DocId], segment: u32, samples: usize) {
        self.count += docs.len() as u64;
        let known = || times.iter().copied().flatten();
        let timed = known().count();
        self.without_time += (docs.len() - timed) as u64;
        let (first, last) = known().fold((i64::MAX, i64::MIN), |(first, last), time| (first.min(time), last.max(time)));
        if timed > 0 {
            self.first = Some(self.first.map_or(first, |known| known.min(first)));
            self.last = Some(self.last.map_or(last, |known| known.max(last)));
            let (first, last) = (Timestamp(first).day(), Timestamp(last).day());
            if first == last {
                self.days.count(first, timed as u64);
            } else {
                known().for_each(|time| self.days.count(Timestamp(time).day(), 1));
            }
        }
        if self.earliest.len() < samples || self.earliest.last().is_some_and(|(latest, _)| first <= *latest) {
            for (&doc, time) in docs.iter().zip(times) {
                self.keep((time.unwrap_or(i64::MAX), Address { segment, doc }), samples);
            }
        }
    }

    fn keep(&mut self, candidate: (i64, Address), samples: usize) {
        if self.earliest.len() < samples || self.earliest.last().is_some_and(|last| candidate < *last) {
            let at = self.earliest.partition_point(|kept| *kept < candidate);
            self.earliest.insert(at, candidate);
            self.earliest.truncate(samples);
        }
    }

    /// Adds what another thread counted.
    pub(crate) fn merge(&mut self, other: Self, samples: usize) {
        self.count += other.count;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
        self.days.merge(other.days);
        self.without_time += other.without_time;
        for (name, count) in other.hosts {
            *self.hosts.entry(name).or_default() += count;
        }
        for (name, count) in other.accounts {
            *self.accounts.entry(name).or_default() += count;
        }
        for candidate in other.earliest {
            self.keep(candidate, samples);
        }
    }
}

/// The ways of matching, per source, of one needle.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    pub(crate) exact: BTreeMap<i64, Tally>,
    pub(crate) normalised: BTreeMap<i64, Tally>,
    pub(crate) below: BTreeMap<i64, Tally>,
}

impl Tallies {
    pub(crate) fn merge(&mut self, other: Self, samples: usize) {
        for (mine, others) in [(&mut self.exact, other.exact), (&mut self.normalised, other.normalised), (&mut self.below, other.below)] {
            for (source, tally) in others {
                mine.entry(source).or_default().merge(tally, samples);
            }
        }
    }
}

/// Counts the names of a column by their place in its dictionary.
///
/// A needle that many events hold mostly has few names: counting by place in an array hashes nothing.
#[derive(Debug, Default)]
pub(crate) struct NameCounter {
    counts: Vec<u32>,
    touched: Vec<u32>,
}

impl NameCounter {
    pub(crate) fn count(&mut self, place: u64, events: u32) {
        let place = place as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            if *count == 0 {
                self.touched.push(place as u32);
            }
            *count += events;
        }
    }

    /// Gives each place and its count, and forgets them.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(u64, u32)) {
        for place in self.touched.drain(..) {
            if let Some(count) = self.counts.get_mut(place as usize) {
                each(u64::from(place), std::mem::take(count));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_are_kept_and_merging_is_counting_together() {
        let times = [Some(50), None, Some(10), Some(30), Some(-5), None, Some(40)];
        let (mut whole, mut left, mut right) = (Tally::default(), Tally::default(), Tally::default());
        whole.events(&times, &[0, 1, 2, 3, 4, 5, 6], 0, 3);
        for (doc, time) in times.into_iter().enumerate() {
            let half = if doc % 2 == 0 { &mut left } else { &mut right };
            half.events(&[time], &[doc as u32], 0, 3);
        }
        left.merge(right, 3);
        for tally in [&whole, &left] {
            assert_eq!((tally.count, tally.without_time, tally.first, tally.last), (7, 2, Some(-5), Some(50)));
            assert_eq!(tally.earliest.iter().map(|e| e.0).collect::<Vec<_>>(), [-5, 10, 30]);
        }
        assert_eq!(whole.days.take(), [(-1, 1), (0, 4)]);
        assert_eq!(left.days.take(), [(-1, 1), (0, 4)]);
        let mut none = Tally::default();
        none.events(&[Some(1)], &[0], 0, 0);
        assert_eq!(none.earliest, []);
        let mut untimed = Tally::default();
        untimed.events(&[None, None], &[4, 5], 1, 1);
        assert_eq!((untimed.first, untimed.earliest.len(), untimed.without_time), (None, 1, 2));
    }
}
