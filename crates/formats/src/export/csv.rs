//! A table (RFC 4180): UTF-8, CRLF, a line of names first.
//!
//! Spreadsheets take cells for formulas that begin with `=`, `+`, `-`, `@`, a tab or a line break. Such cells get an
//! apostrophe before them, whatever they are: attackers choose what file names and subjects are called.

use std::io::{self, Write};

use model::Timestamp;
use model::kind::Place;
use serde_json::Value;

use super::{Item, Options, Sink};

/// What every table has; the fields of the kind follow, when it is one.
const COLUMNS: &[&str] = &[
    "kind",
    "category",
    "value",
    "status",
    "reason",
    "comment",
    "finding",
    "severity",
    "first_seen",
    "last_seen",
    "added_at",
    "added_by",
    "origins",
    "annotations",
    "events_seen",
    "id",
];

pub(super) struct Csv<W: Write> {
    out: ::csv::Writer<W>,
    defang: bool,
    /// The fields that are columns of their own.
    fields: Vec<&'static str>,
}

impl<W: Write> Csv<W> {
    pub(super) fn begin(options: Options, mut out: W) -> io::Result<Self> {
        if options.bom {
            out.write_all(b"\xef\xbb\xbf")?;
        }
        let own = |place: Place| !matches!(place, Place::Title | Place::Category | Place::Severity | Place::Finding);
        let fields: Vec<&'static str> = options
            .kind
            .map(|kind| kind.spec().fields.iter().filter(|field| own(field.place)).map(|field| field.name).collect())
            .unwrap_or_default();
        let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
        // A field may be called as a column is: then it says whose it is.
        let names = fields.iter().map(|name| if COLUMNS.contains(name) { format!("record_{name}") } else { (*name).to_owned() });
        let head: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).chain(names).collect();
        out.write_record(&head)?;
        Ok(Self { out, defang: options.defang, fields })
    }
}

impl<W: Write> Sink for Csv<W> {
    fn item(&mut self, item: &Item) -> io::Result<()> {
        let standing = item.standing.as_ref();
        let told = |at: Timestamp| at.set().map(|at| at.to_string()).unwrap_or_default();
        let origins: Vec<String> = standing
            .map(|standing| standing.origins.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|origin| if origin.title.is_empty() { origin.kind.label().to_owned() } else { origin.title.clone() })
            .collect();
        let annotations: Vec<&str> = item.annotations.iter().map(|annotation| annotation.text.as_str()).collect();
        let events = (!item.sightings.is_empty()).then(|| item.sightings.iter().map(|seen| seen.count).sum::<i64>().to_string());
        let mut cells = vec![
            item.end.kind.as_str().to_owned(),
            item.end.category.clone(),
            item.shown(self.defang),
            standing.map(|standing| standing.status.as_str().to_owned()).unwrap_or_default(),
            standing.and_then(|standing| standing.reason).map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
            standing.map(|standing| standing.comment.clone()).unwrap_or_default(),
            item.finding.as_str().to_owned(),
            item.severity.as_str().to_owned(),
            told(item.first_seen),
            told(item.last_seen),
            told(standing.map_or(item.created_at, |standing| standing.added_at)),
            standing.map_or(item.created_by.as_str(), |standing| &standing.added_by).to_owned(),
            origins.join("; "),
            annotations.join("\n\n"),
            events.unwrap_or_default(),
            item.end.id.clone(),
        ];
        cells.extend(self.fields.iter().map(|name| text(item.fields.get(*name))));
        let cells: Vec<String> = cells.into_iter().map(harmless).collect();
        self.out.write_record(&cells).map_err(io::Error::from)
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// A cell that no spreadsheet takes for a formula.
pub(super) fn harmless(cell: String) -> String {
    // Blanks before it are cut off by some, and so are looked through.
    let first = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if first.starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}
