//! Sightings as both doors show them.

use model::job::JobState;
use model::sighting::{Basis, Outcome, UrlMatch};
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};

use super::{EarlierView, SourceChange};
use crate::job::JobView;
use crate::logs::{DayCount, Gap, NameCount};
use crate::record::RecordView;

/// The time that a search covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WindowView {
    /// As people say it: `last 7 days`, `2026-11-01 to 2026-11-08`, `all data`.
    pub text: String,
    /// From when on; none for all data.
    pub from: Option<Timestamp>,
    /// Until when, included; none for all data.
    pub to: Option<Timestamp>,
    /// Whether all data was searched, events without a time among them.
    pub all_data: bool,
}

/// How many observables came out how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SightingTotals {
    /// How many were asked for, indicators among them.
    pub observables: i64,
    /// How many of them are indicators, whose patterns were evaluated.
    pub patterns: i64,
    /// Seen in at least one source.
    pub seen: i64,
    /// Seen in none, with data in at least one.
    pub not_seen: i64,
    /// No source has data in the window.
    pub no_coverage: i64,
    /// Could not be looked up.
    pub failed: i64,
    /// Not yet searched.
    pub pending: i64,
}

/// What a source has in the window: what "not seen" stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CoverageView {
    /// The source's name.
    pub source: String,
    /// Whether it has any data in the window.
    pub covered: bool,
    /// In words: `9 of 14 days, 21,000,000 events`, `no data in this window`.
    pub text: String,
    /// Events on the window's days; on all days for all data.
    pub events: i64,
    /// Days of the window (UTC) with events.
    pub days_covered: i64,
    /// Days of the window; for all data, from the source's first to its last.
    pub days_in_window: i64,
    /// Events by day; days without events are absent.
    pub days: Vec<DayCount>,
    /// Days of the window without any event.
    pub gaps: Vec<Gap>,
    /// Days of the window whose events retention removed; later logs may have brought events of such a day again.
    #[serde(default)]
    pub deleted: Vec<DeletedDays>,
    /// Its earliest time, whatever the window.
    pub first: Option<Timestamp>,
    /// Its latest time, whatever the window.
    pub last: Option<Timestamp>,
    /// Its events without a time, which only a search over all data finds.
    pub without_time: i64,
}

/// UTC days in a row whose events retention removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeletedDays {
    /// The first of them, `2026-11-24`; empty for events without a time.
    pub from: String,
    /// The last of them.
    pub to: String,
    /// How many; days in between that never had events count.
    pub days: i64,
    /// How many events.
    pub events: i64,
    /// The day they were removed on.
    pub on: String,
}

/// A record that a name in the logs may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CandidateView {
    /// The record's id.
    pub record_id: String,
    /// Configuration item or user.
    pub kind: Kind,
    /// What it is called.
    pub title: String,
    /// Its class or department.
    pub category: String,
    /// Who it belongs to.
    pub owner: String,
    /// How it matched: `host name mkt01.pandalab.com`, `short host name mkt01`, `IP address 192.0.2.1`, …
    pub matched_by: String,
    /// Whether it is in the case already.
    pub in_case: bool,
}

/// A machine or account in the hits, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SeenNameView {
    /// The name as the logs have it.
    pub name: String,
    /// In how many hits.
    pub count: i64,
    /// How many different observables were seen with it; 1 in a result.
    pub observables: i64,
    /// Records that it may stand for, the surest first. Several are never joined; a person decides.
    pub candidates: Vec<CandidateView>,
}

/// A sightings search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SightingView {
    /// `SIGHT0001001`.
    pub number: String,
    /// The case's number.
    pub case: String,
    /// Where it stands.
    pub state: JobState,
    /// The time that it covers.
    pub window: WindowView,
    /// The sources that were asked.
    pub sources: Vec<String>,
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// How many observables came out how.
    pub totals: SightingTotals,
    /// What each source has in the window.
    pub coverage: Vec<CoverageView>,
    /// Machines in the hits that may be known configuration items, most hits first.
    pub matched_hosts: Vec<SeenNameView>,
    /// Machines in the hits that are no known configuration item.
    pub unmatched_hosts: Vec<SeenNameView>,
    /// How many machines are in the hits; at most 1,000 are listed.
    pub hosts_total: i64,
    /// Accounts in the hits that may be known users, most hits first.
    pub matched_accounts: Vec<SeenNameView>,
    /// Accounts in the hits that are no known user.
    pub unmatched_accounts: Vec<SeenNameView>,
    /// How many accounts are in the hits; at most 1,000 are listed.
    pub accounts_total: i64,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The job that carries it out: progress, rate, time left.
    pub job: Option<JobView>,
    /// The newest finished search of the case before it; none if there is none.
    pub earlier: Option<EarlierView>,
    /// Observables that were seen in a source in which the earlier search did not see them, for whatever reason; 0 until it has ended.
    pub new: i64,
}

/// A sightings search in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SightingSummary {
    /// `SIGHT0001001`.
    pub number: String,
    /// The case's number.
    pub case: String,
    /// Where it stands.
    pub state: JobState,
    /// The time that it covers.
    pub window: WindowView,
    /// The sources that were asked.
    pub sources: Vec<String>,
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// How many observables came out how.
    pub totals: SightingTotals,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A raw event in which an observable was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SampleView {
    /// When.
    pub time: Option<Timestamp>,
    /// The machine.
    pub host: Option<String>,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The file within the archive, or empty.
    pub member: String,
    /// The line, counted from 1.
    pub line: i64,
    /// The event as it was written; a long one is cut around the first match.
    pub raw: String,
    /// Where in `raw` the value stands: byte ranges, from and before, ascending.
    pub marks: Vec<(usize, usize)>,
    /// Whether `raw` was cut.
    pub cut: bool,
}

/// What one source holds of one observable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SightingResultView {
    /// The observable.
    pub observable: RecordView,
    /// The source's name.
    pub source: String,
    /// What was found.
    pub outcome: Outcome,
    /// Events that hold the value.
    pub count: i64,
    /// False where the source stopped counting: "at least".
    pub count_is_exact: bool,
    /// Events that hold it in this or another spelling, where there is another.
    pub count_normalised: Option<i64>,
    /// Events that name the domain or one below it; domains only.
    pub with_subdomains: Option<i64>,
    /// Which events the rest speaks of.
    pub basis: Basis,
    /// Whether others told it, rather than our own sources.
    pub external: bool,
    /// First seen.
    pub first_seen: Option<Timestamp>,
    /// Last seen.
    pub last_seen: Option<Timestamp>,
    /// Events by day; days without events are absent.
    pub histogram: Vec<DayCount>,
    /// Events without a time among them.
    pub without_time: i64,
    /// Machines, most events first, at most 100.
    pub hosts: Vec<SeenNameView>,
    /// How many machines.
    pub hosts_total: i64,
    /// Accounts, most events first, at most 100.
    pub accounts: Vec<SeenNameView>,
    /// How many accounts.
    pub accounts_total: i64,
    /// Configuration items that those machines may be, each once.
    pub matched_configuration_items: Vec<CandidateView>,
    /// Users that those accounts may be, each once.
    pub matched_users: Vec<CandidateView>,
    /// The earliest events, at most five.
    pub samples: Vec<SampleView>,
    /// The query as it was sent.
    pub query: String,
    /// The source's own page for it.
    pub link: Option<String>,
    /// Why the source could not answer, or what it could not take into account; empty otherwise.
    pub error: String,
    /// What the source has in the window, in words.
    pub coverage: String,
}

/// An observable of a search, over all sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SightingRowView {
    /// The observable.
    pub observable: RecordView,
    /// What was found over all sources.
    pub outcome: Outcome,
    /// Events that hold it, over all sources.
    pub hits: i64,
    /// First seen in any.
    pub first_seen: Option<Timestamp>,
    /// Last seen in any.
    pub last_seen: Option<Timestamp>,
    /// Source by source, in the order of their names.
    pub sources: Vec<SightingResultView>,
    /// What became of it since the earlier search that was named, by source in which either saw it; else empty.
    pub changes: Vec<SourceChange>,
}

/// What a search found of a record, for its details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordSightingView {
    /// The search's number.
    pub number: String,
    /// The case's number.
    pub case: String,
    /// The time that it covers.
    pub window: WindowView,
    /// When it was started.
    pub created_at: Timestamp,
    /// What the source holds.
    pub result: SightingResultView,
}

/// Names with their counts, as they are stored with a search.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredNames {
    /// How many there are; fewer are kept.
    pub(crate) total: i64,
    pub(crate) names: Vec<StoredName>,
}

/// A name, its hits, and with how many observables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredName {
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) observables: i64,
}

/// What is stored of a result beside its columns: shown, never queried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    pub(crate) basis: Option<Basis>,
    pub(crate) histogram: Vec<DayCount>,
    pub(crate) without_time: i64,
    pub(crate) hosts: Vec<NameCount>,
    pub(crate) hosts_total: i64,
    pub(crate) accounts: Vec<NameCount>,
    pub(crate) accounts_total: i64,
    pub(crate) samples: Vec<SampleView>,
    pub(crate) query: String,
    pub(crate) coverage: String,
    /// The source's own page.
    pub(crate) link: Option<String>,
}
