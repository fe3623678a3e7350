//! The answer of a sightings search as a file: what was seen, what was not, and what that stands on. A table, JSON, or Markdown to
//! be read by people.

use std::io::{self, Write};
use std::str::FromStr;

use model::case::Tlp;
use model::sighting::Outcome;
use model::text::fenced;
use model::{Timestamp, list::thousands};
use serde::Serialize;
use serde_json::Value;

use super::csv::harmless;
use super::write::Pieces;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFormat {
    /// A table (RFC 4180), one row for each observable and source.
    Csv,
    /// All of it.
    Json,
    /// For people.
    Markdown,
}

impl AnswerFormat {
    /// All there are, in the order of a menu.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Json, Self::Markdown];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "markdown",
        }
    }

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Markdown => "Markdown",
        }
    }

    /// How a file of it ends.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "md",
        }
    }

    /// What a file of it is.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// Whether observables may be written so that nobody clicks them.
    #[must_use]
    pub fn may_defang(self) -> bool {
        self != Self::Json
    }
}

impl FromStr for AnswerFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|format| format.as_str() == word);
        found.ok_or_else(|| format!("`{}` is none of csv, json, markdown", model::text::shorten(word, 40)))
    }
}

/// What a source had in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// The source's name.
    pub source: String,
    /// Whether it had any data.
    pub covered: bool,
    /// In words.
    pub text: String,
    /// Days without any event, first and last, as dates in UTC.
    pub gaps: Vec<(String, String)>,
}

/// A search.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerHead {
    /// When it was exported.
    pub exported_at: Timestamp,
    /// A login name.
    pub exported_by: String,
    /// `SIGHT0001001`.
    pub search: String,
    /// `SECC0001001`.
    pub case: String,
    /// What the case is called.
    pub case_name: String,
    /// How the case is marked.
    pub tlp: Tlp,
    /// The time that it covers, in words.
    pub window: String,
    /// From when on; none for all data.
    pub from: Option<Timestamp>,
    /// Until when, included; none for all data.
    pub to: Option<Timestamp>,
    /// Where it stands.
    pub state: String,
    /// Why it came to no end; empty otherwise.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How many observables came out how, in the order of the outcomes.
    pub totals: Vec<(String, i64)>,
    /// What each source had.
    pub coverage: Vec<Covered>,
}

/// What one source holds of one observable.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerRow {
    /// The observable's id.
    pub id: String,
    /// Its type.
    pub r#type: String,
    /// Its value.
    pub value: String,
    /// Its value, defanged.
    #[serde(skip)]
    pub defanged: String,
    /// What it is found to be.
    pub finding: String,
    /// The source's name.
    pub source: String,
    /// Whether others told it, rather than our own sources.
    pub external: bool,
    /// What was found.
    pub outcome: Outcome,
    /// Events that hold the value.
    pub count: i64,
    /// False when there are more.
    pub count_is_exact: bool,
    /// Events that hold it in any spelling, where there is another.
    pub count_normalised: Option<i64>,
    /// Events that name the domain or one below it; domains only.
    pub with_subdomains: Option<i64>,
    /// First seen.
    pub first_seen: Option<Timestamp>,
    /// Last seen.
    pub last_seen: Option<Timestamp>,
    /// What the source had in the window, in words.
    pub coverage: String,
    /// Machines and in how many events, most first.
    pub hosts: Vec<(String, i64)>,
    /// How many machines.
    pub hosts_total: i64,
    /// Accounts, likewise.
    pub accounts: Vec<(String, i64)>,
    /// How many accounts.
    pub accounts_total: i64,
    /// Events by day, as far as it is known.
    pub histogram: Vec<(String, i64)>,
    /// Raw events.
    pub samples: Vec<Value>,
    /// The query as it was sent.
    pub query: String,
    /// Why the source could not answer, or what it could not take into account; empty otherwise.
    pub error: String,
}

impl AnswerRow {
    fn shown(&self, defang: bool) -> &str {
        if defang { &self.defanged } else { &self.value }
    }
}

/// Writes an answer, row by row.
pub struct AnswerWriter<W: Write> {
    head: AnswerHead,
    defang: bool,
    to: To<W>,
}

enum To<W: Write> {
    Csv(Box<::csv::Writer<W>>),
    Json(Pieces<W>),
    Markdown(W),
}

const COLUMNS: &[&str] = &[
    "tlp",
    "search",
    "window",
    "type",
    "value",
    "finding",
    "source",
    "external",
    "outcome",
    "count",
    "count_is_exact",
    "count_normalised",
    "with_subdomains",
    "first_seen",
    "last_seen",
    "covered",
    "gaps",
    "hosts",
    "accounts",
    "query",
    "error",
    "id",
];

impl<W: Write> AnswerWriter<W> {
    /// Begins an answer.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn begin(format: AnswerFormat, defang: bool, head: AnswerHead, mut out: W) -> io::Result<Self> {
        let to = match format {
            AnswerFormat::Csv => {
                let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
                out.write_record(COLUMNS)?;
                To::Csv(Box::new(out))
            }
            AnswerFormat::Json => {
                let mut pieces = Pieces::new(out);
                let search = serde_json::to_string(&head)?;
                pieces.raw(&format!("{{\"format\":\"vizsla-sightings\",\"version\":1,\n\"search\":{search},\n\"results\":["))?;
                To::Json(pieces)
            }
            AnswerFormat::Markdown => {
                begin_markdown(&mut out, &head)?;
                To::Markdown(out)
            }
        };
        Ok(Self { head, defang, to })
    }

    /// One more result.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn row(&mut self, row: &AnswerRow) -> io::Result<()> {
        match &mut self.to {
            To::Csv(out) => out.write_record(cells(&self.head, row, self.defang)).map_err(io::Error::from),
            To::Json(out) => out.piece(row),
            To::Markdown(out) => line(out, row, self.defang),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn end(self) -> io::Result<()> {
        match self.to {
            To::Csv(mut out) => out.flush(),
            To::Json(mut out) => {
                out.raw("\n]}\n")?;
                out.flush()
            }
            To::Markdown(mut out) => {
                writeln!(out, "\n{}", marking(&self.head))?;
                out.flush()
            }
        }
    }
}

fn marking(head: &AnswerHead) -> String {
    format!("**{}**", head.tlp.label())
}

fn cells(head: &AnswerHead, row: &AnswerRow, defang: bool) -> Vec<String> {
    let number = |count: Option<i64>| count.map(|count| count.to_string()).unwrap_or_default();
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let names = |names: &[(String, i64)], total: i64| {
        let mut all: Vec<String> = names.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        let more = total - all.len() as i64;
        if more > 0 {
            all.push(format!("and {more} more"));
        }
        all.join("; ")
    };
    let gaps = head.coverage.iter().find(|held| held.source == row.source).map(gaps).unwrap_or_default();
    let cells = vec![
        head.tlp.label().to_owned(),
        head.search.clone(),
        head.window.clone(),
        row.r#type.clone(),
        row.shown(defang).to_owned(),
        row.finding.clone(),
        row.source.clone(),
        row.external.to_string(),
        row.outcome.as_str().to_owned(),
        row.count.to_string(),
        row.count_is_exact.to_string(),
        number(row.count_normalised),
        number(row.with_subdomains),
        time(row.first_seen),
        time(row.last_seen),
        row.coverage.clone(),
        gaps,
        names(&row.hosts, row.hosts_total),
        names(&row.accounts, row.accounts_total),
        row.query.clone(),
        row.error.clone(),
        row.id.clone(),
    ];
    cells.into_iter().map(harmless).collect()
}

fn gaps(held: &Covered) -> String {
    let gap = |(from, to): &(String, String)| if from == to { from.clone() } else { format!("{from} to {to}") };
    held.gaps.iter().map(gap).collect::<Vec<_>>().join("; ")
}

fn begin_markdown(out: &mut impl Write, head: &AnswerHead) -> io::Result<()> {
    writeln!(out, "{}\n\n# Sightings search {}\n", marking(head), head.search)?;
    writeln!(out, "Case {} {}, {}", head.case, fenced(&head.case_name), head.window)?;
    if let (Some(from), Some(to)) = (head.from, head.to) {
        writeln!(out, "({from} to {to})")?;
    }
    let totals: Vec<String> = head.totals.iter().map(|(outcome, count)| format!("{} {outcome}", thousands(*count))).collect();
    writeln!(out, "\nObservables: {}.", totals.join(", "))?;
    let ended = head.finished_at.map(|at| format!(", ended {at}")).unwrap_or_default();
    writeln!(out, "\nStarted {} by {}{ended}. Exported {} by {}.", head.created_at, head.created_by, head.exported_at, head.exported_by)?;
    if !head.error.is_empty() {
        writeln!(out, "\nIt came to no end: {}", fenced(&head.error))?;
    }
    writeln!(out, "\n## What was covered\n\n| source | had | days without any event (UTC) |\n|---|---|---|")?;
    for held in &head.coverage {
        writeln!(out, "| {} | {} | {} |", cell(&held.source), cell(&held.text), gaps(held))?;
    }
    writeln!(
        out,
        "\n## Results\n\n| observable | finding | source | outcome | events | first seen | last seen | machines | accounts | query as sent |\n\
         |---|---|---|---|---|---|---|---|---|---|"
    )
}

fn line(out: &mut impl Write, row: &AnswerRow, defang: bool) -> io::Result<()> {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let names = |names: &[(String, i64)], total: i64| {
        let mut all: Vec<String> = names.iter().take(10).map(|(name, count)| format!("{} ({})", cell(name), thousands(*count))).collect();
        let more = total - all.len() as i64;
        if more > 0 {
            all.push(format!("and {} more", thousands(more)));
        }
        all.join(", ")
    };
    let count = row.count.max(row.count_normalised.unwrap_or_default());
    let events = match row.outcome {
        Outcome::Seen => format!("{}{}", if row.count_is_exact { "" } else { "≥ " }, thousands(count)),
        _ => String::new(),
    };
    let mut outcome = row.outcome.label().to_lowercase();
    for why in [&row.coverage, &row.error].into_iter().filter(|why| !why.is_empty() && row.outcome != Outcome::Seen) {
        outcome.push_str(&format!("; {}", cell(why)));
    }
    writeln!(
        out,
        "| {} | {} | {} | {outcome} | {events} | {} | {} | {} | {} | {} |",
        cell(row.shown(defang)),
        row.finding,
        cell(&row.source),
        time(row.first_seen),
        time(row.last_seen),
        names(&row.hosts, row.hosts_total),
        names(&row.accounts, row.accounts_total),
        cell(&row.query)
    )
}

/// What others wrote, within a cell of a table: as code, with bars escaped (GitHub Flavored Markdown, section 4.10).
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { fenced(text).replace('|', "\\|") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(format: AnswerFormat, defang: bool) -> String {
        let head = AnswerHead {
            exported_at: Timestamp(1),
            exported_by: "ada".to_owned(),
            search: "SIGHT0001001".to_owned(),
            case: "SECC0001001".to_owned(),
            case_name: "A `hunt`".to_owned(),
            tlp: Tlp::Amber,
            window: "last 7 days".to_owned(),
            from: None,
            to: None,
            state: "done".to_owned(),
            error: String::new(),
            created_by: "ada".to_owned(),
            created_at: Timestamp(1),
            finished_at: None,
            totals: vec![("seen".to_owned(), 1)],
            coverage: vec![Covered {
                source: "DNS".to_owned(),
                covered: true,
                text: "1 of 2 days, 5 events".to_owned(),
                gaps: vec![("2026-01-02".to_owned(), "2026-01-02".to_owned())],
            }],
        };
        let row = AnswerRow {
            id: "file--1".to_owned(),
            r#type: "file-name".to_owned(),
            value: "=HYPERLINK(1)|x".to_owned(),
            defanged: "=HYPERLINK[(]1)|x".to_owned(),
            finding: "unknown".to_owned(),
            source: "DNS".to_owned(),
            external: false,
            outcome: Outcome::NotSeen,
            count: 0,
            count_is_exact: true,
            count_normalised: None,
            with_subdomains: None,
            first_seen: None,
            last_seen: None,
            coverage: "1 of 2 days, 5 events".to_owned(),
            hosts: vec![("@host".to_owned(), 1)],
            hosts_total: 3,
            accounts: Vec::new(),
            accounts_total: 0,
            histogram: Vec::new(),
            samples: vec![json!({ "raw": "a" })],
            query: "-x".to_owned(),
            error: String::new(),
        };
        let mut out = Vec::new();
        let mut writer = AnswerWriter::begin(format, defang, head, &mut out).unwrap_or_else(|error| panic!("{error}"));
        writer.row(&row).and_then(|()| writer.row(&row)).and_then(|()| writer.end()).unwrap_or_else(|error| panic!("{error}"));
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn a_table_holds_negatives_and_gaps_and_no_formula() {
        let text = written(AnswerFormat::Csv, false);
        assert!(text.contains("TLP:AMBER,SIGHT0001001,last 7 days,file-name,'=HYPERLINK(1)|x,unknown,DNS,false,not_seen,0,true"), "{text}");
        assert!(text.contains("\"1 of 2 days, 5 events\",2026-01-02,'@host (1); and 2 more,,'-x,"), "{text}");
        assert_eq!(text.matches("\r\n").count(), 3);
    }

    #[test]
    fn json_is_whole() {
        let value: Value = serde_json::from_str(&written(AnswerFormat::Json, false)).unwrap_or_default();
        assert_eq!(value["results"].as_array().map(Vec::len), Some(2), "{value}");
        assert_eq!((&value["search"]["tlp"], &value["results"][0]["outcome"]), (&json!("amber"), &json!("not_seen")));
    }

    #[test]
    fn markdown_is_marked_and_keeps_its_table() {
        let text = written(AnswerFormat::Markdown, true);
        assert!(text.starts_with("**TLP:AMBER**") && text.trim_end().ends_with("**TLP:AMBER**"), "{text}");
        assert!(text.contains("Case SECC0001001 `` A `hunt` ``"), "{text}");
        assert!(text.contains("| `=HYPERLINK[(]1)\\|x` | unknown | `DNS` | not seen; `1 of 2 days, 5 events` |  |"), "{text}");
    }
}
