//! Log files: streams of bytes turned into events with time, machine and accounts.
//!
//! [`read_events`] recognises compression, character set and format by content, and hands each event to a sink as
//! borrowed text. What cannot be read is counted and told with its place; what can is kept. A further format is a file
//! beside `json_lines.rs`, a name in [`Format`] and a line in `recognise.rs`.

mod access_log;
mod charset;
mod container;
mod csv;
mod emit;
mod evtx;
mod fields;
mod format;
mod json;
mod json_lines;
mod lines;
mod pairs;
mod recognise;
mod syslog;
mod table;
mod text;
mod time;
mod w3c;
mod walk;
mod zeek;

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use model::Timestamp;

pub use self::format::{Format, NoSuchFormat};

/// One event. All text is borrowed from the reader's buffers and gone when the sink returns.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The event as it was written, without the line end. Rows of CSV and lines of Zeek are JSON objects under the names
    /// of their columns, records of EVTX are JSON.
    pub raw: &'a str,
    /// What is searched: the decoded scalar values joined by line feeds, or the line where the format is text.
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
    /// The address or name that it came from.
    pub source: Option<&'a str>,
    /// The address or name that it went to.
    pub destination: Option<&'a str>,
    /// What was done, in the product's words.
    pub action: Option<&'a str>,
    /// The file within the archive, or empty.
    pub member: &'a str,
    /// The line that it begins in, or its number in JSON and EVTX, counted from 1.
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
        walk::values(raw, out);
    } else {
        out.push_str(raw);
    }
}

/// The pairs of a line, `key=value`, those of a CEF or LEEF event among them.
pub(crate) fn pairs_of(line: &str) -> Vec<(&str, &str)> {
    pairs::all(line)
}

/// How a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The format, where a person chose it; otherwise each file's content tells.
    pub format: Option<Format>,
    /// Seconds that are added to every time: for a clock that was wrong, or times that are local and name no zone.
    pub offset_seconds: i64,
    /// When it is read, for times that name no year: they are not later.
    pub now: Option<Timestamp>,
    /// What may be read.
    pub limits: Limits,
}

/// What may be read from one source. Limits on inflated bytes stop archives that are made to fill a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes over all members after decompression; 64 GiB by default.
    pub inflated_bytes: u64,
    /// How many times larger than its compressed form a member may be, once past 64 MiB; 300 by default. Windows
    /// logs of one machine reach about 30.
    pub ratio: u64,
    /// Files in a source, over all its archives; 10,000 by default.
    pub members: usize,
    /// Bytes of a line or record; 1 MiB by default. Longer ones are skipped and told.
    pub line_bytes: usize,
    /// Compressions and archives within each other; 4 by default.
    pub nesting: usize,
    /// Bytes of a zip archive within another archive, which has to be held in memory; 256 MiB by default.
    pub held_bytes: u64,
    /// Problems that are told with their line, per source; 100 by default. All are counted.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { inflated_bytes: 64 << 30, ratio: 300, members: 10_000, line_bytes: 1 << 20, nesting: 4, held_bytes: 256 << 20, notes: 100 }
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
    /// A record, or a block of records, that is damaged. It is not kept.
    Damaged,
    /// A quote that nothing closes. The line is kept as a row of its own.
    OpenQuote,
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
    /// The format that it was read as; `None` when it was not read.
    pub format: Option<Format>,
    /// The character set that it was read as, by its standard name.
    pub encoding: &'static str,
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
    /// Lines that are too long; not kept.
    pub too_long: u64,
    /// Records that are damaged, not kept, and rows with a quote that nothing closes, kept by themselves.
    pub damaged: u64,
    /// The first problems with their places.
    pub notes: Vec<LineNote>,
    /// The files, in order.
    pub members: Vec<Member>,
    /// The sink asked to stop.
    pub stopped: bool,
}

impl ReadReport {
    fn problem(&mut self, notes: usize, place: emit::Place<'_>, problem: Problem) {
        *match problem {
            Problem::NotJson => &mut self.not_json,
            Problem::TooDeep => &mut self.too_deep,
            Problem::NotUtf8 => &mut self.not_utf8,
            Problem::TooLong => &mut self.too_long,
            Problem::Damaged | Problem::OpenQuote => &mut self.damaged,
        } += 1;
        if self.notes.len() < notes {
            self.notes.push(LineNote { member: place.member.to_owned(), line: place.line, problem });
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
        what: String,
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

/// Reads the events of a source: a log file, plain or compressed, or an archive of such files.
///
/// Compressions are gzip, zstd, bzip2 and xz, archives are zip and tar, in any nesting within the limits. `name` is the
/// file's name as the person knows it, for messages only.
///
/// # Errors
/// When the source cannot be read or holds no log, or an archive breaks a limit. In an archive, members that are no logs
/// are told in the report, and it is an error only if there is no other. Events may have been handed over before an
/// error: the caller throws them away.
pub fn read_events(source: impl Read + Seek, name: &str, options: &Options, sink: &mut Sink<'_>) -> Result<ReadReport, ReadError> {
    container::read(source, name, options, sink)
}

#[cfg(test)]
mod tests;
