//! What a file is, by how it begins.

use std::borrow::Cow;
use std::io::Read;

use encoding_rs::{Encoding, UTF_8};
use jiter::JsonErrorType;

use super::charset::{self, Decoded};
use super::emit::{Ended, Output};
use super::fields::Role;
use super::format::Format;
use super::walk::{Walked, walk};
use super::{csv, evtx, json, json_lines, text, w3c, zeek};

/// Bytes by which a format is recognised.
pub(super) const HEAD: usize = 64 * 1024;

/// Lines of JSON that are looked at.
const LINES_SEEN: usize = 20;

/// What a stream of events is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) format: Format,
    pub(super) encoding: &'static Encoding,
    delimiter: Option<u8>,
}

impl Kind {
    /// A stream of which nothing could be read.
    pub(super) const NOTHING: Self = Self { format: Format::JsonLines, encoding: UTF_8, delimiter: None };
}

/// Files that are no logs by what they begin with, and what to do about them.
const NO_LOGS: [(&[u8], &str); 16] = [
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it and give the files in it, or a zip or tar of them"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it and give the files in it, or a zip or tar of them"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture; give what Zeek, Suricata or `tshark -T ek` make of it"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture; give what Zeek, Suricata or `tshark -T ek` make of it"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture; give what Zeek, Suricata or `tshark -T ek` make of it"),
    (b"SQLite format 3\0", "an SQLite database; export its tables as CSV or JSON lines"),
    (b"LPKSHHRH", "a journal of systemd; give what `journalctl -o json` makes of it"),
    (b"PAR1", "an Apache Parquet file; export it as CSV or JSON lines"),
    (b"Obj\x01", "an Apache Avro file; export it as JSON lines"),
    (b"\x30\x00\x00\x00LfLe", "an event log of Windows XP or 2003; save it as EVTX first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document; save it as CSV"),
    (b"%PDF-", "a PDF document; import it as a report instead"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a picture"),
    (b"regf", "a registry hive of Windows"),
];

/// What a stream that begins with `head` is; `whole` when that is all of it.
///
/// # Errors
/// What it seems to be instead, in words for the person who gave the file.
pub(super) fn kind(head: &[u8], whole: bool, chosen: Option<Format>) -> Result<Kind, String> {
    if head.starts_with(evtx::MAGIC) {
        return Ok(Kind { format: Format::Evtx, encoding: UTF_8, delimiter: None });
    }
    if chosen == Some(Format::Evtx) && !head.is_empty() {
        return Err("something else than a Windows event log (EVTX), which was asked for; leave the format to the content".to_owned());
    }
    if let Some((_, what)) = NO_LOGS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err((*what).to_owned());
    }
    let encoding = charset::detect(head);
    let text = decoded(head, encoding);
    if is_binary(&text) {
        return Err("binary data in no format that is read; see the list of log formats for what is".to_owned());
    }
    let text = text.trim_start_matches('\u{feff}');
    let csv = |text: &str| csv::detect(text, whole);
    let format = match chosen {
        Some(format) => format,
        None => format_of(text, whole),
    };
    let delimiter = if format == Format::Csv { csv(text) } else { None };
    Ok(Kind { format, encoding, delimiter })
}

fn decoded<'h>(head: &'h [u8], encoding: &'static Encoding) -> Cow<'h, str> {
    if encoding == UTF_8 {
        return String::from_utf8_lossy(head);
    }
    Cow::Owned(encoding.decode_with_bom_removal(head).0.into_owned())
}

/// Whether text holds what no text does: many zeros or control characters.
///
/// A block of zeros counts once: it is what a crash leaves in the middle of a log. A log may hold a few of the others.
fn is_binary(text: &str) -> bool {
    let (mut count, mut zeros, mut control, mut last) = (0, 0, 0, ' ');
    for c in text.chars() {
        if c == '\0' {
            zeros += usize::from(last != c);
        } else {
            count += 1;
            control += usize::from((c.is_control() && !"\t\n\r\u{b}\u{c}\u{1b}".contains(c)) || c == '\u{fffd}');
        }
        last = c;
    }
    // What is mostly of them is none.
    zeros * 20 > count || (zeros + control) * 10 > count
}

fn format_of(text: &str, whole: bool) -> Format {
    let trimmed = text.trim_start();
    if trimmed.is_empty() {
        return Format::JsonLines;
    }
    if zeek::detect(text) {
        return Format::Zeek;
    }
    if w3c::detect(text) {
        return Format::W3c;
    }
    if let Some(format) = json_of(trimmed, whole) {
        return format;
    }
    if csv::detect(text, whole).is_some() {
        return Format::Csv;
    }
    text::detect(text)
}

/// Which of the formats of JSON it is, if any.
fn json_of(text: &str, whole: bool) -> Option<Format> {
    let mut walked = Walked::default();
    let (mut objects, mut others, mut actions) = (0, 0, 0);
    for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()).take(LINES_SEEN) {
        let cut = !line.ends_with('\n') && !whole;
        let line = line.trim();
        let is_json = line.starts_with('{') && if cut { begins_as_json(line) } else { walk(line, &mut walked).is_ok() };
        // A line that is cut off says something only where there is no other.
        if cut && objects + others > 0 {
            continue;
        }
        *if is_json { &mut objects } else { &mut others } += 1;
        actions += usize::from(json_lines::is_action(line));
    }
    if text.starts_with(['{', '[']) {
        let first = text.lines().next().unwrap_or_default();
        if json_lines::is_action(first.trim()) && (actions > 1 || objects > 1) {
            return Some(Format::ElasticBulk);
        }
        if text.starts_with('[') {
            return begins_as_json(text).then_some(Format::Json);
        }
        // A line that has a time is an event, whatever lists come before it.
        let event =
            objects > 1 && walk(first.trim(), &mut walked).is_ok() && walked.known.iter().any(|(role, _)| matches!(role, Role::Time(_)));
        if !event && json::wraps(text) && (objects > 0 || begins_as_json(text)) {
            return Some(Format::Json);
        }
        if objects > 0 && objects * 2 >= others {
            return Some(Format::JsonLines);
        }
        if begins_as_json(text) {
            return Some(Format::Json);
        }
    }
    (objects > others).then_some(Format::JsonLines)
}

/// Whether text is JSON objects and arrays, one after the other, the last of which may be cut off.
fn begins_as_json(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..LINES_SEEN {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return true;
        }
        if !rest.starts_with(['{', '[']) {
            return false;
        }
        let mut jiter = jiter::Jiter::new(rest.as_bytes());
        if let Err(error) = jiter.next_skip() {
            return is_cut_off(&error.error_type);
        }
        rest = rest.get(jiter.current_index()..).unwrap_or_default();
    }
    true
}

fn is_cut_off(error: &jiter::JiterErrorType) -> bool {
    matches!(
        error,
        jiter::JiterErrorType::JsonError(
            JsonErrorType::EofWhileParsingList
                | JsonErrorType::EofWhileParsingObject
                | JsonErrorType::EofWhileParsingString
                | JsonErrorType::EofWhileParsingValue
        )
    )
}

/// Reads the events of a stream of this kind; `head` is how it begins.
pub(super) fn read(kind: Kind, head: &[u8], stream: &mut dyn Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    if kind.format == Format::Evtx {
        return evtx::read(stream, member, output);
    }
    let text = decoded(head, kind.encoding);
    if kind.encoding == UTF_8 {
        events(kind, &text, stream, member, output)
    } else {
        events(kind, &text, &mut Decoded::new(stream, kind.encoding), member, output)
    }
}

fn events(kind: Kind, head: &str, stream: &mut dyn Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    match kind.format {
        Format::JsonLines => json_lines::read(stream, member, output),
        Format::ElasticBulk => json_lines::read_bulk(stream, member, output),
        Format::Json => json::read(stream, member, output),
        Format::Csv => csv::read(stream, kind.delimiter, head, member, output),
        Format::Zeek => zeek::read(stream, member, output),
        Format::W3c => w3c::read(stream, member, output),
        Format::Evtx => evtx::read(stream, member, output),
        Format::Syslog | Format::AccessLog | Format::KeyValue | Format::Cef | Format::Text => {
            text::read(stream, kind.format, head, member, output)
        }
    }
}
