//! Logs: files come in from named sources, their events into the log index.

mod delete;
mod event;
mod events;
mod files;
mod import;
mod read;
mod remove;
mod sources;
mod view;

pub use delete::{delete_file, delete_source};
pub use event::{WholeEventView, event};
pub use events::{EventQuery, EventView, EventsView, TimeCount, events};
pub use files::{file, files};
pub use import::{LogImport, MAX_BYTES, import};
pub(crate) use read::IMPORT_JOB;
pub(crate) use remove::REMOVE_JOB;
pub use sources::sources;
pub use view::{BadLine, BrokenMember, DayCount, Gap, LogFileView, LogReport, LogSourceView, NameCount, ReadFile};
pub(crate) use view::{gap, gaps};

/// The formats that a person can choose: each by its name, and in words.
pub fn formats() -> impl Iterator<Item = (&'static str, &'static str)> {
    formats::log_events::Format::ALL.into_iter().map(|format| (format.name(), format.label()))
}

pub use ::logs::{LogError, LogIndex, Options};

/// Opens the log index in a directory, made if it is not there.
///
/// # Errors
/// When another process has it, or it is damaged, or can't be read.
pub fn open_index(dir: &std::path::Path) -> Result<LogIndex, LogError> {
    LogIndex::open(dir, Options::new(formats::log_events::values_of))
}
