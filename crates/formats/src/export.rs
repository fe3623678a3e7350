//! What leaves Vizsla: records, what is said of them and how they are joined, written item by item as they come.
//!
//! A [`Sink`] is one format over one writer. Whoever exports hands it the notes of the case, then the records one by one,
//! then files (hashes and names that belong together), then relationships, and ends it. Nothing is held back but ids, so that
//! a case of a hundred thousand artifacts takes no more memory than its ids do.

pub mod answer;
mod csv;
mod json;
mod misp;
mod plain;
pub mod stix;
mod write;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use model::artifact::{ExclusionReason, Finding, OriginKind, Severity, Status};
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::note::{Audience, NoteKind};
use model::observable::{self, Observable, ObservableType};
use model::relationship::RelationshipType;
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A STIX 2.1 bundle.
    Stix,
    /// A MISP event.
    Misp,
    /// A table (RFC 4180), UTF-8.
    Csv,
    /// Our own, with everything.
    Json,
    /// Our own, an artifact a line.
    Jsonl,
    /// One value a line.
    Plain,
}

impl Format {
    /// All formats, in the order in which they are offered.
    pub const ALL: &'static [Self] = &[Self::Stix, Self::Misp, Self::Csv, Self::Json, Self::Jsonl, Self::Plain];

    /// The word, as the API has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stix => "stix",
            Self::Misp => "misp",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Plain => "plain",
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Stix => "STIX 2.1",
            Self::Misp => "MISP event",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Jsonl => "JSON lines",
            Self::Plain => "Plain list",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Stix => "application/stix+json;version=2.1",
            Self::Misp | Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson",
            Self::Plain => "text/plain; charset=utf-8",
        }
    }

    /// What its files' names end with.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Stix => "stix.json",
            Self::Misp => "misp.json",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Plain => "txt",
        }
    }

    /// Whether values may be defanged in it: what programs read again holds values as they are.
    #[must_use]
    pub fn may_defang(self) -> bool {
        matches!(self, Self::Csv | Self::Plain)
    }

    /// Whether hashes and names of one file are one object in it.
    #[must_use]
    pub fn joins_files(self) -> bool {
        matches!(self, Self::Stix | Self::Misp)
    }
}

impl std::str::FromStr for Format {
    type Err = NotAFormat;

    fn from_str(word: &str) -> Result<Self, NotAFormat> {
        Self::ALL.iter().copied().find(|format| format.as_str() == word).ok_or(NotAFormat)
    }
}

/// A word that names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of stix, misp, csv, json, jsonl, plain")]
pub struct NotAFormat;

/// How an export is written.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// In what.
    pub format: Format,
    /// Whether observables are written so that nobody clicks them; tables and plain lists only.
    pub defang: bool,
    /// Whether a table begins with a byte order mark, which spreadsheets want.
    pub bom: bool,
    /// The one kind that is exported: its fields become columns of a table.
    pub kind: Option<Kind>,
}

/// What an export as a whole is about.
#[derive(Debug, Clone)]
pub struct Head {
    /// When it is made.
    pub at: Timestamp,
    /// By whom: a login name.
    pub by: String,
    /// A UUID for this export.
    pub uuid: String,
    /// The case that is exported; none for records of the library.
    pub case: Option<Case>,
}

impl Head {
    /// The marking of what is written.
    #[must_use]
    pub fn tlp(&self) -> Option<Tlp> {
        self.case.as_ref().map(|case| case.tlp)
    }
}

/// A case.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// `SECC0001001`.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub case_type: CaseType,
    /// How much it matters.
    pub rating: Rating,
    /// Where it stands.
    pub state: CaseState,
    /// One line.
    pub short_description: String,
    /// Markdown.
    pub description: String,
    /// A login name, or empty.
    pub assigned_to: String,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
    /// Words.
    pub tags: Vec<String>,
    /// Whether only those let in may know of it.
    pub restricted: bool,
    /// Markdown.
    pub findings: String,
    /// Markdown.
    pub recommendations: String,
    /// Markdown.
    pub closure_summary: String,
    /// What the hunt found.
    pub verdict: Verdict,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Its ATT&CK techniques.
    pub techniques: Vec<Technique>,
}

/// An ATT&CK technique of the case.
#[derive(Debug, Clone, Serialize)]
pub struct Technique {
    /// `T1059.001`.
    pub id: String,
    /// What it is called; empty when nobody knows.
    pub name: String,
    /// Who associated it by hand; none when artifacts alone tell of it.
    pub added_by: Option<String>,
}

/// A work note or a comment of the case.
#[derive(Debug, Clone, Serialize)]
pub struct Note {
    /// The id.
    pub id: String,
    /// Who it speaks to.
    pub kind: NoteKind,
    /// Who may read it.
    pub audience: Audience,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
}

/// How a record stands in the case.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// Whether it counts.
    pub status: Status,
    /// Why it was excluded.
    pub reason: Option<ExclusionReason>,
    /// In the analyst's words.
    pub comment: String,
    /// Who excluded or included it last.
    pub status_by: String,
    /// When.
    pub status_at: Timestamp,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// Where it came from, oldest first.
    pub origins: Vec<Origin>,
}

/// Where a record of the case came from.
#[derive(Debug, Clone, Serialize)]
pub struct Origin {
    /// How it came.
    pub kind: OriginKind,
    /// From what: a record's, document's or search's id; may be empty.
    pub reference: String,
    /// What that is called; may be empty.
    pub title: String,
    /// Where in it; may be empty.
    pub detail: String,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// What an analyst said of a record.
#[derive(Debug, Clone, Serialize)]
pub struct Annotation {
    /// The id.
    pub id: String,
    /// The case it was written in.
    pub case: String,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
}

/// What one source told of an observable in the newest search of the case.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// `SIGHT0001001`.
    pub search: String,
    /// The source's name.
    pub source: String,
    /// How many events; 0 when it was looked for and not found.
    pub count: i64,
    /// False when there are more.
    pub count_is_exact: bool,
    /// The first event's time; none when it has none.
    pub first_seen: Option<Timestamp>,
    /// The last event's time.
    pub last_seen: Option<Timestamp>,
    /// When the search ended.
    pub searched_at: Timestamp,
}

/// One record as it leaves.
#[derive(Debug, Clone)]
pub struct Item {
    /// Which record.
    pub end: End,
    /// How grave.
    pub severity: Severity,
    /// What an analyst thinks of it.
    pub finding: Finding,
    /// First seen in a log, or never.
    pub first_seen: Timestamp,
    /// Last seen in a log, or never.
    pub last_seen: Timestamp,
    /// Its fields, by the names of its kind.
    pub fields: Map<String, Value>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// The object that it came as, JSON, when it came in a document.
    pub original: Option<String>,
    /// How it stands in the case; none outside of one.
    pub standing: Option<Standing>,
    /// What analysts said of it.
    pub annotations: Vec<Annotation>,
    /// What searches told of it.
    pub sightings: Vec<Seen>,
    /// Indicators that point at it.
    pub indicators: Vec<String>,
    /// What it refers to by a property of its own: a report its objects, a sighting what was seen.
    pub refers: Vec<(RelationshipType, End)>,
}

/// A record, as far as links and ids need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Its public id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Its category: an observable's type.
    pub category: String,
    /// Its title: an observable's normal form.
    pub title: String,
    /// The id of the STIX object that it is a part of: a file.
    pub within: Option<String>,
}

impl End {
    /// The observable that it is.
    #[must_use]
    pub fn observable(&self) -> Option<Observable> {
        let kind: ObservableType = if self.kind == Kind::Observable { self.category.parse().ok()? } else { return None };
        Some(Observable { kind, value: self.title.clone() })
    }
}

impl Item {
    /// Its value as it is shown: defanged when asked, and always one line.
    fn shown(&self, defang: bool) -> String {
        let text = match self.end.observable().filter(|_| defang) {
            Some(observable) => observable::defang(&observable),
            None => self.end.title.clone(),
        };
        if text.contains(char::is_control) { text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() } else { text }
    }

    /// A field as text.
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it was thrown out of the case.
    fn is_excluded(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.status == Status::Excluded)
    }
}

/// How two of the records are joined.
#[derive(Debug, Clone)]
pub struct Link {
    /// From which.
    pub from: End,
    /// How.
    pub relationship: RelationshipType,
    /// To which.
    pub to: End,
    /// The id that its document gave it; empty when it has none.
    pub id: String,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// Since when, or never.
    pub first_seen: Timestamp,
    /// Until when, or never.
    pub last_seen: Timestamp,
    /// When it was made known here.
    pub created_at: Timestamp,
    /// Its text as it came, JSON; empty when it has none.
    pub original: String,
}

/// One format over one writer. Notes come first, then records, then files, then links, then the end.
pub trait Sink {
    /// What a document calls a record that will come, where that is not what the export calls it (see [`stix::other_id`]).
    fn other_id(&mut self, _id: String, _end: &End) {}

    /// A note of the case.
    ///
    /// # Errors
    /// When the writer fails.
    fn note(&mut self, _note: &Note) -> io::Result<()> {
        Ok(())
    }

    /// A sightings search of the case; after the notes.
    ///
    /// # Errors
    /// When the writer fails.
    fn search(&mut self, _search: &answer::AnswerHead) -> io::Result<()> {
        Ok(())
    }

    /// A record.
    ///
    /// # Errors
    /// When the writer fails.
    fn item(&mut self, item: &Item) -> io::Result<()>;

    /// Records that are names and hashes of one file: handed over only where [`Format::joins_files`].
    ///
    /// # Errors
    /// When the writer fails.
    fn file(&mut self, parts: &[Item]) -> io::Result<()> {
        parts.iter().try_for_each(|part| self.item(part))
    }

    /// A relationship.
    ///
    /// # Errors
    /// When the writer fails.
    fn link(&mut self, _link: &Link) -> io::Result<()> {
        Ok(())
    }

    /// Writes what closes it.
    ///
    /// # Errors
    /// When the writer fails.
    fn end(&mut self) -> io::Result<()>;
}

/// Begins an export.
///
/// # Errors
/// When the writer fails.
pub fn begin<'w>(options: Options, head: Head, out: impl Write + 'w) -> io::Result<Box<dyn Sink + 'w>> {
    Ok(match options.format {
        Format::Stix => Box::new(stix::Stix::begin(head, out)?),
        Format::Misp => Box::new(misp::Misp::begin(head, out)?),
        Format::Csv => Box::new(csv::Csv::begin(options, out)?),
        Format::Json => Box::new(json::Json::begin(&head, out)?),
        Format::Jsonl => Box::new(json::JsonLines::new(out)),
        Format::Plain => Box::new(plain::Plain::new(options.defang, out)),
    })
}
