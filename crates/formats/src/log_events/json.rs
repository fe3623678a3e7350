//! JSON over any number of lines: arrays, pretty-printed objects, and objects that wrap a list of events. Events are cut
//! out of the stream one by one; a list is never held whole.

use std::io::{self, Read};

use super::Problem;
use super::emit::{Ended, Output, Place};
use super::fields::{Role, role};
use super::walk::Walked;

/// Keys under which products wrap a list of events in one object. Each element of such a list is an event, unless the
/// object has a time of its own: then it is one event that has a list.
const LISTS: &[&str] = &[
    "Records",
    "records",
    "value",
    "events",
    "Events",
    "hits",
    "logEvents",
    "items",
    "results",
    "Results",
    "result",
    "Findings",
    "findings",
    "entries",
    "logs",
    "activities",
    "alerts",
    "data",
];

/// Keys of objects that hold such a list in turn.
const PARENTS: &[&str] = &["hits", "data", "result", "results", "response", "body"];

/// How deep a list may stand in its wrapping.
const MAX_WRAPPING: usize = 3;

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let longest = output.options.limits.line_bytes;
    let mut cutter = Cutter { reader, buffer: Vec::new(), kept: None, at: 0, bytes: 0, ended: false, overflowed: false, longest };
    let mut events = Events { member, output, walked: Walked::default(), count: 0, number: 0, stopped: false };
    let error = values(&mut cutter, &mut events).err();
    Ended { events: events.count, bytes: cutter.bytes, error }
}

/// Whether text that begins like this is an object that wraps a list of events.
pub(super) fn wraps(head: &str) -> bool {
    let mut report = super::ReadReport::default();
    let options = super::Options::default();
    let mut sink = |_: &super::Event<'_>| std::ops::ControlFlow::Break(());
    let mut output = Output { options: &options, report: &mut report, sink: &mut sink };
    let mut events = Events { member: "", output: &mut output, walked: Walked::default(), count: 0, number: 0, stopped: false };
    let mut cutter = Cutter {
        reader: head.as_bytes(),
        buffer: Vec::new(),
        kept: None,
        at: 0,
        bytes: 0,
        ended: false,
        overflowed: false,
        longest: head.len(),
    };
    if !matches!(cutter.next_sign(b"\xef\xbb\xbf"), Ok(Some(b'{'))) {
        return false;
    }
    cutter.keep();
    matches!(object(&mut cutter, &mut events, 0, &mut false), Ok(Object::Wrapper))
}

/// Where events go.
struct Events<'e, 'o, 's> {
    member: &'e str,
    output: &'e mut Output<'o, 's>,
    walked: Walked,
    count: u64,
    /// Of the event within the file.
    number: u64,
    stopped: bool,
}

impl Events<'_, '_, '_> {
    /// One event, or that it was too long to be one.
    fn take(&mut self, bytes: Option<&[u8]>) {
        self.number += 1;
        let place = Place { member: self.member, line: self.number };
        let Some(bytes) = bytes else { return self.output.problem(place, Problem::TooLong) };
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.output.problem(place, Problem::NotUtf8);
        }
        self.count += 1;
        self.stopped |= self.output.json(text.trim(), &mut self.walked, place);
    }
}

/// What an object was.
#[derive(PartialEq, Eq)]
enum Object {
    /// An event, or part of one.
    Plain,
    /// The wrapping of a list, whose elements were the events.
    Wrapper,
}

fn values(cutter: &mut Cutter<impl Read>, events: &mut Events<'_, '_, '_>) -> io::Result<()> {
    while !events.stopped {
        match cutter.next_sign(b",\xef\xbb\xbf")? {
            None => break,
            Some(b'[') => {
                cutter.at += 1;
                elements(cutter, events)?;
            }
            Some(b'{') => {
                cutter.keep();
                if object(cutter, events, 0, &mut false)? == Object::Plain {
                    events.take(cutter.kept());
                }
                cutter.drop();
            }
            Some(_) => {
                cutter.keep();
                cutter.line()?;
                events.take(cutter.kept());
                cutter.drop();
            }
        }
    }
    Ok(())
}

/// The elements of a list whose bracket was read, each an event.
fn elements(cutter: &mut Cutter<impl Read>, events: &mut Events<'_, '_, '_>) -> io::Result<()> {
    while !events.stopped {
        match cutter.next_sign(b",")? {
            None => break,
            Some(b']') => {
                cutter.at += 1;
                break;
            }
            Some(_) => {
                cutter.keep();
                cutter.value()?;
                events.take(cutter.kept());
                cutter.drop();
            }
        }
    }
    Ok(())
}

/// Reads over an object; where it wraps a list of events, that was given out when this returns.
fn object(cutter: &mut Cutter<impl Read>, events: &mut Events<'_, '_, '_>, depth: usize, has_time: &mut bool) -> io::Result<Object> {
    cutter.at += 1;
    loop {
        match cutter.next_sign(b",")? {
            Some(b'}') => {
                cutter.at += 1;
                return Ok(Object::Plain);
            }
            Some(b'"') => {}
            // Broken, or cut off: what follows up to the end of the object belongs to it.
            Some(_) => {
                cutter.nested(1)?;
                return Ok(Object::Plain);
            }
            None => return Ok(Object::Plain),
        }
        let key = cutter.string()?;
        if cutter.next_sign(b":")?.is_none() {
            return Ok(Object::Plain);
        }
        let first = cutter.next_sign(b"")?;
        let key = key.as_deref().unwrap_or_default();
        *has_time |= matches!(role(key), Some(Role::Time(_)));
        if first == Some(b'[') && !*has_time && LISTS.contains(&key) && cutter.list_of_objects()? {
            cutter.drop();
            cutter.at += 1;
            elements(cutter, events)?;
            if !events.stopped {
                cutter.nested(depth + 1)?;
            }
            return Ok(Object::Wrapper);
        }
        if first == Some(b'{') && !*has_time && depth < MAX_WRAPPING && PARENTS.contains(&key) {
            if object(cutter, events, depth + 1, has_time)? == Object::Wrapper {
                return Ok(Object::Wrapper);
            }
            continue;
        }
        cutter.value()?;
    }
}

/// A stream of which a piece can be kept while it is read over.
struct Cutter<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the piece begins.
    kept: Option<usize>,
    /// What is read next.
    at: usize,
    bytes: u64,
    ended: bool,
    /// The piece became too long and is not kept any more.
    overflowed: bool,
    longest: usize,
}

impl<R: Read> Cutter<R> {
    fn keep(&mut self) {
        self.kept = Some(self.at);
        self.overflowed = false;
    }

    fn kept(&self) -> Option<&[u8]> {
        if self.overflowed { None } else { self.buffer.get(self.kept?..self.at).filter(|piece| piece.len() <= self.longest) }
    }

    fn drop(&mut self) {
        self.kept = None;
        self.overflowed = false;
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.kept.is_some_and(|from| self.at - from > self.longest) {
            self.kept = None;
            self.overflowed = true;
        }
        let from = self.kept.unwrap_or(self.at);
        self.buffer.drain(..from);
        self.at -= from;
        self.kept = self.kept.map(|_| 0);
        let held = self.buffer.len();
        self.buffer.resize(held + 256 * 1024, 0);
        let read = loop {
            match self.reader.read(self.buffer.get_mut(held..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let count = read.as_ref().copied().unwrap_or(0);
        self.buffer.truncate(held + count);
        self.bytes += count as u64;
        self.ended = read? == 0;
        Ok(!self.ended)
    }

    /// The next byte, not read over.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            if let Some(b) = self.buffer.get(self.at) {
                return Ok(Some(*b));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Reads over white space and what else is to be; then the next byte, not read over.
    fn next_sign(&mut self, besides: &[u8]) -> io::Result<Option<u8>> {
        while let Some(b) = self.peek()? {
            if !b.is_ascii_whitespace() && !besides.contains(&b) {
                return Ok(Some(b));
            }
            self.at += 1;
        }
        Ok(None)
    }

    /// Reads over a string; gives it as it is written, if it is short.
    fn string(&mut self) -> io::Result<Option<String>> {
        self.at += 1;
        let mut text = Vec::new();
        let mut escaped = false;
        while let Some(b) = self.peek()? {
            self.at += 1;
            match b {
                b'"' if !escaped => break,
                _ => escaped = b == b'\\' && !escaped,
            }
            if text.len() <= 256 {
                text.push(b);
            }
        }
        Ok((text.len() <= 256).then(|| String::from_utf8_lossy(&text).into_owned()))
    }

    /// Reads over a value.
    fn value(&mut self) -> io::Result<()> {
        match self.peek()? {
            Some(b'{' | b'[') => {
                self.at += 1;
                self.nested(1)
            }
            Some(b'"') => self.string().map(|_| ()),
            Some(b'}' | b']') => {
                // Nothing where a value should be: it is read over, so that reading goes on.
                self.at += 1;
                Ok(())
            }
            _ => {
                while let Some(b) = self.peek()? {
                    if b",]}".contains(&b) || b.is_ascii_whitespace() {
                        break;
                    }
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    /// Reads on until so many brackets are closed.
    fn nested(&mut self, open: usize) -> io::Result<()> {
        let mut open = open;
        let (mut quoted, mut escaped) = (false, false);
        loop {
            let unread = self.buffer.get(self.at..).unwrap_or_default();
            let mut read = 0;
            for b in unread {
                read += 1;
                if quoted {
                    match b {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => quoted = false,
                        _ => {}
                    }
                    continue;
                }
                match b {
                    b'"' => quoted = true,
                    b'{' | b'[' => open += 1,
                    b'}' | b']' => open -= 1,
                    _ => {}
                }
                if open == 0 {
                    break;
                }
            }
            self.at += read;
            if open == 0 || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Reads to the end of the line.
    fn line(&mut self) -> io::Result<()> {
        while let Some(b) = self.peek()? {
            self.at += 1;
            if b == b'\n' {
                break;
            }
        }
        Ok(())
    }

    /// Whether the list whose bracket is next holds objects; nothing is read over.
    fn list_of_objects(&mut self) -> io::Result<bool> {
        let mut ahead = 1;
        loop {
            match self.buffer.get(self.at + ahead).copied() {
                Some(b) if b.is_ascii_whitespace() => ahead += 1,
                Some(b) => return Ok(b == b'{'),
                None if ahead > 4_096 || !self.fill()? => return Ok(false),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::super::{Format, Limits, Options, ReadReport, read_events};
    use super::*;

    fn cut(text: &str, limits: Limits) -> (Vec<String>, ReadReport) {
        let options = Options { format: Some(Format::Json), limits, ..Options::default() };
        let mut all = Vec::new();
        let report = read_events(Cursor::new(text), "test", &options, &mut |event| {
            all.push(event.raw.to_owned());
            ControlFlow::Continue(())
        })
        .unwrap();
        (all, report)
    }

    fn events(text: &str) -> Vec<String> {
        cut(text, Limits::default()).0
    }

    #[test]
    fn events_are_cut_out_of_whatever_wraps_them() {
        for text in [
            r#"[{"a":1},{"b":[2,"]}"]}]"#,
            "[\n {\"a\":1},\n {\"b\":[2,\"]}\"]}\n]\n",
            r#"{"Records":[{"a":1},{"b":[2,"]}"]}]}"#,
            r#"{"@odata.context":"https://x/$metadata","value":[{"a":1},{"b":[2,"]}"]}],"@odata.nextLink":"x"}"#,
            r#"{"took":1,"hits":{"total":{"value":2},"max_score":null,"hits":[{"a":1},{"b":[2,"]}"]}]}}"#,
            r#"{"records":[{"a":1}]}{"records":[{"b":[2,"]}"]}]}"#,
            "{\"a\":1}\n{\"b\":[2,\"]}\"]}",
        ] {
            assert_eq!(events(text), [r#"{"a":1}"#, r#"{"b":[2,"]}"]}"#], "{text}");
        }
        let pretty = "{\n  \"a\": {\n    \"events\": [{\"x\": 1}]\n  }\n}\n";
        assert_eq!(events(pretty), [pretty.trim()]);
        let own_time = r#"{"time":"2024-01-01","events":[{"x":1}]}"#;
        assert_eq!(events(own_time), [own_time]);
        assert_eq!(events(r#"{"value":[1,2]} {"value":"x"}"#), [r#"{"value":[1,2]}"#, r#"{"value":"x"}"#]);
        assert_eq!(events(r#"{"Records":[]}"#), [r#"{"Records":[]}"#]);
        assert_eq!(events("[]\n[1, \"two\", null]"), ["1", "\"two\"", "null"]);
    }

    #[test]
    fn what_is_broken_keeps_what_came_before() {
        let (all, report) = cut("{\"Records\":[{\"a\":1},{\"b\":", Limits::default());
        assert_eq!((all, report.not_json), (vec!["{\"a\":1}".to_owned(), "{\"b\":".to_owned()], 1));
        let (all, report) = cut("[{\"a\":1}]\nnot json\n{\"b\":2}", Limits::default());
        assert_eq!((all.len(), report.not_json), (3, 1));
        assert_eq!(events("{\"a\" 1}]}{\"b\":1}").len(), 2);
        let long = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(600_000));
        let (all, report) = cut(&long, Limits { line_bytes: 1_000, ..Limits::default() });
        assert_eq!((all, report.too_long), (vec!["{\"b\":1}".to_owned()], 1));
        let wrapped = format!("{{\"note\":\"{}\",\"Records\":[{{\"b\":1}}]}}", "x".repeat(600_000));
        assert_eq!(cut(&wrapped, Limits { line_bytes: 1_000, ..Limits::default() }).0, ["{\"b\":1}"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_nothing_loops(text in "[\\[\\]{}\",:a1 \\\\\n]{0,60}") {
            let _ = events(&text);
            let _ = wraps(&text);
        }
    }
}
