//! Looking through the events of the logs: by words, time and source, with a picture of when they were.

use app::AppError;
use app::case::{self, CaseQuery, CaseSummary};
use app::extract::FindView;
use app::import::{self, StageText};
use app::logs::{self, EventQuery, EventView, EventsView, LogSourceView, TimeCount, WholeEventView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Timestamp;
use model::text::shorten;
use serde::Deserialize;

use super::cases::link;
use super::sightings::picture::counted;
use super::words::{self, Piece};
use super::{Errors, Form, Screen, Shell, Visit, page_with, see};
use crate::Web;
use crate::params::{Path, Query};

/// Cases that are offered for an event's observables.
const OFFERED: u32 = 20;
/// How much of an event is shown in a row, in bytes, and how much of that before the first mark.
const ROW_BYTES: usize = 400;
const ROW_BEFORE: usize = 24;

/// The windows that are offered: what is sent, and what people read.
const WINDOWS: &[(&str, &str)] = &[
    ("", "All data"),
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
];

/// The URL of the screen.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ScreenQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    last: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    cursor: String,
    #[serde(default)]
    open: String,
}

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    shell: Shell,
    query: ScreenQuery,
    sources: Vec<LogSourceView>,
    /// Nothing when the question is not understood.
    found: Option<EventsView>,
    open: Option<WholeEventView>,
    /// Open cases, for what is in the open event.
    cases: Vec<CaseSummary>,
    errors: Errors,
}

/// One bar of the picture, and where it leads.
struct Bar {
    class: String,
    title: String,
    href: String,
}

impl EventsPage {
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        let mut all = vec![("q", &q.q), ("last", &q.last), ("from", &q.from), ("to", &q.to), ("source", &q.source)];
        if name == "open" {
            all.push(("cursor", &q.cursor));
        }
        link("/events", &all, name, value)
    }

    fn windows(&self) -> &'static [(&'static str, &'static str)] {
        WINDOWS
    }

    /// The chosen stretch of time, when it is none of the offered ones.
    fn range(&self) -> Option<String> {
        let part = |text: &str| text.parse().map_or_else(|_| text.to_owned(), |at: Timestamp| words::utc_to_second(&at));
        match (self.query.from.as_str(), self.query.to.as_str()) {
            ("", "") => None,
            (from, "") => Some(format!("from {}", part(from))),
            ("", to) => Some(format!("until {}", part(to))),
            (from, to) => Some(stretch(&part(from), &part(to))),
        }
    }

    /// Whether other data than what was looked at may hold it.
    fn is_narrow(&self) -> bool {
        let q = &self.query;
        [&q.last, &q.from, &q.to, &q.source].iter().any(|part| !part.is_empty())
    }

    /// A refusal without the name of the control that it is about: there is one.
    fn plain<'a>(&self, line: &'a str) -> &'a str {
        line.strip_prefix("q: ").unwrap_or(line)
    }

    fn without_range(&self) -> String {
        link("/events", &[("q", &self.query.q), ("source", &self.query.source)], "", "")
    }

    fn all_data(&self) -> String {
        link("/events", &[("q", &self.query.q)], "", "")
    }

    fn bars(&self, found: &EventsView) -> Vec<Bar> {
        let largest = found.histogram.iter().map(|one| one.count).max().unwrap_or_default();
        let bar = |one: &TimeCount| {
            let until = Timestamp(one.from.plus_seconds(found.bucket_seconds).micros() - 1);
            let (from, to) = (one.from.to_string(), until.to_string());
            Bar {
                class: format!("h{}", words::height(one.count, largest)),
                title: format!("{} – {}: {}", words::utc_to_second(&one.from), words::utc_to_second(&until), counted(one.count, "event")),
                href: link("/events", &[("q", &self.query.q), ("source", &self.query.source), ("from", &from)], "to", &to),
            }
        };
        found.histogram.iter().map(bar).collect()
    }

    fn total(&self, found: &EventsView) -> String {
        format!("{}{}", if found.total_is_exact { "" } else { "at most " }, counted(found.total, "event"))
    }

    /// The same question, narrowed by a word more.
    fn narrowed(&self, field: &str, name: &str) -> String {
        let quoted = if name.contains(|c: char| c.is_whitespace() || "()\"".contains(c)) {
            format!("\"{}\"", name.replace('"', ""))
        } else {
            name.to_owned()
        };
        let q = format!("{} {field}:{quoted}", self.query.q);
        self.link("q", q.trim())
    }

    fn is_open(&self, event: &EventView) -> bool {
        self.open.as_ref().is_some_and(|open| open.event.id == event.id)
    }

    fn review_url(&self, open: &WholeEventView) -> String {
        format!("/events/{}/review", open.event.id)
    }

    fn kind(&self, find: &FindView) -> &'static str {
        find.r#type.label()
    }

    fn finds(&self, open: &WholeEventView) -> String {
        app::text::counted(open.observables.len() as i64, "observable")
    }
}

/// A stretch of time: its date once where it is of one day.
fn stretch(from: &str, to: &str) -> String {
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, clock)), Some((same, until))) if day == same => format!("{day} {} – {until}", clock.trim_end_matches(" UTC")),
        _ => format!("{} – {to}", from.trim_end_matches(" UTC")),
    }
}

/// Where an event of JSON says in words what happened; else its beginning.
fn telling(raw: &str) -> usize {
    const NAMES: [&str; 6] = ["\"Message\":", "\"message\":", "\"msg\":", "\"CommandLine\":", "\"eventName\":", "\"event_type\":"];
    if !raw.starts_with('{') {
        return 0;
    }
    NAMES.iter().find_map(|name| raw.find(name)).unwrap_or_default()
}

/// An event in a row: what is around the first mark, or where it says what happened.
fn row(event: &EventView) -> Vec<Piece> {
    let raw = event.raw.as_str();
    let first = event.marks.first().map_or_else(|| telling(raw), |mark| mark.0);
    let from = raw.floor_char_boundary(first.saturating_sub(ROW_BEFORE));
    let until = raw.floor_char_boundary((from + ROW_BYTES).min(raw.len()));
    let marks: Vec<(usize, usize)> =
        event.marks.iter().filter(|(start, end)| *start >= from && *end <= until).map(|(start, end)| (start - from, end - from)).collect();
    let mut pieces = words::marked_at(raw.get(from..until).unwrap_or_default(), &marks);
    if from > 0 {
        pieces.insert(0, Piece::Plain("…".to_owned()));
    }
    pieces
}

/// The whole event, in pieces.
fn whole(event: &EventView) -> Vec<Piece> {
    words::marked_at(&event.raw, &event.marks)
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Query(query): Query<ScreenQuery>) -> Screen {
    let sources = logs::sources(&web.app, &visit.actor).await?;
    let asked = ask(&query);
    let (found, errors) = match asked {
        Ok(asked) => match logs::events(&web.app, &visit.actor, asked).await {
            Ok(found) => (Some(found), Errors::default()),
            Err(error) => (None, Errors::of(error)?),
        },
        Err(error) => (None, Errors::of(error)?),
    };
    let (mut open, mut cases) = (None, Vec::new());
    if !query.open.is_empty() {
        // An event may go while its page is open.
        open = match logs::event(&web.app, &visit.actor, &query.open).await {
            Ok(open) => Some(open),
            Err(AppError::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let marks = found.as_ref().and_then(|found| found.items.iter().find(|event| event.id == query.open)).filter(|event| !event.cut);
        if let (Some(open), Some(listed)) = (&mut open, marks) {
            open.event.marks.clone_from(&listed.marks);
        }
        let mine = CaseQuery { state: "open".to_owned(), limit: Some(OFFERED), ..CaseQuery::default() };
        cases = case::list(&web.app, &visit.actor, mine).await?.items;
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &EventsPage { shell: visit.shell, query, sources, found, open, cases, errors })
}

fn ask(query: &ScreenQuery) -> Result<EventQuery, AppError> {
    let moment = |name: &str, text: &str| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: model::time::BadTime| AppError::invalid(&format!("/{name}"), error.to_string())),
    };
    let (from, to) = (moment("from", &query.from)?, moment("to", &query.to)?);
    Ok(EventQuery {
        q: query.q.clone(),
        last: (!query.last.is_empty() && from.is_none() && to.is_none()).then(|| query.last.clone()),
        from,
        to,
        source: query.source.clone(),
        cursor: query.cursor.clone(),
        limit: None,
    })
}

/// Which case an event's observables are for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ReviewForm {
    case: String,
}

/// Stages an event's text for a case: its observables are reviewed as those of a report.
pub(crate) async fn review(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<ReviewForm>) -> Screen {
    let event = logs::event(&web.app, &visit.actor, &id).await?;
    let when = event.event.time.map_or_else(|| "without a time".to_owned(), |at| at.to_string());
    let name = shorten(&format!("Event {when}, {}, {} line {}", event.event.source, event.event.member, event.event.line), 200);
    let staged = import::stage_text(&web.app, &visit.actor, StageText { name, text: event.text, case: Some(form.case.clone()) }).await?;
    Ok(see(&format!("/cases/{}/text/{}", form.case, staged.import_id)))
}

#[cfg(test)]
mod tests {
    use super::{stretch, telling};

    #[test]
    fn a_stretch_of_one_day_names_it_once() {
        let (from, to) = ("2023-08-15 09:54:05 UTC", "2023-08-15 09:54:09 UTC");
        assert_eq!(stretch(from, to), "2023-08-15 09:54:05 – 09:54:09 UTC");
        assert_eq!(stretch(from, "2023-08-16 00:00:00 UTC"), "2023-08-15 09:54:05 – 2023-08-16 00:00:00 UTC");
    }

    #[test]
    fn a_row_begins_where_an_event_says_what_happened() {
        let raw = r#"{"Level":"0","EventID":5156,"Message":"Permitted"}"#;
        assert_eq!(raw.get(telling(raw)..), Some(r#""Message":"Permitted"}"#));
        assert_eq!((telling("Message: plain"), telling(r#"{"uid":"C1"}"#)), (0, 0));
    }
}
