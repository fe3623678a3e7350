//! Log files: streams of bytes turned into events with time, machine and accounts.
//!
//! [`read_events`] recognises compression and format by content, and hands each event to a sink as borrowed text. What
//! cannot be read is counted and told with its place; what can is kept. A further format is a file beside
//! `json_lines.rs` and a line in [`Format`].

mod container;
mod fields;
mod json;
mod json_lines;
mod lines;
mod time;

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use model::Timestamp;

/// One event. All text is borrowed from the reader's buffers and gone when the sink returns.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The event as it was written, without the line end.
    pub raw: &'a str,
    /// The decoded scalar values joined by line feeds: what is searched.
    pub text: &'a str,
    /// How `text` comes out of `raw`; see [`values_of`].
    pub shape: Shape,
    /// When it happened, where a known field says so.
    pub time: Option<Timestamp>,
    /// Whether that field named a time zone; otherwise it was read as UTC.
    pub time_has_zone: bool,
    /// The machine that it is about.
    pub host: Option<&'a str>,
    /// The accounts that it names, `DOMAIN\user` or `user`.
    pub accounts: &'a [Cow<'a, str>],
    /// The file within the archive, or empty.
    pub member: &'a str,
    /// Its line, counted from 1.
    pub line: u64,
}

/// How the searched text of an event comes out of its raw form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Shape {
    /// It is the raw form.
    Text = 0,
    /// The raw form is JSON; the text is its strings, decoded, and its numbers as written.
    Json = 1,
}

/// Appends the searched text of an event of this shape (as a number) to `out`: [`Event::text`] again, from
/// [`Event::raw`]. An unknown shape is taken for [`Shape::Text`].
pub fn values_of(shape: u8, raw: &str, out: &mut String) {
    if shape == Shape::Json as u8 {
        json::values(raw, out);
    } else {
        out.push_str(raw);
    }
}

/// A format of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON value a line.
    JsonLines,
}

/// Why a stream is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotRecognised(&'static str);

impl Format {
    /// Recognises a format by the first bytes of a stream.
    ///
    /// # Errors
    /// What it seems to be instead, in words for the person who gave the file.
    pub fn detect(head: &[u8]) -> Result<Self, NotRecognised> {
        for (magic, what) in [
            (&b"ElfFile\0"[..], "a Windows event log (EVTX); export it as JSON lines"),
            (b"\x28\xb5\x2f\xfd", "zstd compressed; decompress it first"),
            (b"BZh", "bzip2 compressed; decompress it first"),
            (b"\xfd7zXZ\0", "xz compressed; decompress it first"),
            (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
            (b"PK\x03\x04", "an archive within an archive; unpack it first"),
            (b"\xff\xfe", "text in UTF-16; convert it to UTF-8 first"),
            (b"\xfe\xff", "text in UTF-16; convert it to UTF-8 first"),
        ] {
            if head.starts_with(magic) {
                return Err(NotRecognised(what));
            }
        }
        if head.get(257..262) == Some(b"ustar") {
            return Err(NotRecognised("a tar archive; unpack it first"));
        }
        json_lines::detect(head)
    }
}

/// What may be read from one source. Limits on inflated bytes stop archives that are made to fill a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes over all members after decompression; 64 GiB by default.
    pub inflated_bytes: u64,
    /// How many times larger than its compressed form a member may be, once past 64 MiB; 300 by default. Windows
    /// logs of one machine reach about 30.
    pub ratio: u64,
    /// Files in an archive; 10,000 by default.
    pub members: usize,
    /// Bytes of a line; 1 MiB by default. Longer lines are skipped and told.
    pub line_bytes: usize,
    /// Compressions within compressions; 3 by default.
    pub nesting: usize,
    /// Problems that are told with their line, per source; 100 by default. All are counted.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { inflated_bytes: 64 << 30, ratio: 300, members: 10_000, line_bytes: 1 << 20, nesting: 3, notes: 100 }
    }
}

/// How deep JSON may be nested.
pub const MAX_DEPTH: usize = 64;

/// What was wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// It is not JSON. It is kept, as plain text.
    NotJson,
    /// JSON nested deeper than [`MAX_DEPTH`]. It is kept, as plain text.
    TooDeep,
    /// It is not UTF-8. It is kept, with U+FFFD for what is not.
    NotUtf8,
    /// It is longer than [`Limits::line_bytes`]. It is not kept.
    TooLong,
}

/// A line with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineNote {
    /// The file within the archive, or empty.
    pub member: String,
    /// The line, counted from 1.
    pub line: u64,
    /// What was wrong.
    pub problem: Problem,
}

/// A file within the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path within the archive, or empty when the source is no archive.
    pub name: String,
    /// Events read.
    pub events: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Why it could not be read, or not to its end. What was read before is kept.
    pub broken: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadReport {
    /// Events handed to the sink.
    pub events: u64,
    /// Events without a time.
    pub without_time: u64,
    /// Events whose time named no zone and was read as UTC.
    pub without_zone: u64,
    /// Lines that are not JSON.
    pub not_json: u64,
    /// Lines nested too deep.
    pub too_deep: u64,
    /// Lines that are not UTF-8.
    pub not_utf8: u64,
    /// Lines that are too long, the only ones that were not kept.
    pub too_long: u64,
    /// The first problems with their places.
    pub notes: Vec<LineNote>,
    /// The files, in order.
    pub members: Vec<Member>,
    /// The sink asked to stop.
    pub stopped: bool,
}

impl ReadReport {
    fn problem(&mut self, limits: &Limits, member: &str, line: u64, problem: Problem) {
        *match problem {
            Problem::NotJson => &mut self.not_json,
            Problem::TooDeep => &mut self.too_deep,
            Problem::NotUtf8 => &mut self.not_utf8,
            Problem::TooLong => &mut self.too_long,
        } += 1;
        if self.notes.len() < limits.notes {
            self.notes.push(LineNote { member: member.to_owned(), line, problem });
        }
    }
}

/// Why nothing, or nothing more, was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source itself could not be read.
    #[error("cannot read {name}: {source}")]
    Io {
        /// The source's name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is in no format that is read.
    #[error("{name} is not read: it looks like {what}")]
    NotRecognised {
        /// The source's name.
        name: String,
        /// What it looks like.
        what: &'static str,
    },
    /// The archive cannot be opened.
    #[error("{name} is not a readable archive: {why}")]
    Archive {
        /// The source's name.
        name: String,
        /// Why.
        why: String,
    },
    /// It inflates beyond what logs do.
    #[error("{name}: {member} {why}; if it is really a log, unpack it first")]
    Exploding {
        /// The source's name.
        name: String,
        /// The file within it.
        member: String,
        /// Which limit it broke.
        why: String,
    },
}

/// Receives events. Breaking stops the reading.
pub type Sink<'s> = dyn FnMut(&Event<'_>) -> ControlFlow<()> + 's;

/// Reads the events of a source: a log file, plain or gzip'ed, or a zip archive of such files.
///
/// `name` is the file's name as the person knows it, for messages only.
///
/// # Errors
/// When the source cannot be read or is in no known format, or an archive breaks a limit. In an archive, members in
/// unknown formats are told in the report, and it is an error only if there is no other. Events may have been handed
/// over before an error: the caller throws them away.
pub fn read_events(source: impl Read + Seek, name: &str, limits: &Limits, sink: &mut Sink<'_>) -> Result<ReadReport, ReadError> {
    container::read(source, name, limits, sink)
}

#[cfg(test)]
mod tests;
