//! The log index and its directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use model::time::Window;
use tantivy::Searcher;

use crate::batch::BatchWriter;
use crate::document::{EventFields, schema};
use crate::error::LogError;
use crate::event::{BatchSummary, Locator, StoredEvent, ValuesOf};
use crate::events::{EventsFound, EventsRequest};
use crate::manifest::{Finished, Manifest};
use crate::marks::marks;
use crate::needle::Spelling;
use crate::partition::{Key, Partition};
use crate::query::Query;
use crate::request::{Sample, SearchOutcome, SearchRequest, SourceCoverage, Stats};
use crate::retention::{Gone, Holding};
use crate::scan::{ScanRequest, Scanned};
use crate::standing::Standing;

/// How a log index works.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Gets the searched text back out of a raw event.
    pub values_of: ValuesOf,
    /// Threads that index and threads that search; two by default.
    pub threads: usize,
    /// Memory that indexing may take for tokens, in bytes; 160 MB by default. A fifth as much comes on top for events
    /// on their way.
    pub writer_memory: usize,
}

impl Options {
    /// The defaults around `values_of`.
    #[must_use]
    pub fn new(values_of: ValuesOf) -> Self {
        Self { values_of, threads: 2, writer_memory: 160_000_000 }
    }
}

/// Segments smaller than this are merged when a batch finishes, once there are [`MANY_SMALL`] of them; that takes little, and a thousand small imports would otherwise leave a thousand segments for each search to ask.
const SMALL_SEGMENT: u32 = 20_000;
const MANY_SMALL: usize = 8;
/// [`LogIndex::compact`] merges segments smaller than this.
const MEDIUM_SEGMENT: u32 = 500_000;

/// What only one thread at a time may change.
pub(crate) struct Writing {
    pub(crate) manifest: Manifest,
    pub(crate) partitions: BTreeMap<Key, Partition>,
}

impl Writing {
    /// The partition, made if it is not there.
    pub(crate) fn partition(&mut self, dir: &Path, key: Key) -> Result<&Partition, LogError> {
        use std::collections::btree_map::Entry;
        Ok(match self.partitions.entry(key) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(gap) => gap.insert(Partition::open(dir, key)?),
        })
    }
}

/// What searches see: whole batches only, and the same until the end of the search.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) partitions: Vec<(Key, Searcher)>,
    pub(crate) batches: BTreeMap<i64, Finished>,
    pub(crate) gone: BTreeMap<i64, Gone>,
}

/// The log index of one directory. One process at a time; within it, searches go on while a batch is written.
pub struct LogIndex {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) fields: EventFields,
    writing: Mutex<Writing>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held as long as the index is open.
    _lock: File,
}

impl LogIndex {
    /// Opens the index in `dir`, made if it is not there, and removes what an interrupted batch left.
    ///
    /// # Errors
    /// [`LogError::InUse`] when another process has it, [`LogError::Damaged`], or an I/O error.
    pub fn open(dir: &Path, options: Options) -> Result<Self, LogError> {
        std::fs::create_dir_all(dir).map_err(LogError::io("cannot create", dir))?;
        let lock_path = dir.join("lock");
        let lock =
            File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(LogError::io("cannot open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(LogError::InUse(dir.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => return Err(LogError::io("cannot lock", lock_path)(error)),
        }
        let mut writing = Writing { manifest: Manifest::open(dir)?, partitions: BTreeMap::new() };
        crate::retention::sweep(dir)?;
        for entry in std::fs::read_dir(dir).map_err(LogError::io("cannot read", dir))? {
            let name = entry.map_err(LogError::io("cannot read", dir))?.file_name();
            if let Some(key) = name.to_str().and_then(Key::parse) {
                writing.partition(dir, key)?;
            }
        }
        let index = Self {
            dir: dir.to_owned(),
            options,
            fields: schema().1,
            writing: Mutex::new(writing),
            snapshot: RwLock::default(),
            _lock: lock,
        };
        {
            let mut writing = index.writing();
            if !writing.manifest.unclean().is_empty() {
                // What the batch had written and not committed: where the disk is full, the room that removing the rest needs.
                writing.partitions.values().try_for_each(Partition::sweep)?;
            }
            index.clean(&mut writing)?;
            index.show(&writing);
        }
        Ok(index)
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // A thread that panicked in the middle leaves a batch that is begun and not committed, which is cleaned.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a batch. Waits while another batch is written. `batch` is the caller's number for it, never used twice.
    ///
    /// # Errors
    /// [`LogError::BatchExists`], or an I/O error.
    pub fn begin_batch(&self, source: i64, batch: i64) -> Result<BatchWriter<'_>, LogError> {
        let mut writing = self.writing();
        self.clean(&mut writing)?;
        if writing.manifest.finished().contains_key(&batch) {
            return Err(LogError::BatchExists(batch));
        }
        writing.manifest.begin(source, batch)?;
        Ok(BatchWriter::new(self, writing, source, batch))
    }

    /// Removes the events of batches that were begun and not finished, or deleted. They were never visible, or no
    /// longer are.
    pub(crate) fn clean(&self, writing: &mut Writing) -> Result<(), LogError> {
        let unclean = writing.manifest.unclean().to_vec();
        if unclean.is_empty() {
            return crate::retention::finish(&self.dir, &self.fields, writing);
        }
        writing.manifest.check()?;
        for partition in writing.partitions.values() {
            partition.remove(&self.fields, &unclean)?;
        }
        for batch in unclean {
            writing.manifest.purged(batch)?;
        }
        crate::retention::finish(&self.dir, &self.fields, writing)
    }

    /// Lets searches see what was finished last in the partitions named.
    pub(crate) fn publish(&self, writing: &mut Writing, touched: &[Key]) -> Result<(), LogError> {
        for key in touched {
            let Some(partition) = writing.partitions.get(key) else { continue };
            let small = partition.small_segments(SMALL_SEGMENT)?;
            if small.len() >= MANY_SMALL {
                partition.writer(1, 0)?.merge(&small).wait()?;
            }
            partition.reload()?;
        }
        self.show(writing);
        Ok(())
    }

    fn show(&self, writing: &Writing) {
        let partitions = writing.partitions.values().map(|partition| (partition.key, partition.searcher())).collect();
        let manifest = &writing.manifest;
        let snapshot = Snapshot { partitions, batches: manifest.finished().clone(), gone: manifest.gone().clone() };
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes a batch; whether it was there. Waits while a batch is written.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn delete_batch(&self, batch: i64) -> Result<bool, LogError> {
        Ok(self.delete(|number, _| number == batch)? > 0)
    }

    /// Removes all batches of a source; how many there were. Waits while a batch is written.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn delete_source(&self, source: i64) -> Result<usize, LogError> {
        self.delete(|_, finished| finished.source == source)
    }

    fn delete(&self, chosen: impl Fn(i64, &Finished) -> bool) -> Result<usize, LogError> {
        let mut writing = self.writing();
        self.clean(&mut writing)?;
        let batches: Vec<i64> =
            writing.manifest.finished().iter().filter(|(number, finished)| chosen(**number, finished)).map(|(n, _)| *n).collect();
        if batches.is_empty() {
            return Ok(0);
        }
        for batch in &batches {
            writing.manifest.delete(*batch)?;
        }
        self.clean(&mut writing)?;
        self.show(&writing);
        Ok(batches.len())
    }

    /// What goes as one by retention, oldest partition first: what each batch holds in each partition.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn holdings(&self) -> Result<Vec<Holding>, LogError> {
        crate::retention::holdings(&self.snapshot(), &self.dir)
    }

    /// Removes what some batches hold in a partition, all of it or, when that fails, nothing; a partition in which nothing
    /// is left goes from the disk. Tells how many events went. Coverage remembers when. Waits while a batch is written.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn expire(&self, partition: &str, batches: &[i64], at: model::Timestamp) -> Result<u64, LogError> {
        let Some(key) = Key::parse(partition) else { return Ok(0) };
        let mut writing = self.writing();
        self.clean(&mut writing)?;
        let finished = writing.manifest.finished();
        let held = |batch: &&i64| finished.get(batch).is_some_and(|finished| crate::retention::split(&finished.summary, key).1.events > 0);
        let batches: Vec<i64> = batches.iter().filter(held).copied().collect();
        if batches.is_empty() {
            return Ok(0);
        }
        let expired = |manifest: &Manifest| -> u64 { batches.iter().filter_map(|b| manifest.finished().get(b)).map(|f| f.expired).sum() };
        let before = expired(&writing.manifest);
        writing.manifest.expire(key, batches.clone(), at.micros())?;
        let gone = expired(&writing.manifest) - before;
        self.clean(&mut writing)?;
        self.show(&writing);
        Ok(gone)
    }

    /// How many events retention took of each batch; those of which it took none are absent.
    #[must_use]
    pub fn expired(&self) -> BTreeMap<i64, u64> {
        self.snapshot().batches.iter().filter(|(_, f)| f.expired > 0).map(|(batch, f)| (*batch, f.expired)).collect()
    }

    /// Merges segments of less than half a million events, for fewer places to ask. Reads and writes about as many
    /// bytes as they take; best run when nothing is imported. Waits while a batch is written.
    ///
    /// # Errors
    /// When the disk is full or fails; nothing is lost then.
    pub fn compact(&self) -> Result<(), LogError> {
        let mut writing = self.writing();
        self.clean(&mut writing)?;
        for partition in writing.partitions.values() {
            let segments = partition.small_segments(MEDIUM_SEGMENT)?;
            if segments.len() > 1 {
                let mut writer = partition.writer(1, 0)?;
                writer.merge(&segments).wait()?;
                writer.garbage_collect_files().wait()?;
                partition.reload()?;
            }
        }
        self.show(&writing);
        Ok(())
    }

    /// What a finished batch holds; `None` when it is not there.
    #[must_use]
    pub fn batch(&self, batch: i64) -> Option<BatchSummary> {
        self.snapshot().batches.get(&batch).map(|finished| finished.summary.clone())
    }

    /// Looks needles up. `progress` is told (done, total) steps and may stop the search.
    ///
    /// # Errors
    /// [`LogError::Cancelled`], or an I/O error.
    pub fn search(
        &self,
        request: &SearchRequest<'_>,
        progress: &(dyn Fn(u64, u64) -> ControlFlow<()> + Sync),
    ) -> Result<SearchOutcome, LogError> {
        crate::search::search(&self.snapshot(), &self.options, &self.fields, request, progress)
    }

    /// The ids of standing values of which something may be in a batch, ascending: few of many, to be searched for.
    ///
    /// # Errors
    /// When reading fails.
    pub fn met(&self, standing: &Standing, batch: i64) -> Result<Vec<i64>, LogError> {
        crate::standing::met(&self.snapshot(), &self.options, &self.fields, standing, batch)
    }

    /// Looks through events.
    ///
    /// # Errors
    /// When reading fails.
    pub fn events(&self, request: &EventsRequest<'_>) -> Result<EventsFound, LogError> {
        crate::events::events(&self.snapshot(), &self.options, &self.fields, request)
    }

    /// Gives every event that may be meant to `take`, on several threads, and keeps what it makes of them. `progress` is told how
    /// many of how many were compared, and may stop the scan.
    ///
    /// # Errors
    /// [`LogError::Cancelled`], or an I/O error.
    pub fn scan<R: Send>(
        &self,
        request: &ScanRequest<'_>,
        progress: &(dyn Fn(u64, u64) -> ControlFlow<()> + Sync),
        take: &(dyn Fn(&StoredEvent) -> Option<R> + Sync),
    ) -> Result<Scanned<R>, LogError> {
        crate::scan::scan(&self.snapshot(), &self.options, &self.fields, request, progress, take)
    }

    /// What each source (all, or those named) holds. A source without any data has no row.
    #[must_use]
    pub fn coverage(&self, window: Window, sources: Option<&[i64]>) -> Vec<SourceCoverage> {
        crate::coverage::coverage(&self.snapshot(), window, sources, self.disk_bytes().unwrap_or_default())
    }

    /// The event of this name, if it is still there.
    ///
    /// # Errors
    /// When reading fails.
    pub fn event(&self, locator: Locator) -> Result<Option<StoredEvent>, LogError> {
        crate::fetch::by_locator(&self.snapshot(), &self.fields, locator)
    }

    /// The event of this name, if it is still there, with what a question asks for marked in it.
    ///
    /// # Errors
    /// When reading fails.
    pub fn sample(&self, locator: Locator, query: &Query) -> Result<Option<Sample>, LogError> {
        let mut wanted = Vec::new();
        query.wanted(&mut wanted);
        let spellings: Vec<&Spelling> = wanted.iter().collect();
        Ok(self.event(locator)?.map(|event| Sample { marks: marks(&event.raw, &spellings), event }))
    }

    fn disk_bytes(&self) -> Result<u64, LogError> {
        let snapshot = self.snapshot();
        let mut bytes = 0;
        for (key, _) in &snapshot.partitions {
            bytes += crate::partition::disk_bytes(&self.dir.join(key.to_string()))?;
        }
        Ok(bytes)
    }

    /// The size of the index.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn stats(&self) -> Result<Stats, LogError> {
        let snapshot = self.snapshot();
        Ok(Stats {
            events: snapshot.batches.values().map(|b| b.summary.events).sum(),
            batches: snapshot.batches.len() as u64,
            partitions: snapshot.partitions.len() as u64,
            segments: snapshot.partitions.iter().map(|(_, searcher)| searcher.segment_readers().len() as u64).sum(),
            raw_bytes: snapshot.batches.values().map(|b| b.summary.bytes).sum(),
            disk_bytes: self.disk_bytes()?,
        })
    }
}
