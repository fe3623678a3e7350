//! The log index and its directory.

use std::ops::ControlFlow;
use std::path::Path;

use model::time::Window;

use crate::batch::BatchWriter;
use crate::error::LogError;
use crate::event::{BatchSummary, Locator, StoredEvent, ValuesOf};
use crate::request::{SearchOutcome, SearchRequest, SourceCoverage, Stats};

/// How a log index works.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Gets the searched text back out of a raw event.
    pub values_of: ValuesOf,
    /// Threads that index and threads that search; two by default.
    pub threads: usize,
    /// Memory that indexing may take over all partitions, in bytes; 160 MB by default.
    pub writer_memory: usize,
}

impl Options {
    /// The defaults around `values_of`.
    #[must_use]
    pub fn new(values_of: ValuesOf) -> Self {
        Self {
            values_of,
            threads: 2,
            writer_memory: 160_000_000,
        }
    }
}

/// The log index of one directory. One process at a time; within it, searches go on while a batch is written.
pub struct LogIndex {
    options: Options,
}

impl LogIndex {
    /// Opens the index in `dir`, made if it is not there, and removes what an interrupted batch left.
    ///
    /// # Errors
    /// [`LogError::InUse`] when another process has it, [`LogError::Damaged`], or an I/O error.
    pub fn open(dir: &Path, options: Options) -> Result<Self, LogError> {
        let _ = dir;
        Ok(Self { options })
    }

    /// Begins a batch. Waits while another batch is written. `batch` is the caller's number for it, never used twice.
    ///
    /// # Errors
    /// [`LogError::BatchExists`], or an I/O error.
    pub fn begin_batch(&self, source: i64, batch: i64) -> Result<BatchWriter<'_>, LogError> {
        let _ = self.options;
        Ok(BatchWriter {
            index: self,
            source,
            batch,
            summary: BatchSummary::default(),
        })
    }

    /// Removes a batch; whether it was there.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn delete_batch(&self, batch: i64) -> Result<bool, LogError> {
        let _ = batch;
        Ok(false)
    }

    /// Removes all batches of a source; how many there were.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn delete_source(&self, source: i64) -> Result<usize, LogError> {
        let _ = source;
        Ok(0)
    }

    /// Whether a finished batch of this number is there, and what it holds.
    #[must_use]
    pub fn batch(&self, batch: i64) -> Option<BatchSummary> {
        let _ = batch;
        None
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
        let _ = (request, progress);
        Ok(SearchOutcome::default())
    }

    /// What each source (all, or those named) holds. A source without any data has no row.
    #[must_use]
    pub fn coverage(&self, window: Window, sources: Option<&[i64]>) -> Vec<SourceCoverage> {
        let _ = (window, sources);
        Vec::new()
    }

    /// The event of this name, if it is still there.
    ///
    /// # Errors
    /// When reading fails.
    pub fn event(&self, locator: Locator) -> Result<Option<StoredEvent>, LogError> {
        let _ = locator;
        Ok(None)
    }

    /// The size of the index.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn stats(&self) -> Result<Stats, LogError> {
        Ok(Stats::default())
    }
}
