//! Every event that a question may mean, compared by who asks.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::time::Window;
use tantivy::{DocId, SegmentReader};

use crate::ask::Ask;
use crate::docs::Docs;
use crate::document::EventFields;
use crate::error::LogError;
use crate::event::StoredEvent;
use crate::events::{may_be_meant, shared};
use crate::fetch::Fetcher;
use crate::index::{Options, Snapshot};
use crate::query::Query;

/// So many events are compared between two looks at whether to go on.
const UNIT: usize = 2_048;

/// Which events are compared.
#[derive(Debug, Clone)]
pub struct ScanRequest<'a> {
    /// What the index can tell of them beforehand; not checked against their text.
    pub query: &'a Query,
    /// Events without a time are in [`Window::All`] only.
    pub window: Window,
    /// The sources to look through; `None` for all.
    pub sources: Option<&'a [i64]>,
    /// At most about so many are compared, those of the newest months first.
    pub most: u64,
}

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned<R> {
    /// In no order of time.
    pub taken: Vec<R>,
    /// How many events were compared.
    pub compared: u64,
    /// Whether there were more than were compared.
    pub cut: bool,
}

/// Some events of a segment.
struct Unit<'s> {
    segment: &'s SegmentReader,
    docs: Vec<DocId>,
}

pub(crate) fn scan<R: Send>(
    snapshot: &Snapshot,
    options: &Options,
    fields: &EventFields,
    request: &ScanRequest<'_>,
    progress: &(dyn Fn(u64, u64) -> ControlFlow<()> + Sync),
    take: &(dyn Fn(&StoredEvent) -> Option<R> + Sync),
) -> Result<Scanned<R>, LogError> {
    let ask = Ask::new(request.query);
    let days = request.window.days();
    let mut partitions: Vec<_> = snapshot.partitions.iter().filter(|(key, _)| key.meets(days)).collect();
    partitions.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    let segments: Vec<&SegmentReader> = partitions.iter().flat_map(|(_, searcher)| searcher.segment_readers()).collect();
    let candidates: Vec<Option<Docs>> = shared(options.threads, &segments, |segment| {
        Ok(may_be_meant(segment, &ask, request.window, request.sources, fields)?.map(|candidates| candidates.docs))
    })?;
    let of_all: u64 = candidates.iter().flatten().map(Docs::len).sum();
    let total = of_all.min(request.most);
    let mut left = usize::try_from(total).unwrap_or(usize::MAX);
    let mut units = Vec::new();
    for (segment, docs) in segments.iter().zip(&candidates) {
        let docs: Vec<DocId> = docs.iter().flat_map(Docs::iter).take(left).collect();
        left -= docs.len();
        units.extend(docs.chunks(UNIT).map(|docs| Unit { segment, docs: docs.to_vec() }));
    }

    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let taken = shared(options.threads, &units, |unit| {
        if stop.load(Ordering::Relaxed) {
            return Err(LogError::Cancelled);
        }
        let reader = Fetcher::new(unit.segment)?;
        let mut taken = Vec::new();
        for &doc in &unit.docs {
            taken.extend(take(&reader.event(doc)?));
        }
        let count = unit.docs.len() as u64;
        if progress(done.fetch_add(count, Ordering::Relaxed) + count, total).is_break() {
            stop.store(true, Ordering::Relaxed);
        }
        Ok(taken)
    })?;
    Ok(Scanned { taken: taken.into_iter().flatten().collect(), compared: total, cut: of_all > total })
}
