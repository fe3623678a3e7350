//! Events as they come in and as they are given back.

use std::borrow::Cow;

use model::Timestamp;

/// One event to index. All text is borrowed: the caller reuses its buffers from event to event.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// When it happened, where that is known.
    pub time: Option<Timestamp>,
    /// The machine that it is about.
    pub host: Option<&'a str>,
    /// The accounts that it names (`DOMAIN\user` or `user`); doubles count once.
    pub accounts: &'a [Cow<'a, str>],
    /// The event as it was written, kept for samples.
    pub raw: &'a str,
    /// What is searched: the decoded scalar values, joined by a line feed.
    pub text: &'a str,
    /// How [`ValuesOf`] gets `text` back out of `raw`; opaque to the index.
    pub shape: u8,
    /// The file inside the import (a path within an archive), or empty.
    pub member: &'a str,
    /// Line or record number within `member`, counted from 1.
    pub line: u64,
}

/// Appends to `out` the text that was given as [`NewEvent::text`] for an event of this shape and raw form.
///
/// The index keeps only the raw form, of which the text is four fifths in Windows events, and calls this when a value
/// with separators has to be checked exactly.
pub type ValuesOf = fn(shape: u8, raw: &str, out: &mut String);

/// Names one event for good, whatever is merged or deleted around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locator {
    /// The batch that brought it.
    pub batch: i64,
    /// Its place in the batch, counted from 0.
    pub sequence: u64,
}

/// An event as it is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its name.
    pub locator: Locator,
    /// The source that it belongs to.
    pub source: i64,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The machine.
    pub host: Option<String>,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The file inside the import, or empty.
    pub member: String,
    /// Line or record number within `member`, counted from 1.
    pub line: u64,
    /// The event as it was written.
    pub raw: String,
    /// See [`NewEvent::shape`].
    pub shape: u8,
}

/// What a finished batch holds; also the ground of [`crate::SourceCoverage`].
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct BatchSummary {
    /// Events indexed.
    pub events: u64,
    /// Events among them that have no time.
    pub without_time: u64,
    /// The earliest time.
    #[serde(with = "micros", default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The latest time.
    #[serde(with = "micros", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Events per UTC day (days since 1970-01-01), ascending.
    pub per_day: Vec<(i64, u64)>,
    /// Bytes of all raw events.
    pub bytes: u64,
}

/// Times as integer microseconds, as everywhere in stored data.
mod micros {
    use model::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(Timestamp::micros).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp))
    }
}
