//! Logs of lines: syslog, access logs, `key=value`, CEF and LEEF, and plain text. The line is the text that is searched;
//! what is recognised in it gives time, machine, accounts and addresses.

use std::io::Read;

use model::Timestamp;

use super::access_log;
use super::emit::{Ended, Found, Output, Place};
use super::lines::{Step, each_line};
use super::pairs;
use super::syslog;
use super::time::{self, EventTime, Stamp};
use super::walk::{Walked, walk};
use super::{Format, Shape};

/// Lines that are looked at to recognise the format.
const LINES_SEEN: usize = 50;

/// The format that most lines of a text have.
pub(super) fn detect(head: &str) -> Format {
    let mut counts = [(Format::Cef, 0), (Format::AccessLog, 0), (Format::Syslog, 0), (Format::KeyValue, 0)];
    let mut lines = 0;
    for line in head.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).take(LINES_SEEN) {
        lines += 1;
        let format = of_line(line);
        counts.iter_mut().filter(|(of, _)| Some(*of) == format).for_each(|(_, count)| *count += 1);
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.filter(|(_, count)| *count > 0 && *count * 2 >= lines).map_or(Format::Text, |(format, _)| format)
}

fn of_line(line: &str) -> Option<Format> {
    let line = line.trim();
    if pairs::cef_at(line).is_some() {
        Some(Format::Cef)
    } else if syslog::header(line).is_some() {
        Some(Format::Syslog)
    } else if access_log::parse(line).is_some() {
        Some(Format::AccessLog)
    } else if pairs::are_most_of(line) {
        Some(Format::KeyValue)
    } else {
        None
    }
}

/// The years of a file whose times name none.
struct Years {
    /// The last time that was settled, or one that stands in the file with its year.
    near: Option<Timestamp>,
    now: Option<Timestamp>,
}

impl Years {
    /// Begins with the first time in the head of the file that has a year.
    fn new(head: &str, now: Option<Timestamp>) -> Self {
        let near = head.lines().take(500).find_map(|line| {
            candidates(line, 400).find_map(|(_, stamp)| match stamp {
                Stamp::Full(time) if time::is_likely(time.at, now) => Some(time.at),
                _ => None,
            })
        });
        Self { near, now }
    }

    fn settle(&mut self, stamp: Stamp) -> Option<EventTime> {
        let time = match stamp {
            Stamp::Full(time) => time,
            Stamp::NoYear(stamp) => {
                let near = self.near.and_then(|near| stamp.near(near)).filter(|at| time::is_likely(*at, self.now));
                EventTime { at: near.or_else(|| stamp.before(self.now?))?, zone: false }
            }
        };
        if time::is_likely(time.at, self.now) {
            self.near = Some(time.at);
        }
        Some(time)
    }
}

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, format: Format, head: &str, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut years = Years::new(head, output.options.now);
    let mut walked = Walked::default();
    each_line(reader, member, output, |output, line, number| {
        let found = found(line, format, &mut years, &mut walked);
        Step::event(output.event(line, line, Shape::Text, &found, Place { member, line: number }))
    })
}

fn found<'l>(line: &'l str, format: Format, years: &mut Years, walked: &'l mut Walked) -> Found<'l> {
    let whole = line.trim();
    let header =
        if matches!(format, Format::Syslog | Format::Cef | Format::KeyValue | Format::AccessLog) { syslog::header(whole) } else { None };
    let message = header.as_ref().map_or(whole, |header| header.message);
    let mut found = of_message(message, walked);
    match header {
        Some(header) => {
            // A message that tells its own year tells that of its header.
            if let (Some(Stamp::NoYear(_)), Some(time)) = (header.time, found.time) {
                let _ = years.settle(Stamp::Full(time));
            }
            found.time = header.time.and_then(|stamp| years.settle(stamp)).or(found.time);
            found.host = header.host.or(found.host);
        }
        None => {
            let written = candidates(whole, 160).next().map(|(_, stamp)| stamp);
            found.time = found.time.or_else(|| audit_time(whole)).or_else(|| years.settle(written?)).or_else(|| leading_number(whole));
        }
    }
    found
}

/// What a message says without its header.
fn of_message<'l>(message: &'l str, walked: &'l mut Walked) -> Found<'l> {
    if let Some(at) = pairs::cef_at(message) {
        return pairs::cef(message.get(at..).unwrap_or_default());
    }
    if let Some(found) = access_log::parse(message) {
        return found;
    }
    if message.ends_with('}')
        && let Some(json) = message.find('{').and_then(|at| message.get(at..))
        && walk(json, walked).is_ok()
    {
        return Found::of(&walked.text, &walked.known);
    }
    let mut found = if message.contains('=') { pairs::found(message) } else { Found::default() };
    found.or(access_log::spoken(message));
    found
}

/// Times in a line, in order, within so many bytes: where a word or bracket begins.
fn candidates(line: &str, within: usize) -> impl Iterator<Item = (usize, Stamp)> + '_ {
    let bytes = line.as_bytes();
    (0..bytes.len().min(within)).filter_map(move |at| {
        let first = bytes.get(at)?;
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let begins = before.is_none_or(|b| b" [(<|\"'=*,;:\t".contains(b));
        if !begins || !(first.is_ascii_digit() || first.is_ascii_uppercase()) {
            return None;
        }
        let (stamp, length) = time::prefix(line.get(at..)?)?;
        // A date alone says too little, and what goes on with letters was something else.
        let whole = !bytes.get(at + length).is_some_and(u8::is_ascii_alphanumeric);
        (length >= 12 && whole).then_some((at, stamp))
    })
}

/// `msg=audit(1696431255.037:8272)` of the Linux audit daemon.
fn audit_time(line: &str) -> Option<EventTime> {
    let (_, rest) = line.split_once("audit(")?;
    time::parse(rest.split([':', ')']).next()?)
}

/// Seconds or milliseconds of the epoch at the beginning of the line, as Squid writes them.
fn leading_number(line: &str) -> Option<EventTime> {
    let word = line.split_ascii_whitespace().next()?;
    let whole = word.split('.').next()?;
    if whole.len() == 10 || whole.len() == 13 { time::parse(word) } else { None }
}
