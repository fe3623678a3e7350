//! Which partitions go, by the rules alone.

use std::collections::BTreeMap;

use ::logs::Holding;
use model::Timestamp;

use super::Why;

/// How long what is kept.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Days that events are kept; 0 for good.
    pub(super) kept_days: u32,
    /// Bytes on disk that the index may take; 0 for any.
    pub(super) kept_bytes: u64,
    /// Every source by its row: its name, and its own days: 0 for good, none as for all.
    pub(super) sources: BTreeMap<i64, (String, Option<u32>)>,
}

impl Rules {
    /// Whether anything ever goes by them.
    pub(super) fn any(&self) -> bool {
        self.kept_days > 0 || self.kept_bytes > 0 || self.sources.values().any(|(_, days)| days.is_some_and(|days| days > 0))
    }
}

/// What a batch holds in a partition, and from when on its age counts.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) ends: Timestamp,
    pub(super) holding: Holding,
}

/// What a source holds in a partition, which goes as one.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) partition: String,
    pub(super) source: String,
    pub(super) why: Why,
    pub(super) batches: Vec<i64>,
    pub(super) events: u64,
    /// UTC days.
    pub(super) days: Option<(i64, i64)>,
    pub(super) raw_bytes: u64,
    pub(super) disk_bytes: u64,
}

/// What goes, by partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// Parts of one partition are neighbours.
    pub(super) parts: Vec<Part>,
    /// Bytes on disk that stay.
    pub(super) left: u64,
    /// By how many of them the limit is passed all the same.
    pub(super) over: u64,
}

pub(super) fn plan(rules: &Rules, held: Vec<Held>, now: Timestamp) -> Plan {
    let mut left: u64 = held.iter().map(|held| held.holding.disk_bytes).sum();
    // A deleted source goes by itself.
    let known = |held: &Held| rules.sources.get(&held.holding.source).map(|(name, own)| (name.clone(), *own));
    let mut going: Vec<(Held, String, Why)> = Vec::new();
    let mut staying: BTreeMap<(Timestamp, String), Vec<(Held, String)>> = BTreeMap::new();
    for held in held {
        let Some((name, own)) = known(&held) else { continue };
        let days = i64::from(own.unwrap_or(rules.kept_days));
        if days > 0 && held.ends.plus_seconds(days * 86_400) <= now {
            left = left.saturating_sub(held.holding.disk_bytes);
            going.push((held, name, Why::Age));
        } else if own != Some(0) && held.ends <= now {
            staying.entry((held.ends, held.holding.partition.clone())).or_default().push((held, name));
        }
    }
    if rules.kept_bytes > 0 {
        // The oldest first; a month that is not over stays.
        for group in staying.into_values() {
            if left <= rules.kept_bytes {
                break;
            }
            left = left.saturating_sub(group.iter().map(|(held, _)| held.holding.disk_bytes).sum());
            going.extend(group.into_iter().map(|(held, name)| (held, name, Why::Size)));
        }
    }
    let over = if rules.kept_bytes > 0 { left.saturating_sub(rules.kept_bytes) } else { 0 };
    Plan { parts: parts(going), left, over }
}

fn parts(going: Vec<(Held, String, Why)>) -> Vec<Part> {
    let mut parts: BTreeMap<(String, String, Why), Part> = BTreeMap::new();
    for (Held { holding, .. }, source, why) in going {
        let part = parts.entry((holding.partition.clone(), source.clone(), why)).or_insert_with(|| Part {
            partition: holding.partition.clone(),
            source,
            why,
            batches: Vec::new(),
            events: 0,
            days: None,
            raw_bytes: 0,
            disk_bytes: 0,
        });
        part.batches.push(holding.batch);
        part.events += holding.events;
        part.raw_bytes += holding.raw_bytes;
        part.disk_bytes += holding.disk_bytes;
        part.days = match (part.days, holding.days) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (known, other) => known.or(other),
        };
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap_or_default()
    }

    fn held(partition: &str, ends: &str, source: i64, bytes: u64) -> Held {
        let holding = Holding {
            partition: partition.to_owned(),
            ends: Some(time(ends)),
            source,
            batch: source,
            events: 10,
            days: Some((1, 2)),
            raw_bytes: bytes,
            disk_bytes: bytes,
        };
        Held { ends: time(ends), holding }
    }

    fn all() -> Vec<Held> {
        vec![
            held("p-2026-08", "2026-09-01", 1, 100),
            held("p-2026-09", "2026-10-01", 1, 100),
            held("p-2026-09", "2026-10-01", 2, 100),
            held("p-2026-11", "2026-12-01", 1, 100),
            held("p-2026-08", "2026-09-01", 3, 100),
        ]
    }

    fn rules(kept_days: u32, kept_bytes: u64) -> Rules {
        let source = |name: &str, days| (name.to_owned(), days);
        let sources = [(1, source("a", None)), (2, source("b", Some(10))), (3, source("evidence", Some(0)))].into();
        Rules { kept_days, kept_bytes, sources }
    }

    fn going(plan: &Plan) -> Vec<(&str, &str, Why)> {
        plan.parts.iter().map(|part| (part.partition.as_str(), part.source.as_str(), part.why)).collect()
    }

    #[test]
    fn a_month_goes_when_its_last_day_is_too_old() {
        let now = time("2026-11-24");
        assert_eq!(going(&plan(&rules(0, 0), all(), now)), [("p-2026-09", "b", Why::Age)], "its own days");
        let by_age = plan(&rules(60, 0), all(), now);
        assert_eq!(going(&by_age), [("p-2026-08", "a", Why::Age), ("p-2026-09", "b", Why::Age)]);
        assert_eq!(by_age.left, 300);
        // 2026-10-01 and 54 days are 2026-11-24.
        assert_eq!(plan(&rules(54, 0), all(), now).parts.len(), 3);
        assert_eq!(plan(&rules(55, 0), all(), now).parts.len(), 2);
    }

    #[test]
    fn the_oldest_go_until_the_rest_fits() {
        let now = time("2026-11-24");
        let fits = plan(&rules(0, 300), all(), now);
        assert_eq!(going(&fits), [("p-2026-08", "a", Why::Size), ("p-2026-09", "b", Why::Age)]);
        assert_eq!((fits.left, fits.over), (300, 0));
        // What is kept for good and a month that is not over stay.
        let tight = plan(&rules(0, 50), all(), now);
        assert_eq!((tight.parts.len(), tight.left, tight.over), (3, 200, 150));
        assert!(!Rules { sources: BTreeMap::new(), ..rules(0, 0) }.any() && rules(0, 0).any());
    }
}
