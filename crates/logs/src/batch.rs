//! Writing a batch: all of it or nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use model::Timestamp;
use tantivy::IndexWriter;
use tantivy::indexer::UserOperation;

use crate::document::{EventDoc, EventFields, Stored};
use crate::error::LogError;
use crate::event::{BatchSummary, NewEvent};
use crate::flow::Flow;
use crate::index::{LogIndex, Writing};
use crate::partition::{Key, Partition};

/// Events that are handed to an indexing thread at once. Neighbours in the file stay neighbours in the index, which
/// compresses them better, and one hand-over serves many.
const HANDOVER: usize = 64;
/// Bytes of events that may wait for their partition to be opened.
const WAITING_BYTES: usize = 32_000_000;
/// Bytes of events that may wait for the indexing threads.
const QUEUE_BYTES: usize = 48_000_000;
/// Partitions written at the same time; a file in order of time needs two, around midnight of the first.
const OPEN_WRITERS: usize = 2;
/// Names longer than this many bytes are cut: they are errors of a mapping, and would swell a column.
const LONGEST_NAME: usize = 512;

/// A batch being written. Dropped without [`BatchWriter::finish`], nothing of it stays.
pub struct BatchWriter<'a> {
    index: &'a LogIndex,
    writing: MutexGuard<'a, Writing>,
    fields: EventFields,
    source: i64,
    batch: i64,
    /// Open writers, the one used last at the end.
    writers: Vec<(Key, IndexWriter<EventDoc>)>,
    /// Events that wait to be handed over.
    waiting: BTreeMap<Key, Vec<EventDoc>>,
    waiting_bytes: usize,
    flow: Arc<Flow>,
    /// Partitions that hold something of this batch.
    touched: Vec<Key>,
    summary: BatchSummary,
    days: DayCounter,
    host: Option<Arc<str>>,
    done: bool,
}

impl<'a> BatchWriter<'a> {
    pub(crate) fn new(index: &'a LogIndex, writing: MutexGuard<'a, Writing>, source: i64, batch: i64) -> Self {
        Self {
            index,
            writing,
            fields: crate::document::schema().1,
            source,
            batch,
            writers: Vec::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            flow: Arc::default(),
            touched: Vec::new(),
            summary: BatchSummary::default(),
            days: DayCounter::default(),
            host: None,
            done: false,
        }
    }

    /// Adds one event. A time of exactly 1970-01-01T00:00:00Z stands for none.
    ///
    /// # Errors
    /// When the disk is full or fails; the batch can then only be given up.
    pub fn add(&mut self, event: &NewEvent<'_>) -> Result<(), LogError> {
        let time = event.time.and_then(Timestamp::set);
        let doc = self.document(event, time);
        self.summary.events += 1;
        self.summary.bytes += event.raw.len() as u64;
        match time {
            Some(time) => {
                self.days.count(time.day(), 1);
                self.summary.first = Some(self.summary.first.map_or(time, |first| first.min(time)));
                self.summary.last = Some(self.summary.last.map_or(time, |last| last.max(time)));
            }
            None => self.summary.without_time += 1,
        }
        let key = Key::of(time);
        self.waiting_bytes += doc.share.bytes();
        let waiting = self.waiting.entry(key).or_default();
        waiting.push(doc);
        if waiting.len() >= HANDOVER && self.writers.iter().any(|(open, _)| *open == key) {
            self.hand_over(key)
        } else if self.waiting_bytes >= WAITING_BYTES || (self.writers.len() < OPEN_WRITERS && waiting.len() >= HANDOVER) {
            let heaviest = self.waiting.iter().max_by_key(|(_, docs)| docs.len()).map_or(key, |(key, _)| *key);
            self.hand_over(heaviest)
        } else {
            Ok(())
        }
    }

    fn document(&mut self, event: &NewEvent<'_>, time: Option<Timestamp>) -> EventDoc {
        let host = event.host.map(|name| cut(name, LONGEST_NAME)).filter(|name| !name.is_empty());
        let host = host.map(|name| match &self.host {
            Some(last) if **last == *name => Arc::clone(last),
            _ => Arc::clone(self.host.insert(Arc::from(name))),
        });
        let mut accounts: Vec<Box<str>> = Vec::with_capacity(event.accounts.len());
        for account in event.accounts.iter().map(|a| cut(a, LONGEST_NAME)).filter(|a| !a.is_empty()) {
            if !accounts.iter().any(|known| **known == *account) {
                accounts.push(account.into());
            }
        }
        let raw = Stored { shape: event.shape, line: event.line, member: event.member, raw: event.raw }.encode();
        EventDoc {
            fields: self.fields,
            batch: self.batch,
            source: self.source,
            sequence: self.summary.events,
            time: time.map(Timestamp::micros),
            host,
            accounts,
            text: event.text.into(),
            share: self.flow.enter(EventDoc::weight(event.text, &raw)),
            event: raw,
        }
    }

    /// Gives the waiting events of a partition to its writer, opened if need be.
    fn hand_over(&mut self, key: Key) -> Result<(), LogError> {
        let Some(docs) = self.waiting.remove(&key) else { return Ok(()) };
        self.waiting_bytes = self.waiting_bytes.saturating_sub(docs.iter().map(|doc| doc.share.bytes()).sum());
        match self.writers.iter().position(|(open, _)| *open == key) {
            Some(at) if at + 1 == self.writers.len() => {}
            Some(at) => {
                let writer = self.writers.remove(at);
                self.writers.push(writer);
            }
            None => {
                if self.writers.len() >= OPEN_WRITERS {
                    // Committed is not visible: searches see a partition only as it was when the last batch finished.
                    let (_, mut writer) = self.writers.remove(0);
                    writer.commit()?;
                }
                let options = self.index.options;
                let partition = self.writing.partition(&self.index.dir, key)?;
                if !self.touched.contains(&key) {
                    self.touched.push(key);
                }
                self.writers.push((key, partition.writer(options.threads, options.writer_memory / OPEN_WRITERS)?));
            }
        }
        if let Some((_, writer)) = self.writers.last() {
            let mut docs = docs.into_iter();
            loop {
                let chunk: Vec<UserOperation<EventDoc>> = docs.by_ref().take(HANDOVER).map(UserOperation::Add).collect();
                if chunk.is_empty() {
                    break;
                }
                writer.run(chunk)?;
                self.flow.wait(self.waiting_bytes + QUEUE_BYTES);
            }
        }
        Ok(())
    }

    /// Makes the batch durable and visible to searches.
    ///
    /// # Errors
    /// When the disk is full or fails: nothing of the batch stays then.
    pub fn finish(mut self) -> Result<BatchSummary, LogError> {
        let keys: Vec<Key> = self.waiting.keys().copied().collect();
        for key in keys {
            self.hand_over(key)?;
        }
        for (_, mut writer) in std::mem::take(&mut self.writers) {
            writer.commit()?;
        }
        self.summary.per_day = self.days.take();
        let summary = self.summary.clone();
        self.writing.manifest.commit(self.source, self.batch, summary.clone())?;
        // From here on the batch is there, whatever happens.
        self.done = true;
        let touched = std::mem::take(&mut self.touched);
        if let Err(error) = self.index.publish(&mut self.writing, &touched) {
            tracing::error!(batch = self.batch, %error, "a finished batch could not be shown yet; the next one that finishes shows it too");
        }
        Ok(summary)
    }

    /// Gives the batch up; nothing of it stays.
    pub fn abort(self) {
        drop(self);
    }
}

impl Drop for BatchWriter<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // A writer that is dropped forgets what it did not commit.
        self.writers.clear();
        // On a full disk, what it had written is the room that removing the rest needs.
        let mut touched = self.touched.iter().filter_map(|key| self.writing.partitions.get(key));
        if let Err(error) = touched.try_for_each(Partition::sweep) {
            tracing::warn!(batch = self.batch, %error, "what an unfinished batch had written could not be removed from the disk yet");
        }
        if let Err(error) = self.index.clean(&mut self.writing) {
            tracing::warn!(batch = self.batch, %error, "an unfinished batch could not be removed yet; it stays invisible and is tried again");
        }
    }
}

/// Cuts at a character boundary.
fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    Cow::Borrowed(text.get(..text.floor_char_boundary(max)).unwrap_or_default())
}

/// Events per day. Neighbours mostly share a day, so the map is touched seldom.
#[derive(Debug, Default)]
pub(crate) struct DayCounter {
    days: BTreeMap<i64, u64>,
    day: i64,
    count: u64,
}

impl DayCounter {
    pub(crate) fn count(&mut self, day: i64, events: u64) {
        if day != self.day {
            self.settle();
            self.day = day;
        }
        self.count += events;
    }

    fn settle(&mut self) {
        if self.count > 0 {
            *self.days.entry(self.day).or_default() += std::mem::take(&mut self.count);
        }
    }

    /// The counts, ascending by day.
    pub(crate) fn take(&mut self) -> Vec<(i64, u64)> {
        self.settle();
        std::mem::take(&mut self.days).into_iter().collect()
    }

    /// Adds what another counted.
    pub(crate) fn merge(&mut self, mut other: Self) {
        for (day, count) in other.take() {
            *self.days.entry(day).or_default() += count;
        }
    }
}
