//! What goes by age and size: whole partitions of a source, and what is remembered of them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document::EventFields;
use crate::error::LogError;
use crate::event::BatchSummary;
use crate::index::{Snapshot, Writing};
use crate::manifest::sync_parent;
use crate::partition::{Key, disk_bytes};
use crate::request::GoneDay;

/// How the directory of a partition is named while it is removed: nothing opens it any more.
const GONE: &str = "gone-";

/// What a batch holds in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The partition: `p-2023-08`, a UTC month; `p-far`, times too far off to be true; `p-none`, no times.
    pub partition: String,
    /// When the partition's last event happened at the latest, and a microsecond more; none where that is not known.
    pub ends: Option<Timestamp>,
    /// The source.
    pub source: i64,
    /// The batch.
    pub batch: i64,
    /// How many events.
    pub events: u64,
    /// The UTC days of the first and the last of them.
    pub days: Option<(i64, i64)>,
    /// About how many bytes of raw events, by the share of events.
    pub raw_bytes: u64,
    /// About how many bytes on disk, likewise.
    pub disk_bytes: u64,
}

/// What of a batch lies in one partition, or outside of it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) events: u64,
    days: Vec<(i64, u64)>,
    /// Without a time, or with one too far off.
    without_day: u64,
}

/// What is left of a batch without what it holds in a partition, and what that is.
pub(crate) fn split(summary: &BatchSummary, key: Key) -> (BatchSummary, Taken) {
    let mut left = summary.clone();
    let mut taken = Taken::default();
    if key == Key::None {
        taken.events = std::mem::take(&mut left.without_time);
        taken.without_day = taken.events;
    } else {
        left.per_day.retain(|(day, count)| {
            let here = Key::of(Some(Timestamp::from_day(*day))) == key;
            if here {
                taken.events += count;
                taken.days.push((*day, *count));
            }
            !here
        });
        if key == Key::Far {
            taken.without_day = taken.events;
            taken.days.clear();
        }
    }
    left.events = left.events.saturating_sub(taken.events);
    left.bytes = share(summary.bytes, left.events, summary.events);
    // To the day, where the first or the last went.
    let (first, last) = (left.per_day.first().map(|(day, _)| *day), left.per_day.last().map(|(day, _)| *day));
    left.first = summary.first.filter(|time| Some(time.day()) == first).or(first.map(Timestamp::from_day));
    let end_of = |day: i64| Timestamp(Timestamp::from_day(day + 1).micros() - 1);
    left.last = summary.last.filter(|time| Some(time.day()) == last).or(last.map(end_of));
    (left, taken)
}

fn share(of: u64, part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { u64::try_from(u128::from(of) * u128::from(part) / u128::from(whole)).unwrap_or(u64::MAX) }
}

/// What retention took of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gone {
    /// By UTC day: events, and when they were last taken, in microseconds.
    days: BTreeMap<i64, (u64, i64)>,
    /// Those without a day likewise.
    without_day: (u64, i64),
}

impl Gone {
    pub(crate) fn add(&mut self, taken: &Taken, at: i64) {
        let put = |slot: &mut (u64, i64), events: u64| *slot = (slot.0 + events, slot.1.max(at));
        for (day, events) in &taken.days {
            put(self.days.entry(*day).or_default(), *events);
        }
        if taken.without_day > 0 {
            put(&mut self.without_day, taken.without_day);
        }
    }

    /// The days between two, both included; all when not told.
    pub(crate) fn days(&self, within: Option<(i64, i64)>) -> Vec<GoneDay> {
        let inside = |day: i64| within.is_none_or(|(first, last)| (first..=last).contains(&day));
        let days = self.days.iter().filter(|(day, _)| inside(**day));
        days.map(|(day, (events, at))| GoneDay { day: *day, events: *events, at: Timestamp(*at) }).collect()
    }

    pub(crate) fn without_day(&self) -> Option<(u64, Timestamp)> {
        let (events, at) = self.without_day;
        (events > 0).then_some((events, Timestamp(at)))
    }
}

pub(crate) fn holdings(snapshot: &Snapshot, dir: &Path) -> Result<Vec<Holding>, LogError> {
    let mut found = Vec::new();
    let mut all: BTreeMap<Key, u64> = BTreeMap::new();
    for (batch, finished) in &snapshot.batches {
        let summary = &finished.summary;
        let mut by_key: BTreeMap<Key, (u64, Option<(i64, i64)>)> = BTreeMap::new();
        for (day, count) in &summary.per_day {
            let (events, days) = by_key.entry(Key::of(Some(Timestamp::from_day(*day)))).or_default();
            *events += count;
            *days = Some(days.map_or((*day, *day), |(first, _)| (first, *day)));
        }
        if summary.without_time > 0 {
            by_key.insert(Key::None, (summary.without_time, None));
        }
        for (key, (events, days)) in by_key {
            *all.entry(key).or_default() += events;
            let raw_bytes = share(summary.bytes, events, summary.events);
            let holding = Holding {
                partition: key.to_string(),
                ends: key.ends(),
                source: finished.source,
                batch: *batch,
                events,
                days,
                raw_bytes,
                disk_bytes: 0,
            };
            found.push((key, holding));
        }
    }
    let mut on_disk: BTreeMap<Key, u64> = BTreeMap::new();
    for key in all.keys() {
        on_disk.insert(*key, disk_bytes(&dir.join(key.to_string()))?);
    }
    for (key, holding) in &mut found {
        let of = |map: &BTreeMap<Key, u64>| map.get(key).copied().unwrap_or_default();
        holding.disk_bytes = share(of(&on_disk), holding.events, of(&all));
    }
    found.sort_by_key(|(key, holding)| (*key, holding.source, holding.batch));
    Ok(found.into_iter().map(|(_, holding)| holding).collect())
}

/// Removes from the disk what retention took. A partition in which nothing is left goes as a whole.
pub(crate) fn finish(dir: &Path, fields: &EventFields, writing: &mut Writing) -> Result<(), LogError> {
    for (key, batches) in writing.manifest.expiring().to_vec() {
        let held = writing.manifest.finished().values().any(|finished| split(&finished.summary, key).1.events > 0);
        if held {
            if let Some(partition) = writing.partitions.get(&key) {
                partition.remove(fields, &batches)?;
            }
        } else {
            writing.partitions.remove(&key);
            drop_directory(dir, key)?;
        }
        writing.manifest.expired(key)?;
    }
    Ok(())
}

/// Renamed first, in one step, so that no half of it is ever opened.
fn drop_directory(dir: &Path, key: Key) -> Result<(), LogError> {
    let (path, gone) = (dir.join(key.to_string()), dir.join(format!("{GONE}{key}")));
    remove(&gone)?;
    match std::fs::rename(&path, &gone) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        done => done.map_err(LogError::io("cannot rename", &path))?,
    }
    sync_parent(&path)?;
    remove(&gone)
}

fn remove(path: &Path) -> Result<(), LogError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.map_err(LogError::io("cannot remove", path)),
    }
}

/// Removes directories whose removal was interrupted.
pub(crate) fn sweep(dir: &Path) -> Result<(), LogError> {
    for entry in std::fs::read_dir(dir).map_err(LogError::io("cannot read", dir))? {
        let entry = entry.map_err(LogError::io("cannot read", dir))?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(GONE)) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}
