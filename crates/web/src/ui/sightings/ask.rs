//! Asking for a sightings search: which observables, when, in which sources.

use app::artifact::{self, ArtifactQuery, Selection};
use app::case::{self, CaseView};
use app::logs::{self, LogSourceView};
use app::sighting::{self, SightingRequest};
use app::source;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::sighting::UrlMatch;
use model::time::Window;
use model::{FieldError, Kind, Timestamp};
use serde::Deserialize;

use crate::Web;
use crate::error::Failure;
use crate::params::Path;
use crate::ui::closed::closed;
use crate::ui::{Errors, Screen, Selecting, SelectionForm, Shell, Visit, logs as log_pages, page_with, see};

/// The form, beside the selection of the list it was asked from, which is handed on as it came.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct AskForm {
    /// `last`, `range` or `all`.
    #[serde(default)]
    window: String,
    #[serde(default)]
    number: String,
    /// `d` or `h`.
    #[serde(default)]
    unit: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// How much of a URL has to stand in an event.
    #[serde(default)]
    urls: String,
    /// Whether the patterns of the case's indicators are evaluated too.
    #[serde(default)]
    patterns: Option<String>,
    #[serde(default)]
    source: Vec<String>,
    /// Set when sources were shown before: then none ticked means none.
    #[serde(default)]
    asked: Option<String>,
    /// The button that overrides the window.
    #[serde(default)]
    all_data: Option<String>,
}

impl AskForm {
    /// With what is chosen when nothing is said.
    fn or_defaults(mut self) -> Self {
        let fill = |field: &mut String, with: &str| {
            if field.is_empty() {
                with.clone_into(field);
            }
        };
        fill(&mut self.window, "last");
        fill(&mut self.number, "7");
        fill(&mut self.unit, "d");
        fill(&mut self.urls, UrlMatch::Whole.as_str());
        self
    }

    fn last(&self) -> String {
        format!("{}{}", self.number.trim(), self.unit)
    }

    /// The window as it would be now; none while it is not understood.
    fn window(&self, now: Timestamp) -> Option<Window> {
        match self.window.as_str() {
            "all" => Some(Window::All),
            "range" => {
                let from = moment(&self.from, false).ok()??;
                Some(Window::Between(from, moment(&self.to, true).ok()?.unwrap_or(now)))
            }
            _ => Window::last(&self.last(), now).ok(),
        }
    }

    fn request(&self, selection: Selection) -> Result<SightingRequest, Vec<FieldError>> {
        let mut refused = Vec::new();
        let (mut last, mut from, mut to) = (None, None, None);
        let all_data = self.all_data.is_some() || self.window == "all";
        match self.window.as_str() {
            _ if all_data => {}
            "range" => {
                let mut read = |field: &str, text: &str, end: bool| {
                    moment(text, end).unwrap_or_else(|detail| {
                        refused.push(FieldError { pointer: format!("/{field}"), detail });
                        None
                    })
                };
                from = read("from", &self.from, false);
                to = read("to", &self.to, true);
                if from.is_none() && refused.is_empty() {
                    refused.push(FieldError { pointer: "/from".to_owned(), detail: "say from when on".to_owned() });
                }
            }
            _ => last = Some(self.last()),
        }
        if self.asked.is_some() && self.source.is_empty() {
            refused.push(FieldError { pointer: "/source".to_owned(), detail: "choose at least one".to_owned() });
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        Ok(SightingRequest::over(selection, last, from, to, all_data, self.source.clone(), self.patterns.is_some(), self.urls.parse().ok()))
    }
}

/// `2026-11-24` or `2026-11-24T09:30`, as the browser's field gives it: UTC. The end of a window covers its last day or
/// minute.
fn moment(text: &str, end: bool) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    let (full, rest) = match text.len() {
        0 => return Ok(None),
        10 => (format!("{text}T00:00:00Z"), 86_400),
        16 => (format!("{text}:00Z"), 60),
        _ => (text.to_owned(), 0),
    };
    let at: Timestamp = full.parse().map_err(|_| "expected a time like 2026-11-24T09:30, or a date".to_owned())?;
    let last = if end && rest > 0 { Timestamp(at.plus_seconds(rest).micros() - 1) } else { at };
    Ok(Some(last))
}

/// A source in the form.
struct SourceLine {
    name: String,
    ticked: bool,
    /// Whether what it lacks is an answer: what it holds is not known.
    failed: bool,
    /// `2023-08-15, 53,698 events`.
    holds: String,
    /// What it lacks in the window; empty when nothing.
    lacks: String,
}

#[derive(Template)]
#[template(path = "sightings/ask.html")]
struct AskPage {
    shell: Shell,
    case: CaseView,
    selection: SelectionForm,
    form: AskForm,
    /// How many observables.
    count: String,
    whole_case: bool,
    sources: Vec<SourceLine>,
    errors: Errors,
}

impl AskPage {
    fn path(&self) -> String {
        format!("/cases/{}/sightings", self.case.number)
    }

    /// Indicators that the case includes.
    fn indicators(&self) -> i64 {
        self.case.counts(&Kind::Indicator).included
    }

    fn lacking(&self) -> usize {
        self.sources.iter().filter(|source| source.ticked && !source.lacks.is_empty() && !source.failed).count()
    }
}

pub(crate) async fn new_page(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    show(&web, visit, &number, Ask::default(), Errors::default()).await
}

pub(crate) async fn ask(
    State(web): State<Web>,
    visit: Visit,
    Path(number): Path<String>,
    Selecting(selection, form): Selecting<AskForm>,
) -> Screen {
    show(&web, visit, &number, Ask { selection, form }, Errors::default()).await
}

pub(crate) async fn start(
    State(web): State<Web>,
    visit: Visit,
    Path(number): Path<String>,
    Selecting(selection, form): Selecting<AskForm>,
) -> Screen {
    let refused = match form.clone().or_defaults().request(selection.selection()) {
        Ok(request) => match sighting::start(&web.app, &visit.actor, &number, request).await {
            Ok(search) => return Ok(see(&format!("/cases/{}/sightings/{}", search.case, search.number))),
            Err(error) => Errors::of(error)?,
        },
        Err(refused) => Errors(refused),
    };
    show(&web, visit, &number, Ask { selection, form }, refused).await
}

/// What is asked, of which observables.
#[derive(Default)]
struct Ask {
    selection: SelectionForm,
    form: AskForm,
}

async fn show(web: &Web, visit: Visit, number: &str, Ask { selection, form }: Ask, errors: Errors) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    if !case.state.is_open() {
        return closed(visit.shell, case);
    }
    let form = form.or_defaults();
    let (count, whole_case) = count(web, &visit, &case, &selection).await?;
    let window = form.window(web.app.now());
    let line = |source: LogSourceView| SourceLine {
        ticked: form.asked.is_none() || form.source.contains(&source.name),
        holds: format!("{}, {}{}", log_pages::span(&source), super::picture::counted(source.events, "event"), reading(&source)),
        lacks: lacks(&source, window),
        failed: false,
        name: source.name,
    };
    let mut sources: Vec<SourceLine> = logs::sources(&web.app, &visit.actor).await?.into_iter().map(line).collect();
    let outside = source::list(&web.app, &visit.actor).await?.into_iter().filter(|source| source.enabled);
    sources.extend(outside.map(|source| SourceLine {
        ticked: form.asked.is_none() || form.source.contains(&source.name),
        holds: format!("{}{}", source.kind.label(), if source.external { ": what others saw" } else { "" }),
        lacks: if source.error.is_empty() { String::new() } else { format!("failed the last time: {}", source.error) },
        failed: !source.error.is_empty(),
        name: source.name,
    }));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &AskPage { shell: visit.shell, case, selection, form, count, whole_case, sources, errors })
}

/// How many observables are selected, and whether that is all of the case.
async fn count(web: &Web, visit: &Visit, case: &CaseView, selection: &SelectionForm) -> Result<(String, bool), Failure> {
    if let Some(query) = selection.matching() {
        let query = ArtifactQuery { kind: Kind::Observable.to_string(), limit: Some(1), ..query };
        return Ok((artifact::list(&web.app, &visit.actor, &case.number, query).await?.total_text(), false));
    }
    if selection.record.is_empty() {
        return Ok((model::list::thousands(case.counts(&Kind::Observable).included), true));
    }
    Ok((model::list::thousands(selection.record.len() as i64), false))
}

/// That a source is not all there yet.
fn reading(source: &LogSourceView) -> String {
    match source.files_indexing {
        0 => String::new(),
        1 => "; 1 file is still being read".to_owned(),
        more => format!("; {more} files are still being read"),
    }
}

/// What a source lacks in a window.
fn lacks(source: &LogSourceView, window: Option<Window>) -> String {
    let Some(Window::Between(from, to)) = window else { return String::new() };
    let (Some(first), Some(last)) = (source.first, source.last) else { return "no data with a time".to_owned() };
    let days = from.day()..=to.day();
    let held = |day: &app::logs::DayCount| day.day.parse::<Timestamp>().is_ok_and(|day| days.contains(&day.day()));
    let covered = source.days.iter().filter(|day| held(day)).count() as i64;
    if first > to || last < from || covered == 0 {
        return format!("nothing in this window: it has {}", log_pages::span(source));
    }
    let asked = to.day() - from.day() + 1;
    if covered < asked { format!("{covered} of {} covered", super::picture::counted(asked, "day")) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_with_the_last_moment_of_what_was_typed() {
        let read = |text: &str, end: bool| moment(text, end).unwrap().unwrap().to_string();
        assert_eq!(read("2026-11-24", false), "2026-11-24T00:00:00Z");
        assert_eq!(read("2026-11-24", true), "2026-11-24T23:59:59.999999Z");
        assert_eq!(read("2026-11-24T09:30", true), "2026-11-24T09:30:59.999999Z");
        assert_eq!(moment("", true), Ok(None));
        assert!(moment("yesterday", false).is_err());
    }
}
