//! Logs as both doors show them.

use formats::log_events::{Format, Member};
use model::Timestamp;
use model::sighting::LogFileState;
use serde::{Deserialize, Serialize};

use crate::job::JobView;

/// Events of one UTC day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayCount {
    /// `2026-11-24`.
    pub day: String,
    /// How many.
    pub count: i64,
}

impl DayCount {
    pub(crate) fn of(day: i64, count: u64) -> Self {
        Self { day: Timestamp::from_day(day).date(), count: count.try_into().unwrap_or(i64::MAX) }
    }
}

/// UTC days in a row without any event, between the first and the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Gap {
    /// The first of them, `2026-11-24`.
    pub from: String,
    /// The last of them.
    pub to: String,
    /// How many.
    pub days: i64,
}

/// A name, and in how many events it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NameCount {
    /// The name as the logs have it.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// A source of logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogSourceView {
    /// Its name.
    pub name: String,
    /// How many files are searchable.
    pub files: i64,
    /// How many are being read.
    pub files_indexing: i64,
    /// Searchable events.
    pub events: i64,
    /// Those without a time, which only a search over all data finds.
    pub without_time: i64,
    /// Bytes of the files as they were given.
    pub bytes: i64,
    /// Bytes of the events, unpacked.
    pub raw_bytes: i64,
    /// About how many bytes they take on disk.
    pub disk_bytes: i64,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// Events by day; days without events are absent.
    pub days: Vec<DayCount>,
    /// Days without events between the first and the last.
    pub gaps: Vec<Gap>,
    /// The format that was last chosen by hand for its files, by its name; `auto` when their content tells.
    pub format: String,
    /// Seconds that are added to the times of its files.
    pub clock_offset: i64,
    /// Days that its events are kept: 0 for good, null as is set for all sources.
    pub kept_days: Option<u32>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A log file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogFileView {
    /// The id.
    pub id: String,
    /// The source's name.
    pub source: String,
    /// The file's name, as it was given.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// How many bytes.
    pub bytes: i64,
    /// Where it stands.
    pub state: LogFileState,
    /// Searchable events in it.
    pub events: i64,
    /// How many more it had, which retention removed.
    pub expired: i64,
    /// When it last removed some.
    pub expired_at: Option<Timestamp>,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// What was read; null until then.
    pub report: Option<LogReport>,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// The job that reads it.
    pub job: Option<JobView>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// What was read of a log file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogReport {
    /// Searchable events.
    pub events: i64,
    /// Events without a time: only a search over all data finds them.
    pub without_time: i64,
    /// Events whose time names no zone: it was read as UTC.
    pub without_zone: i64,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// Lines that are no JSON; kept as plain text.
    pub not_json: i64,
    /// Lines nested too deep; kept as plain text.
    pub too_deep: i64,
    /// Lines that are not UTF-8; kept, with U+FFFD for what is not.
    pub not_utf8: i64,
    /// Lines that are too long; not kept.
    pub too_long: i64,
    /// Records of event log files that are damaged, not kept, and rows of CSV with a quote that nothing closes, kept by themselves.
    #[serde(default)]
    pub damaged: i64,
    /// The first 100 bad lines.
    pub bad_lines: Vec<BadLine>,
    /// The files in an archive that could not be read, or not to their end.
    pub broken_members: Vec<BrokenMember>,
    /// How many files were read.
    pub members: i64,
    /// The first 200 of them, with the format that each was read as.
    #[serde(default)]
    pub files: Vec<ReadFile>,
    /// Machines, most events first, at most 50.
    pub hosts: Vec<NameCount>,
    /// How many machines.
    pub host_count: i64,
    /// How many accounts.
    pub account_count: i64,
    /// Events by day.
    pub days: Vec<DayCount>,
}

impl LogReport {
    /// How many lines were not as they should be.
    #[must_use]
    pub fn bad(&self) -> i64 {
        self.not_json + self.too_deep + self.not_utf8 + self.too_long + self.damaged
    }

    /// The formats that its files were read as, in words, each once.
    #[must_use]
    pub fn formats(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        for label in self.files.iter().filter(|file| !file.format.is_empty()).map(ReadFile::format_label) {
            if !all.contains(&label) {
                all.push(label);
            }
        }
        all
    }
}

/// A file that was read, alone or within an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadFile {
    /// Its path within the archive; empty when it came alone.
    pub name: String,
    /// The format that it was read as, by the name that `format` of an import takes; empty when it was not read.
    pub format: String,
    /// The character set.
    pub encoding: String,
    /// Events in it.
    pub events: i64,
}

impl ReadFile {
    pub(crate) fn of(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            format: member.format.map(|format| format.name().to_owned()).unwrap_or_default(),
            encoding: member.encoding.to_owned(),
            events: i64::try_from(member.events).unwrap_or(i64::MAX),
        }
    }

    /// The format in words.
    #[must_use]
    pub fn format_label(&self) -> &'static str {
        self.format.parse::<Format>().map_or("not read", Format::label)
    }
}

/// A line that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BadLine {
    /// The file within the archive, or empty.
    pub member: String,
    /// The line, counted from 1.
    pub line: i64,
    /// What is wrong with it, and what became of it.
    pub problem: String,
}

/// A file within an archive that could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BrokenMember {
    /// Its path.
    pub name: String,
    /// Events read before.
    pub events: i64,
    /// Why.
    pub why: String,
}

/// The days without events between days with some.
pub(crate) fn gaps(per_day: &[(i64, u64)]) -> Vec<Gap> {
    let pairs = per_day.iter().zip(per_day.iter().skip(1));
    pairs.filter_map(|((before, _), (after, _))| gap(before + 1, after - 1)).collect()
}

/// The gap between two days, both part of it, when there is one.
pub(crate) fn gap(from: i64, to: i64) -> Option<Gap> {
    (from <= to).then(|| Gap { from: Timestamp::from_day(from).date(), to: Timestamp::from_day(to).date(), days: to - from + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_between_days_with_events() {
        assert_eq!(gaps(&[]), []);
        assert_eq!(gaps(&[(0, 1), (1, 1)]), []);
        let found = gaps(&[(0, 5), (3, 1), (4, 1), (6, 2)]);
        let words: Vec<(&str, &str, i64)> = found.iter().map(|g| (g.from.as_str(), g.to.as_str(), g.days)).collect();
        assert_eq!(words, [("1970-01-02", "1970-01-03", 2), ("1970-01-06", "1970-01-06", 1)]);
    }
}
