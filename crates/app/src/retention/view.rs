//! Retention as both doors show it.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::job::JobView;

/// How long events are kept, and what they take.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetentionView {
    /// Days that events are kept; 0 for good. They go by whole months (UTC), when the month's last day is older.
    pub kept_days: u32,
    /// Bytes on disk that the log index may take; 0 for any. The oldest months go first; the month that is not over stays.
    pub kept_bytes: u64,
    /// Every source of logs.
    pub sources: Vec<SourceRetention>,
    /// Bytes of the log index on disk.
    pub disk_bytes: u64,
    /// Bytes of the events, unpacked.
    pub raw_bytes: u64,
    /// Bytes of the searchable files as they were given.
    pub file_bytes: u64,
    /// When it runs next; nothing when no rule is set.
    pub next_at: Option<Timestamp>,
    /// The last run.
    pub last: Option<RetentionRun>,
    /// The job that runs it now.
    pub job: Option<JobView>,
}

/// How long the events of a source are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SourceRetention {
    /// The source's name.
    pub source: String,
    /// Days that its events are kept: 0 for good, also when the disk's limit is passed; null as is set for all.
    pub kept_days: Option<u32>,
    /// Searchable events.
    pub events: i64,
    /// About how many bytes they take on disk.
    pub disk_bytes: i64,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
}

/// A run of retention.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetentionRun {
    /// When it ended.
    pub at: Timestamp,
    /// Who asked for it; `system` when it was due.
    pub by: String,
    /// How many partitions lost events.
    pub partitions: u64,
    /// How many events went.
    pub events: u64,
    /// About how many bytes on disk they took.
    pub disk_bytes: u64,
}

/// Why something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is older than is kept.
    Age,
    /// The index takes more room than it may.
    Size,
}

/// What would go now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetentionPlanView {
    /// The partitions that lose events, oldest first.
    pub partitions: Vec<ExpiredPart>,
    /// How many events go.
    pub events: u64,
    /// About how many bytes on disk they take.
    pub disk_bytes: u64,
    /// Bytes on disk that stay.
    pub left_bytes: u64,
    /// By how many of them the limit is passed all the same: nothing more is old enough, or may go.
    pub over_bytes: u64,
}

/// What a partition loses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExpiredPart {
    /// `2023-08`, a UTC month; `none` for events without a time; `far` for times before 1990 or after 2100.
    pub partition: String,
    /// Of which sources.
    pub sources: Vec<ExpiredSource>,
}

/// What a source loses of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExpiredSource {
    /// The source's name.
    pub source: String,
    /// Why.
    pub why: Why,
    /// How many events.
    pub events: u64,
    /// How many files they came in.
    pub files: u64,
    /// The first UTC day of them, `2023-08-01`; empty without times.
    pub from: String,
    /// The last.
    pub to: String,
    /// Bytes of the events, unpacked.
    pub raw_bytes: u64,
    /// About how many bytes on disk.
    pub disk_bytes: u64,
}

/// How a partition is named to people.
pub(super) fn name(partition: &str) -> &str {
    partition.strip_prefix("p-").unwrap_or(partition)
}

impl From<&Plan> for RetentionPlanView {
    fn from(plan: &Plan) -> Self {
        let mut partitions: BTreeMap<&str, Vec<ExpiredSource>> = BTreeMap::new();
        for part in &plan.parts {
            let date = |day: i64| Timestamp::from_day(day).date();
            partitions.entry(name(&part.partition)).or_default().push(ExpiredSource {
                source: part.source.clone(),
                why: part.why,
                events: part.events,
                files: part.batches.len() as u64,
                from: part.days.map(|(first, _)| date(first)).unwrap_or_default(),
                to: part.days.map(|(_, last)| date(last)).unwrap_or_default(),
                raw_bytes: part.raw_bytes,
                disk_bytes: part.disk_bytes,
            });
        }
        Self {
            partitions: partitions
                .into_iter()
                .map(|(partition, sources)| ExpiredPart { partition: partition.to_owned(), sources })
                .collect(),
            events: plan.parts.iter().map(|part| part.events).sum(),
            disk_bytes: plan.parts.iter().map(|part| part.disk_bytes).sum(),
            left_bytes: plan.left,
            over_bytes: plan.over,
        }
    }
}
