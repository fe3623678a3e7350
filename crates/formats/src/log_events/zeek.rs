//! Zeek's tab-separated logs. A line is stored as a JSON object under the names of its fields, unset ones left out.

use std::borrow::Cow;
use std::io::Read;

use super::emit::{Ended, Output, Place};
use super::lines::{Step, each_line};
use super::table::Columns;
use super::walk::Walked;

/// Whether a stream that begins like this is a Zeek log.
pub(super) fn detect(head: &str) -> bool {
    head.lines()
        .take(10)
        .take_while(|line| line.starts_with('#'))
        .any(|line| line.starts_with("#separator ") || line.starts_with("#fields\t"))
}

/// What the lines that begin with `#` have told.
struct Header {
    separator: char,
    empty: String,
    unset: String,
    columns: Columns,
}

impl Header {
    fn take(&mut self, line: &str) {
        if let Some(separator) = line.strip_prefix("#separator ") {
            let written = unescaped(separator.trim());
            self.separator = written.chars().next().unwrap_or('\t');
            return;
        }
        let Some((name, value)) = line.split_once(self.separator) else { return };
        match name {
            "#empty_field" => self.empty = value.to_owned(),
            "#unset_field" => self.unset = value.to_owned(),
            "#fields" => self.columns = Columns::new(value.split(self.separator)),
            _ => {}
        }
    }
}

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut header = Header { separator: '\t', empty: "(empty)".to_owned(), unset: "-".to_owned(), columns: Columns::default() };
    let (mut raw, mut walked) = (Vec::new(), Walked::default());
    each_line(reader, member, output, |output, line, number| {
        if line.starts_with('#') {
            header.take(line);
            return Step::NoEvent;
        }
        let cells: Vec<Option<Cow<'_, str>>> = line.split(header.separator).map(|cell| cell_of(cell, &header)).collect();
        header.columns.write(cells.iter().map(Option::as_deref), &mut raw);
        let text = String::from_utf8_lossy(&raw);
        Step::event(output.json(&text, &mut walked, Place { member, line: number }))
    })
}

fn cell_of<'c>(cell: &'c str, header: &Header) -> Option<Cow<'c, str>> {
    if cell == header.unset {
        None
    } else if cell == header.empty {
        Some(Cow::Borrowed(""))
    } else {
        Some(unescaped(cell))
    }
}

/// Undoes `\x09`.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        let digits = bytes.get(at..at + 4).and_then(|escape| escape.strip_prefix(b"\\x"));
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(*b));
        at += if code.is_some() { 4 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::super::{Format, Options, read_events};
    use super::*;

    #[test]
    fn lines_are_events_with_the_fields_of_their_header() {
        let log = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tservice\ttags\tuser\tlabel\n#types\ttime\taddr\taddr\tstring\tset[string]\tstring\n\
                   1706695200.500000\t10.0.0.1\t192.0.2.7\t-\t(empty)\ta\\x09\\xc3\\xa9b\tMalicious\n#close\t2024-01-31-12-00-00\n";
        let mut seen = Vec::new();
        let report = read_events(Cursor::new(log), "conn.log", &Options::default(), &mut |event| {
            assert_eq!((event.source, event.destination, event.host), (Some("10.0.0.1"), Some("192.0.2.7"), Some("10.0.0.1")));
            seen.push((event.raw.to_owned(), event.text.to_owned(), event.time.unwrap().to_string(), event.line));
            ControlFlow::Continue(())
        })
        .unwrap();
        let raw =
            r#"{"ts":"1706695200.500000","id.orig_h":"10.0.0.1","id.resp_h":"192.0.2.7","tags":"","user":"a\téb","label":"Malicious"}"#;
        let text = "1706695200.500000\n10.0.0.1\n192.0.2.7\n\na\téb\nMalicious";
        assert_eq!(seen, [(raw.to_owned(), text.to_owned(), "2024-01-31T10:00:00.5Z".to_owned(), 8)]);
        assert_eq!((report.members[0].format, report.events, report.without_zone), (Some(Format::Zeek), 1, 0));
    }

    #[test]
    fn escapes_are_undone_where_they_are_whole() {
        assert_eq!(unescaped(r"a\x2cb\xzz\x4"), r"a,b\xzz\x4");
    }
}
