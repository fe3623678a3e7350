//! Looking through events: how many, when, of whom, and the newest of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::Timestamp;
use model::time::Window;
use tantivy::columnar::Column;
use tantivy::{DocId, SegmentReader};

use crate::ask::{Ask, Candidates};
use crate::docs::Docs;
use crate::document::{ACCOUNT, BATCH, EventFields, HOST, SEQUENCE, SOURCE, TIME};
use crate::error::LogError;
use crate::event::{Locator, StoredEvent};
use crate::fetch::Fetcher;
use crate::index::{Options, Snapshot};
use crate::marks::marks;
use crate::needle::Spelling;
use crate::query::Query;
use crate::request::Sample;
use crate::segment::{Filter, Names};

/// Columns are read for this many events at once.
const CHUNK: usize = 128;
/// Up to so many events of a segment are checked one by one when the index alone can't tell; of more, only those on a page
/// are, and counts say "about".
const CHECK_ALL: u64 = 1_000;
/// Most events that are checked for one page. What is left comes with the next one.
const CHECK_PAGE: usize = 4_000;
/// Names of machines and accounts that are told.
const MOST_NAMES: usize = 20;

/// Which events, and which part of them.
#[derive(Debug, Clone)]
pub struct EventsRequest<'a> {
    /// Which.
    pub query: &'a Query,
    /// Events without a time are in [`Window::All`] only.
    pub window: Window,
    /// The sources to look through; `None` for all.
    pub sources: Option<&'a [i64]>,
    /// Only events older than this one, by [`Position`].
    pub before: Option<Position>,
    /// How many to give back.
    pub limit: usize,
    /// Into at most how many parts of equal length time is cut for the histogram; none when 0.
    pub buckets: usize,
}

/// An event's place in the order of a page: newest first, those without a time last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Microseconds UTC; [`i64::MIN`] without a time.
    pub time: i64,
    /// The event.
    pub locator: Locator,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsFound {
    /// How many events there are.
    pub total: u64,
    /// Whether that is so, or they may be fewer.
    pub total_is_exact: bool,
    /// Those among them without a time.
    pub without_time: u64,
    /// The length of a part of the histogram, in microseconds; 0 when there is none.
    pub bucket: i64,
    /// Begin of each part (microseconds UTC) and its events; empty parts in between are there.
    pub histogram: Vec<(i64, u64)>,
    /// Machines with most events.
    pub hosts: Vec<(String, u64)>,
    /// Accounts in most events.
    pub accounts: Vec<(String, u64)>,
    /// The newest events.
    pub events: Vec<Sample>,
    /// Where the next page begins, when there may be one.
    pub next: Option<Position>,
}

/// A segment with the events of it that may be meant.
struct Part<'s> {
    segment: &'s SegmentReader,
    docs: Docs,
    exact: bool,
    time: Option<Column<i64>>,
    batch: Option<Column<i64>>,
    sequence: Option<Column<u64>>,
    /// The times of the first and the last of the events, as far as they have one.
    span: Option<(i64, i64)>,
}

impl<'s> Part<'s> {
    /// `None` when it holds none.
    fn new(
        segment: &'s SegmentReader,
        ask: &Ask,
        request: &EventsRequest<'_>,
        fields: &EventFields,
        options: &Options,
    ) -> Result<Option<Self>, LogError> {
        let Some(Candidates { mut docs, mut exact }) = may_be_meant(segment, ask, request.window, request.sources, fields)? else {
            return Ok(None);
        };
        let fast = segment.fast_fields();
        let time = fast.column_opt(TIME)?;
        let count = docs.len();
        if count == 0 {
            return Ok(None);
        }
        if !exact && count <= CHECK_ALL {
            let reader = Fetcher::new(segment)?;
            let mut failed = None;
            docs.retain(|doc| {
                meets(ask, &reader, doc, options).unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            exact = true;
        }
        let span = time.as_ref().filter(|_| request.buckets > 0).and_then(|column| {
            let widened =
                |span: Option<(i64, i64)>, time: i64| Some(span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
            docs.iter().filter_map(|doc| column.first(doc)).fold(None, widened)
        });
        Ok(Some(Self { segment, docs, exact, time, span, batch: fast.column_opt(BATCH)?, sequence: fast.column_opt(SEQUENCE)? }))
    }

    fn locator(&self, doc: DocId) -> Locator {
        Locator {
            batch: self.batch.as_ref().and_then(|c| c.first(doc)).unwrap_or_default(),
            sequence: self.sequence.as_ref().and_then(|c| c.first(doc)).unwrap_or_default(),
        }
    }

    fn time(&self, doc: DocId) -> i64 {
        self.time.as_ref().and_then(|c| c.first(doc)).unwrap_or(i64::MIN)
    }
}

/// The events of a segment that may be meant, within the window and of the sources.
pub(crate) fn may_be_meant(
    segment: &SegmentReader,
    ask: &Ask,
    window: Window,
    sources: Option<&[i64]>,
    fields: &EventFields,
) -> Result<Option<Candidates>, LogError> {
    let fast = segment.fast_fields();
    let (time, source) = (fast.column_opt(TIME)?, fast.column_opt(SOURCE)?);
    let Some(filter) = Filter::new(segment, time.as_ref(), source.as_ref(), window, sources, None) else { return Ok(None) };
    let mut found = ask.candidates(segment, fields)?;
    if !filter.keeps_all() {
        found.docs.retain(|doc| filter.keeps(doc));
    }
    Ok(Some(found))
}

fn meets(ask: &Ask, reader: &Fetcher, doc: DocId, options: &Options) -> Result<bool, LogError> {
    let event = reader.event(doc)?;
    Ok(meets_event(ask, &event, options))
}

fn meets_event(ask: &Ask, event: &StoredEvent, options: &Options) -> bool {
    let mut text = String::new();
    (options.values_of)(event.shape, &event.raw, &mut text);
    ask.meets(&text.to_lowercase(), event.host.as_deref(), &event.accounts)
}

/// What is counted over the parts that one thread looked at.
#[derive(Default)]
struct Counts {
    histogram: Vec<u64>,
    without_time: u64,
    hosts: HashMap<Arc<str>, u64>,
    accounts: HashMap<Arc<str>, u64>,
}

/// How time is cut.
#[derive(Clone, Copy)]
struct Buckets {
    start: i64,
    width: i64,
    count: usize,
}

pub(crate) fn events(
    snapshot: &Snapshot,
    options: &Options,
    fields: &EventFields,
    request: &EventsRequest<'_>,
) -> Result<EventsFound, LogError> {
    let ask = Ask::new(request.query);
    let days = request.window.days();
    let segments: Vec<&SegmentReader> =
        snapshot.partitions.iter().filter(|(key, _)| key.meets(days)).flat_map(|(_, searcher)| searcher.segment_readers()).collect();
    let parts: Vec<Part<'_>> =
        shared(options.threads, &segments, |segment| Part::new(segment, &ask, request, fields, options))?.into_iter().flatten().collect();
    let mut found = EventsFound {
        total: parts.iter().map(|part| part.docs.len()).sum(),
        total_is_exact: parts.iter().all(|part| part.exact),
        ..EventsFound::default()
    };
    if request.buckets > 0 {
        let buckets = buckets(&parts, request);
        let counts = shared(options.threads, &parts, |part| count(part, buckets))?;
        tell(&mut found, counts, buckets);
    }
    page(&mut found, &parts, &ask, options, request)?;
    Ok(found)
}

/// Does the same with many, on several threads, in order.
pub(crate) fn shared<T: Sync, R: Send>(
    threads: usize,
    all: &[T],
    work: impl Fn(&T) -> Result<R, LogError> + Sync,
) -> Result<Vec<R>, LogError> {
    let next = AtomicUsize::new(0);
    let run = || -> Result<Vec<(usize, R)>, LogError> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at) else { return Ok(done) };
            done.push((at, work(one)?));
        }
    };
    let threads = threads.clamp(1, all.len().max(1));
    let answers = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut answers = vec![run()];
        answers.extend(others.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(LogError::Index("a search thread failed".to_owned())))));
        answers
    });
    let mut done = Vec::with_capacity(all.len());
    for answer in answers {
        done.extend(answer?);
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Lengths that people think in, in seconds.
const WIDTHS: &[i64] = &[1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000];

fn buckets(parts: &[Part<'_>], request: &EventsRequest<'_>) -> Option<Buckets> {
    let spans = || parts.iter().filter_map(|part| part.span);
    let (first, last) = (spans().map(|span| span.0).min()?, spans().map(|span| span.1).max()?);
    let span = i128::from(last) - i128::from(first);
    let micros = WIDTHS.iter().map(|seconds| seconds * 1_000_000);
    let width = micros.clone().find(|width| span / i128::from(*width) + 2 <= request.buckets as i128);
    // Times that are errors may lie a hundred thousand years apart.
    let width =
        width.or_else(|| i64::try_from(span / request.buckets.max(3) as i128 + 1).ok().map(|w| w.saturating_mul(2))).or(micros.max())?;
    let start = first.div_euclid(width).checked_mul(width)?;
    let count = usize::try_from((i128::from(last) - i128::from(start)) / i128::from(width) + 1).ok()?;
    (last >= first).then_some(Buckets { start, width, count: count.min(4 * request.buckets) })
}

fn count(part: &Part<'_>, buckets: Option<Buckets>) -> Result<Counts, LogError> {
    let fast = part.segment.fast_fields();
    let (mut hosts, mut accounts) = (Names::new(fast.str(HOST)?), Names::new(fast.str(ACCOUNT)?));
    let mut counts = Counts { histogram: vec![0; buckets.map_or(0, |b| b.count)], ..Counts::default() };
    let mut docs = part.docs.iter();
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.clear();
        chunk.extend(docs.by_ref().take(CHUNK));
        if chunk.is_empty() {
            break;
        }
        let mut times = [None; CHUNK];
        let Some(times) = times.get_mut(..chunk.len()) else { break };
        if let Some(column) = &part.time {
            column.first_vals(&chunk, times);
        }
        for time in times {
            match (*time, buckets) {
                (None, _) => counts.without_time += 1,
                (Some(time), Some(b)) => {
                    let place = usize::try_from(time.saturating_sub(b.start) / b.width).unwrap_or(usize::MAX);
                    if let Some(count) = counts.histogram.get_mut(place) {
                        *count += 1;
                    }
                }
                (Some(_), None) => {}
            }
        }
        hosts.count(&chunk);
        accounts.count(&chunk);
    }
    hosts.drain(|name, count| *counts.hosts.entry(name).or_default() += count)?;
    accounts.drain(|name, count| *counts.accounts.entry(name).or_default() += count)?;
    Ok(counts)
}

fn tell(found: &mut EventsFound, counts: Vec<Counts>, buckets: Option<Buckets>) {
    let mut all = Counts { histogram: vec![0; buckets.map_or(0, |b| b.count)], ..Counts::default() };
    for counts in counts {
        all.histogram.iter_mut().zip(counts.histogram).for_each(|(mine, other)| *mine += other);
        all.without_time += counts.without_time;
        counts.hosts.into_iter().for_each(|(name, count)| *all.hosts.entry(name).or_default() += count);
        counts.accounts.into_iter().for_each(|(name, count)| *all.accounts.entry(name).or_default() += count);
    }
    found.without_time = all.without_time;
    if let Some(b) = buckets {
        found.bucket = b.width;
        found.histogram = all
            .histogram
            .into_iter()
            .zip(0_i64..)
            .map(|(count, place)| (b.start.saturating_add(place.saturating_mul(b.width)), count))
            .collect();
    }
    found.hosts = most(all.hosts);
    found.accounts = most(all.accounts);
}

fn most(names: HashMap<Arc<str>, u64>) -> Vec<(String, u64)> {
    let mut names = crate::search::by_count(names);
    names.truncate(MOST_NAMES);
    names
}

/// Puts the newest events that are meant on the page.
fn page(found: &mut EventsFound, parts: &[Part<'_>], ask: &Ask, options: &Options, request: &EventsRequest<'_>) -> Result<(), LogError> {
    let mut spellings = Vec::new();
    request.query.wanted(&mut spellings);
    let spellings: Vec<&Spelling> = spellings.iter().collect();
    let exact = found.total_is_exact;
    let mut before = request.before;
    let mut checked = 0;
    let mut readers: HashMap<usize, Fetcher> = HashMap::new();
    loop {
        // One more than is asked for tells whether there is a next page.
        let wanted = request.limit.saturating_sub(found.events.len()) + 1;
        // Where few of the candidates are meant, each round looks at four times as many as the one before.
        let wanted = if exact { wanted } else { (4 * wanted).max(256).max(4 * checked).min(CHECK_PAGE) };
        let newest = newest(parts, before, wanted);
        let more = newest.len() == wanted;
        for (position, at, doc) in newest {
            let Some(part) = parts.get(at) else { continue };
            if found.events.len() >= request.limit {
                found.next = before;
                return Ok(());
            }
            before = Some(position);
            let reader = match readers.entry(at) {
                std::collections::hash_map::Entry::Occupied(reader) => reader.into_mut(),
                std::collections::hash_map::Entry::Vacant(gap) => gap.insert(Fetcher::new(part.segment)?),
            };
            let event = reader.event(doc)?;
            checked += 1;
            if part.exact || meets_event(ask, &event, options) {
                found.events.push(Sample { marks: marks(&event.raw, &spellings), event });
            }
        }
        if !more {
            return Ok(());
        }
        if checked >= CHECK_PAGE {
            found.next = before;
            return Ok(());
        }
    }
}

/// The newest events of all parts, each with its part.
fn newest(parts: &[Part<'_>], before: Option<Position>, wanted: usize) -> Vec<(Position, usize, DocId)> {
    let mut heap: BinaryHeap<Reverse<(Position, usize, DocId)>> = BinaryHeap::with_capacity(wanted + 1);
    for (at, part) in parts.iter().enumerate() {
        let timed = part.time.as_ref().filter(|column| column.values.num_vals() > 0);
        let latest = timed.map_or(i64::MIN, Column::max_value);
        if heap.len() >= wanted && heap.peek().is_some_and(|Reverse((oldest, ..))| latest < oldest.time) {
            continue;
        }
        for doc in part.docs.iter() {
            let time = part.time(doc);
            if before.is_some_and(|before| time > before.time) {
                continue;
            }
            if heap.len() >= wanted && heap.peek().is_some_and(|Reverse((oldest, ..))| time < oldest.time) {
                continue;
            }
            let position = Position { time, locator: part.locator(doc) };
            if before.is_some_and(|before| position >= before) {
                continue;
            }
            heap.push(Reverse((position, at, doc)));
            if heap.len() > wanted {
                heap.pop();
            }
        }
    }
    let mut newest: Vec<(Position, usize, DocId)> = heap.into_iter().map(|Reverse(entry)| entry).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    newest
}

/// A moment of an event, when it has one.
impl Position {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        (self.time != i64::MIN).then_some(Timestamp(self.time))
    }
}
