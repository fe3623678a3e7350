//! Logs and sources: what is indexed, from when to when, with which gaps; taking files in; deleting them.

use app::logs::{self, LogFileView, LogImport, LogSourceView};
use app::source::{self, SourceView};
use app::{AppError, PageQuery};
use askama::Template;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use model::list::Page;
use model::sighting::LogFileState;
use serde::Deserialize;

use super::cases::link;
use super::door::encode;
use super::sightings::picture::{self, Hist};
use super::{Errors, Screen, Shell, Visit, page, page_with, see};
use crate::error::{self, Failure};
use crate::params::{Path, Query};
use crate::{Web, intake};

/// Bars of a source in the list.
const SMALL: i64 = 40;
/// Bars of a source on its own page.
const LARGE: i64 = 90;

#[derive(Template)]
#[template(path = "logs/list.html")]
struct LogsPage {
    shell: Shell,
    sources: Vec<LogSourceView>,
    outside: Vec<SourceView>,
    form: UploadForm,
    errors: Errors,
}

/// What is typed beside a file.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct UploadForm {
    #[serde(default)]
    source: String,
    /// The chosen format; empty when it stays as it was last chosen for the source.
    #[serde(default)]
    format: String,
    /// As it was typed.
    #[serde(default)]
    clock_offset: String,
}

impl LogsPage {
    /// The formats that can be chosen: value, label.
    fn formats(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        logs::formats()
    }

    /// What was last chosen by hand for the source that is asked for.
    fn remembered(&self) -> Option<String> {
        chosen(self.sources.iter().find(|source| source.name == self.form.source.trim())?)
    }

    fn picture(&self, source: &LogSourceView) -> Hist {
        coverage(source, SMALL)
    }

    fn events(&self) -> i64 {
        self.sources.iter().map(|source| source.events).sum()
    }

    fn on_disk(&self) -> String {
        super::jobs::size(&self.sources.iter().map(|source| source.disk_bytes).sum())
    }
}

/// Events by day, days without any marked.
fn coverage(source: &LogSourceView, most: i64) -> Hist {
    picture::hist(picture::frame_of(&source.days), &source.days, Some(&source.days), most)
}

/// `2023-08-15`, or `2023-08-15 – 2023-09-01`.
pub(crate) fn span(source: &LogSourceView) -> String {
    match (source.first, source.last) {
        (Some(first), Some(last)) if first.day() == last.day() => first.date(),
        (Some(first), Some(last)) => format!("{} – {}", first.date(), last.date()),
        _ if source.events > 0 => "no times".to_owned(),
        _ => "no data".to_owned(),
    }
}

/// `2 gaps, 14 days`.
pub(crate) fn gaps(source: &LogSourceView) -> String {
    let days: i64 = source.gaps.iter().map(|gap| gap.days).sum();
    let count = source.gaps.len() as i64;
    if count == 0 { String::new() } else { format!("{}, {}", picture::counted(count, "gap"), picture::counted(days, "day")) }
}

/// The page of a source.
pub(crate) fn source_url(name: &str) -> String {
    format!("/logs/{}", encode(name))
}

/// The colour of a file's state.
pub(crate) fn file_chip(state: &LogFileState) -> &'static str {
    match state {
        LogFileState::Indexing => "info",
        LogFileState::Indexed => "good",
        LogFileState::Failed => "bad",
        LogFileState::Deleted => "",
    }
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Query(form): Query<UploadForm>) -> Screen {
    let sources = logs::sources(&web.app, &visit.actor).await?;
    let outside = source::list(&web.app, &visit.actor).await?;
    page(&LogsPage { shell: visit.shell, sources, outside, form, errors: Errors::default() })
}

/// Takes the files of a form in, one after the other, each as it comes.
pub(crate) async fn upload(State(web): State<Web>, visit: Visit, request: Request) -> Screen {
    let plainly = accepts_problems(request.headers());
    let (form, outcome) = take(&web, &visit, request).await;
    let refused = match outcome {
        Ok(()) => return Ok(see(&source_url(form.source.trim()))),
        Err(error) => error,
    };
    // A script that shows how far the upload is wants a sentence, not a page.
    if plainly {
        return Ok(error::problem(&refused));
    }
    let errors = Errors::of(refused)?;
    let sources = logs::sources(&web.app, &visit.actor).await?;
    let outside = source::list(&web.app, &visit.actor).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &LogsPage { shell: visit.shell, sources, outside, form, errors })
}

fn accepts_problems(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("application/problem+json"))
}

async fn take(web: &Web, visit: &Visit, request: Request) -> (UploadForm, Result<(), AppError>) {
    let mut input = LogImport::default();
    let outcome = take_files(web, visit, request, &mut input).await;
    let clock_offset = input.clock_offset.map(|seconds| seconds.to_string()).unwrap_or_default();
    (UploadForm { source: input.source, format: input.format, clock_offset }, outcome)
}

async fn take_files(web: &Web, visit: &Visit, request: Request, input: &mut LogImport) -> Result<(), AppError> {
    intake::check_length(request.headers())?;
    let mut form = Multipart::from_request(request, web).await.map_err(|error| intake::broken(error.body_text()))?;
    let mut taken = 0;
    while let Some(field) = form.next_field().await.map_err(intake::broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            // A file field in which nothing was chosen.
            Some(file_name) if file_name.is_empty() => {}
            Some(file_name) => {
                intake::take_logs(&web.app, &visit.actor, LogImport { file_name, ..input.clone() }, field).await?;
                taken += 1;
            }
            None => match name.as_str() {
                "source" => input.source = intake::text(field).await?,
                "format" => input.format = intake::text(field).await?,
                "clock_offset" => input.clock_offset = intake::seconds(field).await?,
                _ => {}
            },
        }
    }
    if taken == 0 {
        return Err(AppError::invalid("/file", "choose a file, or drop one"));
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "logs/source.html")]
struct SourcePage {
    shell: Shell,
    source: LogSourceView,
    files: Page<LogFileView>,
    /// Where the page of files begins; empty for the newest.
    older: String,
    /// The file whose report is open.
    open: Option<LogFileView>,
}

impl SourcePage {
    fn chosen(&self) -> Option<String> {
        chosen(&self.source)
    }

    fn url(&self) -> String {
        source_url(&self.source.name)
    }

    fn picture(&self) -> Hist {
        coverage(&self.source, LARGE)
    }

    /// Files that are being read now.
    fn running(&self) -> impl Iterator<Item = &LogFileView> {
        self.files.items.iter().filter(|file| file.state == LogFileState::Indexing && file.job.is_some())
    }

    /// The page with another word in its URL.
    fn link(&self, name: &str, value: &str) -> String {
        link(&self.url(), &[("older", &self.older)], name, value)
    }

    fn open_id(&self) -> &str {
        self.open.as_ref().map_or("", |file| file.id.as_str())
    }
}

/// `1,204 events deleted by retention on 2026-11-24`.
pub(crate) fn expired(file: &LogFileView) -> Option<String> {
    let at = file.expired_at?;
    Some(format!("{} deleted by retention on {}", picture::counted(file.expired, "event"), at.date()))
}

/// What was last chosen by hand for the files of a source: its format, its clock correction.
fn chosen(source: &LogSourceView) -> Option<String> {
    let format = logs::formats().find(|(name, _)| *name == source.format).map(|(_, label)| format!("read as {label}"));
    let offset = source.clock_offset;
    let clock =
        (offset != 0).then(|| format!("{}{} s on every time", if offset > 0 { "+" } else { "−" }, super::words::thousands(offset.abs())));
    let said: Vec<String> = format.into_iter().chain(clock).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// How long the events of a source are kept, where it differs from the others.
pub(crate) fn kept(source: &LogSourceView) -> Option<String> {
    source.kept_days.map(|days| match days {
        0 => "kept for good".to_owned(),
        days => format!("kept for {}", picture::counted(i64::from(days), "day")),
    })
}

/// What is worth a look in a file: `3 bad lines`.
pub(crate) fn remarks(file: &LogFileView) -> String {
    let Some(report) = &file.report else { return file.error.clone() };
    let mut parts: Vec<String> = expired(file).into_iter().collect();
    let mut add = |count: i64, noun: &str| {
        if count > 0 {
            parts.push(picture::counted(count, noun));
        }
    };
    add(report.bad(), "bad line");
    add(report.broken_members.len() as i64, "broken file");
    if report.without_time > 0 {
        parts.push(format!("{} without a time", picture::counted(report.without_time, "event")));
    }
    parts.join(", ")
}

/// How many files a page of a source's shows.
const SHOWN: u32 = 100;

/// Which file's report is open.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SourceQuery {
    #[serde(default)]
    open: String,
    /// Files older than a page before has shown.
    #[serde(default)]
    older: String,
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Query(query): Query<SourceQuery>) -> Screen {
    let source = find(&web, &visit, &name).await?;
    let part = PageQuery { cursor: query.older.clone(), ..PageQuery::newest(SHOWN) };
    let files = logs::files(&web.app, &visit.actor, &source.name, part).await?;
    let open = files.items.iter().find(|file| file.id == query.open).cloned();
    page(&SourcePage { shell: visit.shell, source, files, older: query.older, open })
}

async fn find(web: &Web, visit: &Visit, name: &str) -> Result<LogSourceView, Failure> {
    let sources = logs::sources(&web.app, &visit.actor).await?;
    Ok(sources.into_iter().find(|source| source.name == name).ok_or(AppError::NotFound("log source"))?)
}

#[derive(Template)]
#[template(path = "logs/delete.html")]
struct DeletePage {
    shell: Shell,
    source: LogSourceView,
    /// One file of it; the whole source when none.
    file: Option<LogFileView>,
}

impl DeletePage {
    fn url(&self) -> String {
        source_url(&self.source.name)
    }
}

pub(crate) async fn delete_file_page(State(web): State<Web>, visit: Visit, Path((name, id)): Path<(String, String)>) -> Screen {
    let source = find(&web, &visit, &name).await?;
    let file = logs::file(&web.app, &visit.actor, &id).await?;
    page(&DeletePage { shell: visit.shell, source, file: Some(file) })
}

pub(crate) async fn delete_file(State(web): State<Web>, visit: Visit, Path((name, id)): Path<(String, String)>) -> Screen {
    logs::delete_file(&web.app, &visit.actor, &id).await?;
    Ok(see(&source_url(&name)))
}

pub(crate) async fn delete_source_page(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    let source = find(&web, &visit, &name).await?;
    page(&DeletePage { shell: visit.shell, source, file: None })
}

pub(crate) async fn delete_source(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Result<Response, Failure> {
    logs::delete_source(&web.app, &visit.actor, &name).await?;
    Ok(see("/logs"))
}
