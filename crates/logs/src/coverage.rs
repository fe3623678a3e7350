//! What each source holds, from the summaries of its batches: no event is read.

use std::collections::BTreeMap;

use model::time::Window;

use crate::index::Snapshot;
use crate::request::SourceCoverage;

pub(crate) fn coverage(snapshot: &Snapshot, window: Window, sources: Option<&[i64]>, disk_bytes: u64) -> Vec<SourceCoverage> {
    let within = window.days();
    let all_raw: u64 = snapshot.batches.values().map(|b| b.summary.bytes).sum();
    let mut by_source: BTreeMap<i64, (SourceCoverage, BTreeMap<i64, u64>)> = BTreeMap::new();
    for finished in snapshot.batches.values() {
        if sources.is_some_and(|wanted| !wanted.contains(&finished.source)) {
            continue;
        }
        let (row, days) = by_source.entry(finished.source).or_insert_with(|| (empty(finished.source), BTreeMap::new()));
        let summary = &finished.summary;
        row.first = row.first.into_iter().chain(summary.first).min();
        row.last = row.last.into_iter().chain(summary.last).max();
        row.events += summary.events;
        row.without_time += summary.without_time;
        row.raw_bytes += summary.bytes;
        for (day, count) in &summary.per_day {
            if within.is_none_or(|(first, last)| (first..=last).contains(day)) {
                *days.entry(*day).or_default() += count;
            }
        }
    }
    for (source, gone) in &snapshot.gone {
        if sources.is_some_and(|wanted| !wanted.contains(source)) {
            continue;
        }
        let (row, _) = by_source.entry(*source).or_insert_with(|| (empty(*source), BTreeMap::new()));
        row.gone = gone.days(within);
        row.gone_without_day = gone.without_day();
    }
    let share = |raw: u64| if all_raw == 0 { 0 } else { (u128::from(disk_bytes) * u128::from(raw) / u128::from(all_raw)) as u64 };
    by_source
        .into_values()
        .map(|(row, days)| SourceCoverage { per_day: days.into_iter().collect(), disk_bytes: share(row.raw_bytes), ..row })
        .collect()
}

fn empty(source: i64) -> SourceCoverage {
    SourceCoverage {
        source,
        first: None,
        last: None,
        per_day: Vec::new(),
        events: 0,
        without_time: 0,
        raw_bytes: 0,
        disk_bytes: 0,
        gone: Vec::new(),
        gone_without_day: None,
    }
}
