//! A search in one segment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use model::time::Window;
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::InvertedIndexReader;
use tantivy::{DocId, SegmentReader};

use crate::document::{ACCOUNT, BATCH, EventFields, HOST, SOURCE, TIME};
use crate::error::{LogError, index_io};
use crate::event::ValuesOf;
use crate::lookup::{lookup_docs, lower_text, sort_out, term_docs};
use crate::needle::Checker;
use crate::search::{Plan, Planned, within};
use crate::tally::{NameCounter, Tallies, Tally};
use crate::tokens::{below_key, is_domain_ending};

/// Columns are read for this many events at once.
const CHUNK: usize = 128;

/// One segment, and what is reused from needle to needle.
pub(crate) struct SegmentSearch<'s> {
    segment: &'s SegmentReader,
    number: u32,
    values_of: ValuesOf,
    tokens: Arc<InvertedIndexReader>,
    below: Arc<InvertedIndexReader>,
    time: Option<Column<i64>>,
    source: Option<Column<i64>>,
    hosts: Names,
    accounts: Names,
}

impl<'s> SegmentSearch<'s> {
    pub(crate) fn new(segment: &'s SegmentReader, number: u32, fields: &EventFields, values_of: ValuesOf) -> Result<Self, LogError> {
        let fast = segment.fast_fields();
        Ok(Self {
            segment,
            number,
            values_of,
            tokens: segment.inverted_index(fields.tokens)?,
            below: segment.inverted_index(fields.below)?,
            time: fast.column_opt(TIME)?,
            source: fast.column_opt(SOURCE)?,
            hosts: Names::new(fast.str(HOST)?),
            accounts: Names::new(fast.str(ACCOUNT)?),
        })
    }

    /// Adds what the segment holds of some of the plan's needles to `found`, which runs parallel to all of them.
    pub(crate) fn run(
        mut self,
        plan: &Plan<'_>,
        checkers: &[Option<Checker<'_>>],
        which: Range<usize>,
        found: &mut [Tallies],
    ) -> Result<(), LogError> {
        let request = plan.request;
        let batch = match request.batch {
            Some(wanted) => Some((wanted, self.segment.fast_fields().column_opt(BATCH)?)),
            None => None,
        };
        let filter = Filter::new(self.segment, self.time.as_ref(), self.source.as_ref(), request.window, request.sources, batch);
        let Some(filter) = filter else { return Ok(()) };
        let needles = plan.needles.get(which.clone()).unwrap_or_default();
        let checked = self.check_phrases(plan, needles, checkers, &filter)?;
        let mut docs = Vec::new();
        for (needle, tallies) in needles.iter().zip(found.iter_mut().skip(which.start)) {
            docs.clear();
            self.spelling_docs(plan, needle.spellings.first(), &checked, &mut docs)?;
            filter.keep(&mut docs);
            self.count(&docs, plan, &mut tallies.exact)?;
            if needle.spellings.len() > 1 {
                for spelling in needle.spellings.iter().skip(1) {
                    self.spelling_docs(plan, Some(spelling), &checked, &mut docs)?;
                }
                sort_out(&mut docs);
                filter.keep(&mut docs);
                self.count(&docs, plan, &mut tallies.normalised)?;
            }
            if let Some(domain) = &needle.below {
                docs.clear();
                self.below_docs(domain, needle, plan, &checked, &mut docs)?;
                sort_out(&mut docs);
                filter.keep(&mut docs);
                self.count(&docs, plan, &mut tallies.below)?;
            }
        }
        Ok(())
    }

    /// Appends the events that hold a spelling, before the filter.
    fn spelling_docs(&self, plan: &Plan<'_>, spelling: Option<&usize>, checked: &Checked, docs: &mut Vec<DocId>) -> Result<(), LogError> {
        let Some(&number) = spelling else { return Ok(()) };
        match plan.spellings.get(number).map(|s| &s.lookup) {
            Some(lookup) if lookup.may_have_to_be_checked() => docs.extend(checked.get(&number).into_iter().flatten()),
            Some(lookup) => lookup_docs(&self.tokens, lookup, docs, &mut Vec::new())?,
            None => {}
        }
        Ok(())
    }

    /// Appends the events that name a domain or one below it.
    fn below_docs(
        &self,
        domain: &str,
        needle: &Planned,
        plan: &Plan<'_>,
        checked: &Checked,
        docs: &mut Vec<DocId>,
    ) -> Result<(), LogError> {
        self.spelling_docs(plan, needle.spellings.first(), checked, docs)?;
        let ending = domain.rsplit('.').next().unwrap_or_default();
        let listed = is_domain_ending(ending);
        let index = Arc::clone(if listed { &self.below } else { &self.tokens });
        let mut stream = if listed {
            // A dot ends the domain's own part; the character after the dot is where longer labels begin.
            let key = below_key(domain);
            index.terms().range().ge(format!("{key}.")).lt(format!("{key}/")).into_stream()
        } else {
            index.terms().stream()
        }
        .map_err(index_io)?;
        let suffix = format!(".{domain}");
        let mut infos = Vec::new();
        while let Some((term, info)) = stream.next() {
            if listed || term.ends_with(suffix.as_bytes()) {
                infos.push(info.clone());
            }
        }
        for info in infos {
            term_docs(&index, &info, docs)?;
        }
        Ok(())
    }

    /// Looks all values with separators up and checks what was found, each event once for all values.
    fn check_phrases(
        &self,
        plan: &Plan<'_>,
        needles: &[Planned],
        checkers: &[Option<Checker<'_>>],
        filter: &Filter,
    ) -> Result<Checked, LogError> {
        let mut candidates: Vec<(DocId, usize)> = Vec::new();
        let mut checked = Checked::new();
        let numbers: BTreeSet<usize> = needles.iter().flat_map(|needle| &needle.spellings).copied().collect();
        for number in numbers {
            if let Some(lookup) = plan.spellings.get(number).map(|s| &s.lookup).filter(|lookup| lookup.may_have_to_be_checked()) {
                let (mut docs, mut unsure) = (Vec::new(), Vec::new());
                lookup_docs(&self.tokens, lookup, &mut docs, &mut unsure)?;
                filter.keep(&mut docs);
                filter.keep(&mut unsure);
                candidates.extend(unsure.into_iter().map(|doc| (doc, number)));
                checked.insert(number, docs);
            }
        }
        candidates.sort_unstable();
        if candidates.is_empty() {
            return Ok(checked);
        }
        let store = self.segment.get_store_reader(1).map_err(index_io)?;
        let mut text = String::new();
        for of_doc in candidates.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(doc, _)) = of_doc.first() else { continue };
            lower_text(&store, doc, self.values_of, &mut text)?;
            for &(_, number) in of_doc {
                if checkers.get(number).and_then(Option::as_ref).is_some_and(|checker| checker.occurs_in(&text)) {
                    checked.entry(number).or_default().push(doc);
                }
            }
        }
        checked.values_mut().for_each(sort_out);
        Ok(checked)
    }

    /// Counts events that passed the filter.
    fn count(&mut self, docs: &[DocId], plan: &Plan<'_>, tallies: &mut BTreeMap<i64, Tally>) -> Result<(), LogError> {
        if docs.is_empty() {
            return Ok(());
        }
        match self.source.clone() {
            Some(source) if source.min_value() != source.max_value() => {
                let mut by_source: BTreeMap<i64, Vec<DocId>> = BTreeMap::new();
                for &doc in docs {
                    by_source.entry(source.first(doc).unwrap_or_default()).or_default().push(doc);
                }
                for (source, docs) in by_source {
                    self.count_one(&docs, plan, tallies.entry(source).or_default())?;
                }
                Ok(())
            }
            source => self.count_one(docs, plan, tallies.entry(source.map_or(0, |s| s.min_value())).or_default()),
        }
    }

    fn count_one(&mut self, docs: &[DocId], plan: &Plan<'_>, tally: &mut Tally) -> Result<(), LogError> {
        for chunk in docs.chunks(CHUNK) {
            let mut times = [None; CHUNK];
            let Some(times) = times.get_mut(..chunk.len()) else { continue };
            if let Some(column) = &self.time {
                column.first_vals(chunk, times);
            }
            tally.events(times, chunk, self.number, plan.request.samples);
            self.hosts.count(chunk);
            self.accounts.count(chunk);
        }
        self.hosts.drain(|name, count| *tally.hosts.entry(name).or_default() += count)?;
        self.accounts.drain(|name, count| *tally.accounts.entry(name).or_default() += count)
    }
}

/// For each spelling with separators, the events that hold it.
type Checked = BTreeMap<usize, Vec<DocId>>;

/// Which events of the segment the request asks for.
pub(crate) struct Filter {
    window: Option<(Window, Option<Column<i64>>)>,
    sources: Option<(Vec<i64>, Option<Column<i64>>)>,
    batch: Option<(i64, Option<Column<i64>>)>,
    alive: Option<tantivy::fastfield::AliveBitSet>,
}

impl Filter {
    /// `None` when it asks for none.
    pub(crate) fn new(
        segment: &SegmentReader,
        time: Option<&Column<i64>>,
        source: Option<&Column<i64>>,
        window: Window,
        sources: Option<&[i64]>,
        batch: Option<(i64, Option<Column<i64>>)>,
    ) -> Option<Self> {
        let wanted_window = window;
        let window = match window {
            Window::All => None,
            Window::Between(from, to) => {
                let column = time?;
                let (from, to) = (from.micros(), to.micros());
                let (first, last) = (column.min_value(), column.max_value());
                if last < from || first > to {
                    return None;
                }
                let all_inside = first >= from && last <= to && column.index.get_cardinality().is_full();
                (!all_inside).then(|| (wanted_window, time.cloned()))
            }
        };
        let sources = match sources {
            None => None,
            Some(wanted) => {
                let column = source?;
                let (least, most) = (column.min_value(), column.max_value());
                if !wanted.iter().any(|w| (least..=most).contains(w)) {
                    return None;
                }
                (least != most).then(|| (wanted.to_vec(), source.cloned()))
            }
        };
        let batch = match batch {
            None => None,
            Some((wanted, column)) => {
                let held = column.as_ref()?;
                let (least, most) = (held.min_value(), held.max_value());
                if !(least..=most).contains(&wanted) {
                    return None;
                }
                (least != most).then_some((wanted, column))
            }
        };
        Some(Self { window, sources, batch, alive: segment.alive_bitset().cloned() })
    }

    pub(crate) fn keep(&self, docs: &mut Vec<DocId>) {
        if !self.keeps_all() {
            docs.retain(|&doc| self.keeps(doc));
        }
    }

    /// Whether no event of the segment is left out.
    pub(crate) fn keeps_all(&self) -> bool {
        self.window.is_none() && self.sources.is_none() && self.batch.is_none() && self.alive.is_none()
    }

    pub(crate) fn keeps(&self, doc: DocId) -> bool {
        let first = |column: &Option<Column<i64>>| column.as_ref().and_then(|c| c.first(doc));
        self.alive.as_ref().is_none_or(|alive| alive.is_alive(doc))
            && self.window.as_ref().is_none_or(|(window, column)| within(*window, first(column)))
            && self.sources.as_ref().is_none_or(|(wanted, column)| first(column).is_some_and(|source| wanted.contains(&source)))
            && self.batch.as_ref().is_none_or(|(wanted, column)| first(column) == Some(*wanted))
    }
}

/// A column of names, its counters, and the names that were already looked up.
pub(crate) struct Names {
    column: Option<StrColumn>,
    counter: NameCounter,
    known: Vec<Option<Arc<str>>>,
    docs: Vec<DocId>,
    rows: Vec<u32>,
    places: Vec<u64>,
}

impl Names {
    pub(crate) fn new(column: Option<StrColumn>) -> Self {
        Self { column, counter: NameCounter::default(), known: Vec::new(), docs: Vec::new(), rows: Vec::new(), places: Vec::new() }
    }

    pub(crate) fn count(&mut self, docs: &[DocId]) {
        let Some(column) = &self.column else { return };
        let places = column.ords();
        if places.index.get_cardinality().is_full() && places.min_value() == places.max_value() {
            // A log of one machine.
            self.counter.count(places.min_value(), docs.len() as u32);
            return;
        }
        self.docs.clear();
        self.rows.clear();
        places.row_ids_for_docs(docs, &mut self.docs, &mut self.rows);
        self.places.resize(self.rows.len(), 0);
        places.values.get_vals(&self.rows, &mut self.places);
        for place in self.places.drain(..) {
            self.counter.count(place, 1);
        }
    }

    pub(crate) fn drain(&mut self, mut each: impl FnMut(Arc<str>, u64)) -> Result<(), LogError> {
        let Some(column) = &self.column else { return Ok(()) };
        let known = &mut self.known;
        let mut failed = None;
        self.counter.drain(|place, count| match name(column, known, place) {
            Ok(name) => each(name, u64::from(count)),
            Err(error) => failed = Some(error),
        });
        failed.map_or(Ok(()), |error| Err(index_io(error)))
    }
}

/// The name at a place of the column's dictionary. Needles share most names, and a lookup decodes part of
/// the dictionary.
fn name(column: &StrColumn, known: &mut Vec<Option<Arc<str>>>, place: u64) -> std::io::Result<Arc<str>> {
    let at = place as usize;
    if known.len() <= at {
        known.resize(at + 1, None);
    }
    if let Some(Some(name)) = known.get(at) {
        return Ok(Arc::clone(name));
    }
    let mut text = String::new();
    column.ord_to_str(place, &mut text)?;
    let name: Arc<str> = text.into();
    if let Some(slot) = known.get_mut(at) {
        *slot = Some(Arc::clone(&name));
    }
    Ok(name)
}
