//! What can be asked, and what is answered.

use std::ops::Range;

use model::Timestamp;
use model::time::Window;

use crate::event::StoredEvent;

/// How the value of a needle is compared. See domain.md, *Match*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeedleKind {
    /// By the general rule.
    Plain,
    /// As `Plain`, and additionally not continued by one of `/ ? # & = %`.
    Url,
    /// A URL without its scheme: as `Plain`, and additionally not continued by a slash. Any query or fragment may follow.
    UrlPath,
    /// `192.0.2.0/24` or `2001:db8::/32`: any address of it.
    Network,
    /// `*` stands for any text within one value of an event, `?` for one character; otherwise as `Plain`.
    Wildcard,
    /// As `Plain`; when asked, the domains below it are counted besides.
    Domain {
        /// Whether [`NeedleResult::with_subdomains`] is wanted.
        with_subdomains: bool,
    },
}

/// One value to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// The caller's number for it; several needles may share one.
    pub id: i64,
    /// How it is compared.
    pub kind: NeedleKind,
    /// The value as it is expected in logs. Upper and lower case are the same.
    pub value: String,
    /// Other spellings of the same thing (`00-11-22-33-44-55` for a MAC address, `HKLM\…` for a registry key), and wider
    /// forms that were asked for (the host of a URL, the addresses of a network).
    pub alternatives: Vec<Alternative>,
}

/// What else counts as the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alternative {
    /// How it is compared.
    pub kind: NeedleKind,
    /// The text.
    pub value: String,
}

/// A question: these values, in this window, in these sources.
#[derive(Debug, Clone)]
pub struct SearchRequest<'a> {
    /// The values.
    pub needles: &'a [Needle],
    /// Events without a time count in [`Window::All`] only.
    pub window: Window,
    /// The sources to ask; `None` for all.
    pub sources: Option<&'a [i64]>,
    /// Only events that this batch brought; all when not told.
    pub batch: Option<i64>,
    /// How many raw events to give back for each needle and source: the earliest.
    pub samples: usize,
}

/// The events that first, last, days, hosts, accounts and samples of a result speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Those counted in [`NeedleResult::count`].
    Exact,
    /// There were none; those found by another spelling.
    Normalised,
    /// Neither; those that name a domain below.
    Subdomains,
}

/// What one source holds of one needle. A needle that was not found in a source has no result for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedleResult {
    /// The needle's id.
    pub id: i64,
    /// The source.
    pub source: i64,
    /// Events that hold the value by the rule *Match*. An event counts once.
    pub count: u64,
    /// Events that hold the value or one of its alternatives; `None` when the needle has none.
    pub count_normalised: Option<u64>,
    /// Events that name the domain or one below it; `None` when not asked.
    pub with_subdomains: Option<u64>,
    /// What everything below speaks of.
    pub basis: Basis,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// Events per UTC day (days since 1970-01-01), ascending.
    pub per_day: Vec<(i64, u64)>,
    /// Events without a time.
    pub without_time: u64,
    /// Machines and in how many events, most first.
    pub hosts: Vec<(String, u64)>,
    /// Accounts and in how many events, most first.
    pub accounts: Vec<(String, u64)>,
    /// The earliest events, at most as many as asked for.
    pub samples: Vec<Sample>,
}

/// A raw event in which the needle was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The event.
    pub event: StoredEvent,
    /// Where in `event.raw` the value stands, as byte ranges on character boundaries, ascending, not overlapping.
    /// Empty when it stands there in an escaped form that differs from what was looked for.
    pub marks: Vec<Range<usize>>,
}

/// A needle that could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The needle's id.
    pub id: i64,
    /// Why, in words for the person who asked.
    pub reason: String,
}

/// The answer to a [`SearchRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchOutcome {
    /// Ordered by position of the needle in the request, then source.
    pub results: Vec<NeedleResult>,
    /// Needles that were not looked up: these are neither seen nor "not seen".
    pub refused: Vec<Refused>,
}

/// What a source holds: so that "not seen" can be told from "no data".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCoverage {
    /// The source.
    pub source: i64,
    /// The earliest time over everything it holds, whatever the window.
    pub first: Option<Timestamp>,
    /// The latest time, likewise.
    pub last: Option<Timestamp>,
    /// Events per UTC day (days since 1970-01-01) that the window touches, ascending; days without events are absent.
    pub per_day: Vec<(i64, u64)>,
    /// All its events, whatever the window.
    pub events: u64,
    /// Those without a time, which only a search over all data finds.
    pub without_time: u64,
    /// Bytes of its raw events.
    pub raw_bytes: u64,
    /// Its share of the bytes on disk, by raw bytes.
    pub disk_bytes: u64,
    /// What retention took, by UTC day that the window touches, ascending; later logs may have brought events of such a day
    /// again.
    pub gone: Vec<GoneDay>,
    /// What retention took that has no time, or one too far off to be true, whatever the window: how many events, and when
    /// last.
    pub gone_without_day: Option<(u64, Timestamp)>,
}

/// Events of one UTC day that retention took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneDay {
    /// Days since 1970-01-01.
    pub day: i64,
    /// How many events.
    pub events: u64,
    /// When, the last time.
    pub at: Timestamp,
}

/// The size of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Events.
    pub events: u64,
    /// Batches.
    pub batches: u64,
    /// Partitions (months).
    pub partitions: u64,
    /// Segments over all partitions; each is asked by each search.
    pub segments: u64,
    /// Bytes of raw events.
    pub raw_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
}
