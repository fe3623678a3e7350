//! A sightings search: needles looked up in every segment that the window touches.

use std::collections::{BTreeMap, HashMap};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use model::Timestamp;
use model::time::Window;
use tantivy::SegmentReader;

use crate::document::EventFields;
use crate::error::LogError;
use crate::event::StoredEvent;
use crate::fetch::Fetcher;
use crate::index::{Options, Snapshot};
use crate::marks::marks;
use crate::needle::{Checker, Spelling};
use crate::request::{Basis, NeedleKind, NeedleResult, Refused, Sample, SearchOutcome, SearchRequest};
use crate::segment::SegmentSearch;
use crate::tally::{Address, Tallies, Tally};

/// A request, ready to be asked of segments.
pub(crate) struct Plan<'r> {
    pub(crate) request: &'r SearchRequest<'r>,
    /// Distinct spellings of all needles.
    pub(crate) spellings: Vec<Spelling>,
    /// In the order in which they are asked: that of their first token, so that neighbours in the dictionary are read
    /// together.
    pub(crate) needles: Vec<Planned>,
}

/// A needle of a plan.
pub(crate) struct Planned {
    /// Its place in the request.
    pub(crate) place: usize,
    /// Places of its spellings in [`Plan::spellings`], the value itself first.
    pub(crate) spellings: Vec<usize>,
    /// The domain whose names below are counted too.
    pub(crate) below: Option<String>,
}

impl<'r> Plan<'r> {
    fn new(request: &'r SearchRequest<'r>) -> (Self, Vec<Refused>) {
        let mut plan = Self { request, spellings: Vec::new(), needles: Vec::new() };
        let mut known: HashMap<(String, NeedleKind), usize> = HashMap::new();
        let mut refused = Vec::new();
        for (place, needle) in request.needles.iter().enumerate() {
            let mut spellings = Vec::with_capacity(1 + needle.alternatives.len());
            let others = needle.alternatives.iter().map(|other| (&other.value, other.kind));
            for (at, (value, kind)) in std::iter::once((&needle.value, needle.kind)).chain(others).enumerate() {
                match Spelling::new(value, kind) {
                    Ok(spelling) => {
                        let next = plan.spellings.len();
                        let index = *known.entry((spelling.value.clone(), kind)).or_insert(next);
                        if index == next {
                            plan.spellings.push(spelling);
                        }
                        spellings.push(index);
                    }
                    // That no address of a network was seen can't be said when it was not looked for.
                    Err(why) if at == 0 || kind == NeedleKind::Network => refused.push(Refused { id: needle.id, reason: why.to_owned() }),
                    // An alternative that cannot be looked up finds nothing.
                    Err(_) => {}
                }
                if spellings.is_empty() {
                    break;
                }
            }
            if !spellings.is_empty() {
                let below = (needle.kind == NeedleKind::Domain { with_subdomains: true }).then(|| needle.value.to_lowercase());
                plan.needles.push(Planned { place, spellings, below });
            }
        }
        let spellings = &plan.spellings;
        let key = |needle: &Planned| needle.spellings.first().and_then(|s| spellings.get(*s)).map(|s| s.value.as_str());
        plan.needles.sort_by(|a, b| key(a).cmp(&key(b)));
        (plan, refused)
    }
}

/// Asks all segments, on several threads.
pub(crate) fn search(
    snapshot: &Snapshot,
    options: &Options,
    fields: &EventFields,
    request: &SearchRequest<'_>,
    progress: &(dyn Fn(u64, u64) -> ControlFlow<()> + Sync),
) -> Result<SearchOutcome, LogError> {
    let (plan, refused) = Plan::new(request);
    let days = request.window.days();
    let segments: Vec<&SegmentReader> =
        snapshot.partitions.iter().filter(|(key, _)| key.meets(days)).flat_map(|(_, searcher)| searcher.segment_readers()).collect();
    let checkers: Vec<Option<Checker<'_>>> =
        plan.spellings.iter().map(|s| s.lookup.may_have_to_be_checked().then(|| Checker::new(s))).collect();

    let units = units(segments.len(), plan.needles.len(), options.threads);
    let total = units.len() as u64;
    let (next, done, stop) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let work = || -> Result<Vec<Tallies>, LogError> {
        let mut found: Vec<Tallies> = Vec::new();
        found.resize_with(plan.needles.len(), Tallies::default);
        loop {
            let Some((at, range)) = units.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(found) };
            let Some(segment) = segments.get(*at) else { continue };
            if stop.load(Ordering::Relaxed) {
                return Err(LogError::Cancelled);
            }
            SegmentSearch::new(segment, *at as u32, fields, options.values_of)?.run(&plan, &checkers, range.clone(), &mut found)?;
            if progress(done.fetch_add(1, Ordering::Relaxed) + 1, total).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    let threads = options.threads.clamp(1, units.len().max(1));
    let mut answers = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut answers = vec![work()];
        answers.extend(
            others.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(LogError::Index("a search thread failed".to_owned())))),
        );
        answers
    })
    .into_iter()
    .collect::<Result<Vec<_>, _>>()?;
    if stop.load(Ordering::Relaxed) {
        return Err(LogError::Cancelled);
    }
    let mut found = answers.pop().unwrap_or_default();
    for answer in answers {
        for (mine, other) in found.iter_mut().zip(answer) {
            mine.merge(other, request.samples);
        }
    }
    Ok(SearchOutcome { results: results(&plan, found, &segments, options.threads)?, refused })
}

/// Fewer needles than this are asked by one thread.
const NEEDLES_SPLIT: usize = 128;

/// What the threads share out: a segment, or where segments are few, part of the needles in a segment.
fn units(segments: usize, needles: usize, threads: usize) -> Vec<(usize, Range<usize>)> {
    let parts = if needles < NEEDLES_SPLIT || segments == 0 { 1 } else { (4 * threads).div_ceil(segments) };
    let size = needles.div_ceil(parts).max(1);
    (0..segments).flat_map(|segment| (0..needles).step_by(size).map(move |from| (segment, from..needles.min(from + size)))).collect()
}

/// One result with the places of its samples.
struct Draft {
    place: usize,
    needle: usize,
    result: NeedleResult,
    samples: Vec<Address>,
}

fn results(plan: &Plan<'_>, found: Vec<Tallies>, segments: &[&SegmentReader], threads: usize) -> Result<Vec<NeedleResult>, LogError> {
    let mut drafts = Vec::new();
    for (at, (planned, mut tallies)) in plan.needles.iter().zip(found).enumerate() {
        let Some(needle) = plan.request.needles.get(planned.place) else { continue };
        let mut sources: Vec<i64> = tallies.exact.keys().chain(tallies.normalised.keys()).chain(tallies.below.keys()).copied().collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let exact = tallies.exact.remove(&source);
            let normalised = tallies.normalised.remove(&source);
            let below = tallies.below.remove(&source);
            let count = |tally: &Option<Tally>| tally.as_ref().map_or(0, |t| t.count);
            let (counted, with_others, with_below) = (count(&exact), count(&normalised), count(&below));
            let Some((basis, tally)) =
                exact.map(|t| (Basis::Exact, t)).or(normalised.map(|t| (Basis::Normalised, t))).or(below.map(|t| (Basis::Subdomains, t)))
            else {
                continue;
            };
            let mut tally = tally;
            drafts.push(Draft {
                place: planned.place,
                needle: at,
                samples: tally.earliest.iter().map(|(_, address)| *address).collect(),
                result: NeedleResult {
                    id: needle.id,
                    source,
                    count: counted,
                    count_normalised: (!needle.alternatives.is_empty()).then_some(with_others),
                    with_subdomains: planned.below.is_some().then_some(with_below),
                    basis,
                    first: tally.first.map(Timestamp),
                    last: tally.last.map(Timestamp),
                    per_day: tally.days.take(),
                    without_time: tally.without_time,
                    hosts: by_count(tally.hosts),
                    accounts: by_count(tally.accounts),
                    samples: Vec::new(),
                },
            });
        }
    }
    let events = fetch(&drafts, segments, threads)?;
    std::thread::scope(|scope| {
        let share = drafts.len().div_ceil(threads.max(1)).max(64);
        for share in drafts.chunks_mut(share) {
            scope.spawn(|| share.iter_mut().for_each(|draft| take_samples(plan, draft, &events)));
        }
    });
    drafts.sort_by_key(|draft| (draft.place, draft.result.source));
    Ok(drafts.into_iter().map(|draft| draft.result).collect())
}

/// Gives a result its samples, with the value marked in them.
fn take_samples(plan: &Plan<'_>, draft: &mut Draft, events: &BTreeMap<Address, StoredEvent>) {
    let Some(planned) = plan.needles.get(draft.needle) else { return };
    let mut spellings: Vec<&Spelling> = planned.spellings.iter().filter_map(|s| plan.spellings.get(*s)).collect();
    if draft.result.basis == Basis::Exact {
        spellings.truncate(1);
    }
    let samples = draft.samples.iter().filter_map(|address| events.get(address));
    draft.result.samples = samples.map(|event| Sample { marks: marks(&event.raw, &spellings), event: event.clone() }).collect();
}

/// Reads the sampled events, each once, in the order in which they are stored: neighbours share a compressed block.
fn fetch(drafts: &[Draft], segments: &[&SegmentReader], threads: usize) -> Result<BTreeMap<Address, StoredEvent>, LogError> {
    let mut addresses: Vec<Address> = drafts.iter().flat_map(|draft| &draft.samples).copied().collect();
    addresses.sort_unstable();
    addresses.dedup();
    let share = addresses.len().div_ceil(threads.max(1)).max(64);
    let read = |addresses: &[Address]| -> Result<Vec<(Address, StoredEvent)>, LogError> {
        let mut events = Vec::with_capacity(addresses.len());
        for of_segment in addresses.chunk_by(|a, b| a.segment == b.segment) {
            let Some(segment) = of_segment.first().and_then(|address| segments.get(address.segment as usize)) else { continue };
            let fetcher = Fetcher::new(segment)?;
            for address in of_segment {
                events.push((*address, fetcher.event(address.doc)?));
            }
        }
        Ok(events)
    };
    let shares: Vec<&[Address]> = addresses.chunks(share).collect();
    let Some((own, others)) = shares.split_first() else { return Ok(BTreeMap::new()) };
    std::thread::scope(|scope| {
        let others: Vec<_> = others.iter().map(|share| scope.spawn(|| read(share))).collect();
        let mut events: BTreeMap<Address, StoredEvent> = read(own)?.into_iter().collect();
        for other in others {
            events.extend(other.join().unwrap_or_else(|_| Err(LogError::Index("a search thread failed".to_owned())))?);
        }
        Ok(events)
    })
}

pub(crate) fn by_count(names: HashMap<std::sync::Arc<str>, u64>) -> Vec<(String, u64)> {
    let mut names: Vec<(String, u64)> = names.into_iter().map(|(name, count)| (name.to_string(), count)).collect();
    names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names
}

/// Whether a time lies in the window.
pub(crate) fn within(window: Window, time: Option<i64>) -> bool {
    match window {
        Window::All => true,
        Window::Between(from, to) => time.is_some_and(|t| (from.micros()..=to.micros()).contains(&t)),
    }
}
