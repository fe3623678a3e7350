//! Delimited text with a header. A record is stored as a JSON object under the names of its columns.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::emit::{Ended, Found, Output, Place};
use super::fields::{Role, role_of_key};
use super::table::Columns;
use super::walk::{Walked, walk};
use super::{Problem, Shape, time};

/// What separates cells, most likely first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// Records that are looked at to recognise the format.
const RECORDS_SEEN: usize = 30;

/// Records of a stream, each within a limit.
struct Records<R> {
    reader: R,
    core: csv_core::Reader,
    /// What is read and still may be needed: from the beginning of the record on.
    input: Vec<u8>,
    begin: usize,
    at: usize,
    end: usize,
    ended: bool,
    bytes: u64,
    longest: usize,
    /// Whether a quote that nothing closes ends with its line.
    mends: bool,
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// How many cells the record has.
    count: usize,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Whole,
    TooLong,
    /// A quote that nothing closes would have swallowed what follows: the record is the line in which it stands.
    OpenQuote,
}

impl<R: Read> Records<R> {
    fn new(reader: R, delimiter: u8, longest: usize) -> Self {
        let core = ReaderBuilder::new().delimiter(delimiter).build();
        Self {
            reader,
            core,
            input: vec![0; CHUNK],
            begin: 0,
            at: 0,
            end: 0,
            ended: false,
            bytes: 0,
            longest,
            mends: true,
            cells: vec![0; 64 * 1024],
            ends: vec![0; 256],
            count: 0,
        }
    }

    /// Reads the next record; gives the line that it begins in, and what became of it.
    fn next(&mut self) -> io::Result<Option<(u64, Fate)>> {
        let (mut written, mut count) = (0, 0);
        let mut too_long = false;
        let line = self.core.line();
        self.begin = self.at;
        loop {
            if self.at == self.end && !self.ended {
                if (written, count) == (0, 0) && self.record().is_empty() {
                    self.begin = self.at;
                }
                // Quotes and the like are not written, and yet take room.
                too_long |= self.end - self.begin > 4 * self.longest + CHUNK;
                if too_long {
                    self.begin = self.at;
                }
                self.fill()?;
            }
            let input = self.input.get(self.at..self.end).unwrap_or_default();
            let cells = self.cells.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(count..).unwrap_or_default();
            let (result, read, wrote, cell_ends) = self.core.read_record(input, cells, ends);
            self.at += read;
            written += wrote;
            count += cell_ends;
            let over = match result {
                ReadRecordResult::InputEmpty => false,
                ReadRecordResult::OutputFull | ReadRecordResult::Record => written > self.longest,
                ReadRecordResult::OutputEndsFull => count > self.longest,
                ReadRecordResult::End => return Ok(None),
            };
            let open_at_end =
                self.ended && result == ReadRecordResult::Record && self.record().iter().filter(|b| **b == b'"').count() % 2 == 1;
            if self.mends
                && !too_long
                && (over || open_at_end)
                && let Some(length) = self.first_line()
            {
                return Ok(Some((line, self.one_line(line, length))));
            }
            too_long |= over;
            match result {
                ReadRecordResult::Record => {
                    self.count = count;
                    return Ok(Some((line, if too_long { Fate::TooLong } else { Fate::Whole })));
                }
                ReadRecordResult::OutputFull if over => written = 0,
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if over => count = 0,
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
    }

    /// What was read of the record, without blank lines before it.
    fn record(&self) -> &[u8] {
        let read = self.input.get(self.begin..self.at).unwrap_or_default();
        let blank = read.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        read.get(blank..).unwrap_or_default()
    }

    /// How long the first line of a record of several lines is.
    fn first_line(&self) -> Option<usize> {
        let record = self.record();
        let length = memchr::memchr(b'\n', record)? + 1;
        (length < record.len()).then_some(length)
    }

    /// Makes the record of its first line alone, and goes on after that.
    fn one_line(&mut self, line: u64, length: usize) -> Fate {
        let from = self.at - self.record().len();
        (self.at, self.begin) = (from + length, from + length);
        let text = self.input.get(from..self.at).unwrap_or_default().trim_ascii_end();
        self.core.reset();
        self.cells.resize(self.cells.len().max(text.len()), 0);
        self.ends.resize(self.ends.len().max(text.len() + 1), 0);
        let (_, _, written, count) = self.core.read_record(text, &mut self.cells, &mut self.ends);
        let cells = self.cells.get_mut(written..).unwrap_or_default();
        let ends = self.ends.get_mut(count..).unwrap_or_default();
        let (_, _, _, more) = self.core.read_record(&[], cells, ends);
        self.count = count + more;
        self.core.reset();
        self.core.set_line(line + 1);
        if text.len() > self.longest { Fate::TooLong } else { Fate::OpenQuote }
    }

    /// Reads on, behind what is still needed.
    fn fill(&mut self) -> io::Result<()> {
        self.input.copy_within(self.begin..self.end, 0);
        self.at -= self.begin;
        self.end -= self.begin;
        self.begin = 0;
        self.input.resize(self.input.len().max(self.end + CHUNK), 0);
        let read = loop {
            match self.reader.read(self.input.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += read;
        self.bytes += read as u64;
        self.ended = read == 0;
        Ok(())
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let ends = self.ends.get(..self.count).unwrap_or_default();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, end)| self.cells.get(start..*end).unwrap_or_default())
    }
}

/// The separator of text that begins like this, if it has a header of names and rows that fit it.
pub(super) fn detect(head: &str, whole: bool) -> Option<u8> {
    let (skipped, told) = preamble(head);
    let body = head.get(skipped..).unwrap_or_default();
    DELIMITERS.into_iter().filter(|d| told.is_none_or(|told| told == *d)).find(|delimiter| fits(body, *delimiter, whole))
}

/// What may stand before the header: `sep=;` of spreadsheets, and `#TYPE …` of PowerShell. How long it is, and the
/// separator that it names.
fn preamble(head: &str) -> (usize, Option<u8>) {
    let line = head.split_inclusive('\n').next().unwrap_or_default();
    let said = line.trim_start_matches('\u{feff}').trim_end();
    match said.strip_prefix("sep=").map(str::as_bytes) {
        Some([separator]) => (line.len(), Some(*separator)),
        _ if said.starts_with("#TYPE ") => (line.len(), None),
        _ => (0, None),
    }
}

/// Whether a cell can be the name of a column.
fn is_header(cell: &str) -> bool {
    let cell = cell.trim();
    let named = cell.starts_with(|c: char| c.is_alphabetic() || "_@#$%".contains(c));
    named
        && cell.chars().count() <= 80
        && cell.matches(' ').count() <= 6
        && !cell.contains(['=', '"', '\n', '<', '>', '{', '}', '|'])
        && time::prefix(cell).is_none()
}

fn fits(body: &str, delimiter: u8, whole: bool) -> bool {
    let mut records = Records::new(body.as_bytes(), delimiter, body.len());
    // It ends somewhere, within quotes too.
    records.mends = false;
    let Ok(Some(_)) = records.next() else { return false };
    let names: Vec<String> = records.cells().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
    let last_is_blank = names.last().is_some_and(String::is_empty);
    let named = names.get(..names.len() - usize::from(last_is_blank)).unwrap_or_default();
    let distinct = named.iter().collect::<std::collections::HashSet<_>>().len();
    if named.len() < 2 || named.iter().filter(|name| is_header(name)).count() * 10 < named.len() * 9 || distinct * 10 < named.len() * 9 {
        return false;
    }
    let mut counts = Vec::new();
    while counts.len() < RECORDS_SEEN
        && let Ok(Some(_)) = records.next()
    {
        counts.push(records.count);
    }
    // The last one may be cut short.
    if !whole && counts.len() > 1 && counts.len() < RECORDS_SEEN {
        counts.pop();
    }
    // Rows may have a cell that the header does not name: exports of the Windows event viewer do.
    let fitting = counts.iter().filter(|count| (named.len()..=names.len() + 2).contains(*count)).count();
    !counts.is_empty() && fitting * 10 >= counts.len() * 8
}

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, delimiter: Option<u8>, head: &str, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let (skipped, told) = preamble(head);
    let delimiter = delimiter.or(told).unwrap_or_else(|| most_frequent(head.get(skipped..).unwrap_or_default()));
    let mut records = Records::new(reader, delimiter, output.options.limits.line_bytes);
    let mut rows =
        Rows { member, output, columns: None, preamble: skipped > 0, raw: Vec::new(), walked: Walked::default(), inner: Walked::default() };
    let mut events = 0;
    let error = loop {
        match records.next() {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some((line, Fate::TooLong))) => rows.output.problem(Place { member, line }, Problem::TooLong),
            Ok(Some((line, fate))) => {
                if fate == Fate::OpenQuote {
                    rows.output.problem(Place { member, line }, Problem::OpenQuote);
                }
                events += u64::from(rows.row(&records, line));
                if rows.output.report.stopped {
                    break None;
                }
            }
        }
    };
    Ended { events, bytes: records.bytes, error }
}

/// For a person who says that it is CSV where no header was found.
fn most_frequent(head: &str) -> u8 {
    let line = head.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| line.bytes().filter(|b| b == delimiter).count();
    // Of equals the first.
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// What is needed to make events of rows.
struct Rows<'r, 'o, 's> {
    member: &'r str,
    output: &'r mut Output<'o, 's>,
    columns: Option<Columns>,
    /// The first record is none.
    preamble: bool,
    raw: Vec<u8>,
    walked: Walked,
    /// For JSON inside a cell.
    inner: Walked,
}

impl Rows<'_, '_, '_> {
    /// Takes a record; whether it was an event.
    fn row(&mut self, records: &Records<impl Read>, line: u64) -> bool {
        let place = Place { member: self.member, line };
        if std::mem::take(&mut self.preamble) || records.cells().all(<[u8]>::is_empty) {
            return false;
        }
        let cells: Vec<_> = records.cells().map(String::from_utf8_lossy).collect();
        let Some(columns) = &mut self.columns else {
            let names = cells.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
            // A file without a header, which a person calls CSV: its columns are numbers, and its first row is one.
            let header = names.clone().filter(|name| !name.is_empty()).all(is_header);
            self.columns = Some(Columns::new(if header { names.collect() } else { Vec::new() }.into_iter()));
            return !header && self.row(records, line);
        };
        if cells.iter().any(|cell| matches!(cell, std::borrow::Cow::Owned(_))) {
            self.output.problem(place, Problem::NotUtf8);
        }
        columns.write(cells.iter().map(|cell| Some(&**cell)), &mut self.raw);
        // It was written as JSON from strings.
        let Ok(raw) = std::str::from_utf8(&self.raw) else { return false };
        if walk(raw, &mut self.walked).is_err() {
            self.walked.known.clear();
            self.output.event(raw, raw, Shape::Text, &Found::default(), place);
            return true;
        }
        let mut found = Found::of(&self.walked.text, &self.walked.known);
        // Messages of Windows hold `User: …` a line; audit logs hold JSON.
        let mut messages: Vec<(Role, &str)> = Vec::new();
        let mut json = false;
        for cell in &cells {
            if !json && cell.starts_with('{') && walk(cell, &mut self.inner).is_ok() {
                json = true;
            } else if cell.contains('\n') {
                messages.extend(said(cell));
            }
        }
        if json {
            found.or(Found::of(&self.inner.text, &self.inner.known));
        }
        if !messages.is_empty() {
            found.or(Found::of_values(messages.iter().copied()));
        }
        self.output.event(raw, &self.walked.text, Shape::Json, &found, place);
        true
    }
}

/// The known fields among the lines `Name: value` of a message.
fn said(message: &str) -> impl Iterator<Item = (Role, &str)> {
    message.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let role = Some(name.trim()).filter(|name| name.len() <= 60).and_then(role_of_key)?;
        Some((role, value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::super::{Format, Limits, Options, ReadReport, read_events};
    use super::*;

    /// Raw, time, host and accounts of each event.
    type Seen = (String, Option<String>, Option<String>, Vec<String>);

    fn seen(bytes: &[u8], format: Option<Format>, limits: Limits) -> (Vec<Seen>, ReadReport) {
        let options = Options { format, limits, ..Options::default() };
        let mut all = Vec::new();
        let report = read_events(Cursor::new(bytes), "test", &options, &mut |event| {
            let accounts = event.accounts.iter().map(|a| a.to_string()).collect();
            all.push((event.raw.to_owned(), event.time.map(|t| t.to_string()), event.host.map(str::to_owned), accounts));
            ControlFlow::Continue(())
        })
        .unwrap();
        (all, report)
    }

    fn auto(text: &str) -> Vec<Seen> {
        let (all, report) = seen(text.as_bytes(), None, Limits::default());
        assert_eq!(report.members[0].format, Some(Format::Csv), "{text}");
        all
    }

    #[test]
    fn rows_are_events_whatever_separates_their_cells() {
        for text in [
            "time,host,user,what\n2024-01-31T10:00:00Z,pc1,anna,\"a, b\"\n",
            "sep=;\ntime;host;user;what\r\n2024-01-31T10:00:00Z;pc1;anna;a, b\r\n",
            "\u{feff}\"time\"\t\"host\"\t\"user\"\t\"what\"\n2024-01-31T10:00:00Z\tpc1\tanna\ta, b\n",
            "#TYPE System.Object\ntime|host|user|what\n\n2024-01-31T10:00:00Z|pc1|anna|a, b\n",
        ] {
            let raw = r#"{"time":"2024-01-31T10:00:00Z","host":"pc1","user":"anna","what":"a, b"}"#;
            let expected = (raw.to_owned(), Some("2024-01-31T10:00:00Z".to_owned()), Some("pc1".to_owned()), vec!["anna".to_owned()]);
            assert_eq!(auto(text), [expected], "{text}");
        }
    }

    #[test]
    fn exports_of_the_event_viewer_are_read_in_japanese_too() {
        let text = "レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ\n情報,2024/01/31 10:00:00,Sysmon,3,Network,\"Network connection:\nUser: CORP\\anna\nSourceIp: 10.1.2.3\nUtcTime: 2024-01-31 01:00:00\"\n";
        let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        let (all, report) = seen(&shift_jis, None, Limits::default());
        assert_eq!((report.members[0].format, report.members[0].encoding), (Some(Format::Csv), "Shift_JIS"));
        assert_eq!(all[0].1.as_deref(), Some("2024-01-31T10:00:00Z"));
        assert_eq!((all[0].2.as_deref(), all[0].3.as_slice()), (Some("10.1.2.3"), &["CORP\\anna".to_owned()][..]));
        assert!(all[0].0.contains("\"column 6\":\"Network connection:\\n"), "{}", all[0].0);
    }

    #[test]
    fn json_in_a_cell_tells_who_and_where() {
        let text = "CreationDate,Operations,AuditData\n2024-01-31T10:00:00.0000000Z,FileAccessed,\"{\"\"UserId\"\":\"\"anna@corp.example\"\",\"\"ClientIP\"\":\"\"192.0.2.1\"\"}\"\n";
        let all = auto(text);
        assert_eq!((all[0].2.as_deref(), all[0].3.as_slice()), (Some("192.0.2.1"), &["anna@corp.example".to_owned()][..]));
    }

    #[test]
    fn a_date_and_a_time_of_day_in_two_columns_are_one_time() {
        assert_eq!(auto("Date,Time,Name\n1/31/2024,5:00:01 PM,x\n")[0].1.as_deref(), Some("2024-01-31T17:00:01Z"));
        assert_eq!(auto("Date,Name\n2024-01-31,x\n")[0].1.as_deref(), Some("2024-01-31T00:00:00Z"));
    }

    #[test]
    fn text_with_commas_is_no_csv_but_can_be_called_so() {
        let text = "2024-01-31T10:00:00Z,7,10.0.0.1:110,anna\n2024-01-31T10:00:01Z,8,10.0.0.2:110,bob\n";
        let (all, report) = seen(text.as_bytes(), None, Limits::default());
        assert_eq!((all.len(), report.members[0].format), (2, Some(Format::Text)));
        let (all, report) = seen(text.as_bytes(), Some(Format::Csv), Limits::default());
        assert_eq!((all.len(), report.members[0].format), (2, Some(Format::Csv)));
        assert_eq!(all[0].0, r#"{"column 1":"2024-01-31T10:00:00Z","column 2":"7","column 3":"10.0.0.1:110","column 4":"anna"}"#);
    }

    #[test]
    fn records_that_are_too_long_are_told_and_cost_no_others() {
        let text = format!("a,b\n1,{}\n2,y\n{}\n3,z\n", "x".repeat(300_000), ",".repeat(300_000));
        let limits = Limits { line_bytes: 1_000, ..Limits::default() };
        let (all, report) = seen(text.as_bytes(), Some(Format::Csv), limits);
        assert_eq!(
            all.iter().map(|seen| seen.0.as_str()).collect::<Vec<_>>(),
            [r#"{"a":"1"}"#; 0].into_iter().chain([r#"{"a":"2","b":"y"}"#, r#"{"a":"3","b":"z"}"#]).collect::<Vec<_>>()
        );
        assert_eq!(report.too_long, 2);
    }

    #[test]
    fn a_quote_that_nothing_closes_costs_no_other_row() {
        let rows = |from: usize, to: usize| -> String { (from..to).map(|n| format!("{n},row {n}\n")).collect() };
        let limits = Limits { line_bytes: 1_000, ..Limits::default() };
        let last = |all: &[Seen]| all.last().map(|seen| seen.0.clone());
        // It would swallow all to the limit, or to the end of the file.
        for after in [50, 5_000] {
            let text = format!("a,b\n1,\"x, y\n2,\"z\n{}", rows(3, after));
            let text = text.replacen("2,\"z", "2,z", 1);
            let (all, report) = seen(text.as_bytes(), Some(Format::Csv), limits);
            assert_eq!((all.len(), report.too_long, report.damaged), (after - 1, 0, 1), "{after}");
            assert_eq!(all[0].0, r#"{"a":"1","b":"x, y"}"#);
            assert_eq!(last(&all), Some(format!(r#"{{"a":"{0}","b":"row {0}"}}"#, after - 1)));
            assert_eq!(report.notes.first().map(|note| (note.line, note.problem)), Some((2, Problem::OpenQuote)));
        }
        // Cells of several lines stay whole, at the end of a file too, whether that ends with a line or not.
        for end in ["", "\n"] {
            let (all, report) = seen(format!("a,b\n1,\"x\ny\"{end}").as_bytes(), Some(Format::Csv), limits);
            assert_eq!((all.len(), report.damaged, all[0].0.as_str()), (1, 0, r#"{"a":"1","b":"x\ny"}"#));
        }
        // Nothing but ends of lines takes no room.
        let (all, _) = seen(format!("a,b\n{}1,x\n", "\r\n".repeat(2_000_000)).as_bytes(), Some(Format::Csv), limits);
        assert_eq!(all.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[a-c\",;\n{}: 1]{0,80}") {
            let _ = detect(&text, true);
            let _ = seen(text.as_bytes(), Some(Format::Csv), Limits { line_bytes: 20, ..Limits::default() });
        }
    }
}
