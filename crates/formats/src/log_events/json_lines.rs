//! One JSON value a line. A line that is no JSON is an event all the same: its text is the line.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use super::fields::{Role, account, is_name};
use super::json::{NotWalked, Walked, walk};
use super::lines::{Line, Lines};
use super::time::{self, EventTime};
use super::{Event, Format, Limits, NotRecognised, Problem, ReadReport, Shape, Sink};

/// Lines that are looked at to recognise the format.
const LINES_SEEN: usize = 20;

/// Whether a stream that begins like this is JSON lines.
pub(super) fn detect(head: &[u8]) -> Result<Format, NotRecognised> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Ok(Format::JsonLines);
    }
    let squeezed: String = text.chars().take(64).filter(|c| !c.is_whitespace()).collect();
    if squeezed.starts_with("{\"Records\":[") {
        return Err(NotRecognised("one JSON object with `Records` (CloudTrail); convert it to JSON lines (`jq -c '.Records[]'`)"));
    }
    if squeezed.starts_with("[{") || squeezed.starts_with("[[") {
        return Err(NotRecognised("one JSON array; convert it to JSON lines (`jq -c '.[]'`)"));
    }
    let mut walked = Walked::default();
    let mut lines = text.split_inclusive('\n').take(LINES_SEEN);
    let known = lines.any(|line| {
        let whole = line.ends_with('\n') || text.len() < super::container::HEAD;
        let line = line.trim();
        line.starts_with('{') && (!whole || walk(line, &mut walked).is_ok())
    });
    if known {
        Ok(Format::JsonLines)
    } else if text.starts_with('{') {
        Err(NotRecognised("JSON that is spread over lines; convert it to JSON lines (`jq -c .`)"))
    } else {
        Err(NotRecognised("no JSON lines, the only format of logs that is read so far"))
    }
}

/// What of the events goes where.
pub(super) struct Output<'o, 's> {
    pub(super) limits: &'o Limits,
    pub(super) report: &'o mut ReadReport,
    pub(super) sink: &'o mut Sink<'s>,
}

/// What was read of a stream, and why it ended before its end, if so.
pub(super) struct Ended {
    pub(super) events: u64,
    pub(super) bytes: u64,
    pub(super) error: Option<io::Error>,
}

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut lines = Lines::new(reader, output.limits.line_bytes);
    let mut walked = Walked::default();
    let mut events = 0;
    let error = loop {
        let (number, line) = match lines.next() {
            Ok(Some(next)) => next,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        let Line::Whole(bytes) = line else {
            output.report.problem(output.limits, member, number, Problem::TooLong);
            continue;
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                output.report.problem(output.limits, member, number, Problem::NotUtf8);
                String::from_utf8_lossy(bytes)
            }
        };
        let raw = text.trim_matches('\u{feff}').trim();
        if raw.is_empty() {
            continue;
        }
        events += 1;
        if event(raw, member, number, &mut walked, output) {
            output.report.stopped = true;
            break None;
        }
    };
    Ended { events, bytes: lines.bytes(), error }
}

/// Hands one line to the sink; whether that wants no more.
fn event(raw: &str, member: &str, line: u64, walked: &mut Walked, output: &mut Output<'_, '_>) -> bool {
    let shape = match walk(raw, walked) {
        Ok(()) => Shape::Json,
        Err(why) => {
            let problem = if why == NotWalked::TooDeep { Problem::TooDeep } else { Problem::NotJson };
            output.report.problem(output.limits, member, line, problem);
            walked.known.clear();
            Shape::Text
        }
    };
    let text = if shape == Shape::Json { walked.text.as_str() } else { raw };
    let known = Known::of(text, &walked.known);
    output.report.events += 1;
    output.report.without_time += u64::from(known.time.is_none());
    output.report.without_zone += u64::from(known.time.is_some_and(|t| !t.zone));
    let event = Event {
        raw,
        text,
        shape,
        time: known.time.map(|t| t.at),
        time_has_zone: known.time.is_some_and(|t| t.zone),
        host: known.host,
        accounts: &known.accounts,
        member,
        line,
    };
    (output.sink)(&event).is_break()
}

/// The known fields of an event.
struct Known<'a> {
    time: Option<EventTime>,
    host: Option<&'a str>,
    accounts: Vec<Cow<'a, str>>,
}

impl<'a> Known<'a> {
    fn of(text: &'a str, fields: &[(Role, Range<usize>)]) -> Self {
        let value = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        let mut time: Option<(u16, EventTime)> = None;
        let mut host: Option<(u16, &str)> = None;
        let mut accounts: Vec<Cow<'a, str>> = Vec::new();
        for (role, range) in fields {
            match *role {
                Role::Time(rank) if time.is_none_or(|(best, _)| rank < best) => {
                    time = time::parse(value(range)).map(|t| (rank, t)).or(time);
                }
                Role::Host(rank) if host.is_none_or(|(best, _)| rank < best) && is_name(value(range).trim()) => {
                    host = Some((rank, value(range).trim()));
                }
                Role::User(rank) if is_name(value(range)) => {
                    let domain = fields.iter().find(|(other, _)| *other == Role::Domain(rank)).map(|(_, range)| value(range));
                    let account = account(value(range), domain);
                    if !accounts.contains(&account) {
                        accounts.push(account);
                    }
                }
                _ => {}
            }
        }
        Self { time: time.map(|(_, t)| t), host: host.map(|(_, h)| h), accounts }
    }
}
