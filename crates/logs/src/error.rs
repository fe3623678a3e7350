//! What can go wrong with the log index.

use std::path::PathBuf;

/// An error of the log index. Its text says what to do, where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process works on the directory.
    #[error("the log index {0} is in use by another process; stop it first, or choose another data directory")]
    InUse(PathBuf),
    /// Reading or writing failed.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The index library refused or failed.
    #[error("log index: {0}")]
    Index(String),
    /// A file of ours does not hold what we wrote.
    #[error("{path} is damaged at line {line}: {why}; restore the log index from a backup, or delete it and import the logs again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it, counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The directory was written by a newer or an unknown version.
    #[error("{path} was written by another version ({found}); this one reads {known}")]
    Version {
        /// The directory.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this version writes.
        known: &'static str,
    },
    /// A batch of this number is already there.
    #[error("batch {0} is already in the log index")]
    BatchExists(i64),
    /// An earlier operation failed half-way, and its traces could not be removed yet.
    #[error("the log index could not be cleaned up after an earlier failure: {0}")]
    Unclean(String),
    /// The caller's progress function asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl LogError {
    /// Wraps an I/O error with its place.
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }

    /// Whether the disk is full, so that the caller can say so.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            // tantivy wraps the error of the operating system into text.
            Self::Index(text) | Self::Unclean(text) => text.contains("StorageFull") || text.contains("No space left"),
            _ => false,
        }
    }
}

impl From<tantivy::TantivyError> for LogError {
    fn from(error: tantivy::TantivyError) -> Self {
        // The Debug form of an I/O error holds its kind, which `is_disk_full` looks for.
        Self::Index(format!("{error} ({error:?})"))
    }
}

/// Errors of the index library's file layer.
pub(crate) fn index_io(error: std::io::Error) -> LogError {
    LogError::Index(format!("{error} ({:?})", error.kind()))
}
