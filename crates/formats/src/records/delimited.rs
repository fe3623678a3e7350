//! CSV, whatever it is separated by.

use std::collections::HashMap;

use super::{Limits, Row, Table, Unreadable};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records are looked at to tell the delimiter.
const LOOKED_AT: usize = 50;

/// Reads the rows. The first record names the columns.
pub(super) fn read(text: &str, limits: &Limits, table: &mut Table) -> Result<(), Unreadable> {
    let (text, told) = said_by_excel(text);
    let delimiter = told.unwrap_or_else(|| sniff(text));
    table.notes.insert(0, format!("CSV, separated by {}", name_of(delimiter)));
    let mut record = csv::StringRecord::new();
    // The header is row 1, as in a spreadsheet; blank lines before it are none.
    let mut number = 0_usize;
    let mut rest = text;
    // A quote that is never closed takes all rows behind it: they are read anew from the line after it.
    for _ in 0..=REOPENED {
        let mut reader = reader(rest, delimiter);
        let again = loop {
            let from = at_byte(&reader);
            match reader.read_record(&mut record) {
                Ok(true) => number += 1,
                Ok(false) => return Ok(()),
                Err(error) => return Err(Unreadable::NotATable(format!("row {}: {error}", number + 1))),
            }
            let at = format!("row {number}");
            if number > 1
                && at_byte(&reader) == rest.len()
                && let Some(raw) = rest.get(from..).map(|raw| raw.trim_start_matches(['\r', '\n']))
                && is_left_open(raw, delimiter)
            {
                table.refuse(limits, at, "opens a quote that is never closed: it was read for itself alone".to_owned());
                break raw.split_once('\n').map(|(_, after)| after);
            }
            if number == 1 {
                table.columns = columns(&record);
                if table.columns.len() > limits.columns {
                    return Ok(());
                }
                continue;
            }
            if !table.has_room(limits, &at) {
                return Ok(());
            }
            take(&record, at, limits, table);
        };
        match again {
            Some(after) => rest = after,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// How often reading begins anew behind a quote that is never closed.
const REOPENED: usize = 100;

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes())
}

fn at_byte(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// Whether the last record, as it stands in the file, opens a quote and does not close it. A quote within a cell that is not
/// quoted (`5" disk`) opens nothing.
fn is_left_open(raw: &str, delimiter: u8) -> bool {
    let odd = raw.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
    let opened = raw.starts_with('"') || raw.as_bytes().windows(2).any(|pair| pair == [delimiter, b'"']);
    odd && opened
}

fn take(record: &csv::StringRecord, at: String, limits: &Limits, table: &mut Table) {
    if record.as_slice().len() > limits.row_bytes {
        let why = format!("is longer than {} bytes: a quote may have been left open here, and rows after it lost", limits.row_bytes);
        return table.refuse(limits, at, why);
    }
    if record.len() > table.columns.len() && record.iter().skip(table.columns.len()).any(|cell| !cell.trim().is_empty()) {
        let (found, named) = (record.len(), table.columns.len());
        return table.refuse(limits, at, format!("has {found} cells, the header {named}: a cell with a separator in it needs quotes"));
    }
    let cells: Vec<(String, String)> = table
        .columns
        .iter()
        .zip(record)
        .filter(|(_, cell)| !cell.trim().is_empty())
        .map(|(name, cell)| (name.clone(), cell.to_owned()))
        .collect();
    if !cells.is_empty() {
        table.rows.push(Row { at, cells });
    }
}

/// Column names: trimmed, each once, none empty.
fn columns(record: &csv::StringRecord) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut last = record.len();
    while last > 0 && record.get(last - 1).is_some_and(|cell| cell.trim().is_empty()) {
        last -= 1;
    }
    let names = record.iter().take(last).enumerate().map(|(n, cell)| {
        let name = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() { format!("column {}", n + 1) } else { model::text::shorten(&name, 100) }
    });
    names.map(|name| unique(name, &mut seen)).collect()
}

/// The name, or `name (2)` when it was there.
pub(super) fn unique(name: String, seen: &mut HashMap<String, usize>) -> String {
    let times = seen.entry(name.clone()).or_default();
    *times += 1;
    if *times == 1 { name } else { format!("{name} ({times})") }
}

/// Excel's own first line, `sep=;`.
fn said_by_excel(text: &str) -> (&str, Option<u8>) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_end_matches('\r').trim_matches('"');
    match first.strip_prefix("sep=").or_else(|| first.strip_prefix("SEP=")).map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => (rest, Some(*delimiter)),
        _ => (text, None),
    }
}

/// The delimiter by which most records have as many cells as the header, and the header most.
fn sniff(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
        let mut records = reader.records().take(LOOKED_AT).filter_map(Result::ok).map(|record| record.len());
        let header = records.next().unwrap_or(0);
        let (mut same, mut all) = (1_usize, 1_usize);
        for cells in records {
            all += 1;
            same += usize::from(cells == header);
        }
        if header < 2 { 0 } else { same * 1_000 / all * 1_000 + header.min(999) }
    };
    // The first of equals: a file of one column has no delimiter, and a comma does no harm.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

fn name_of(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "bars",
        _ => "commas",
    }
}
