//! Starts a sightings search: observables, a window, sources.

use model::sighting::UrlMatch;
use model::time::Window;
use model::{Actor, Fields, Kind, Role, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::case::Case;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::sighting::{self, NewSearch};
use store::{Tx, artifact, case, change, job, journal, log_source, source};

use super::run::{JOB, NEEDLES_CHUNK, OUTSIDE_JOB, Payload};
use super::{SightingView, coverage};
use crate::App;
use crate::artifact::{Selection, with_selection};
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};

/// The number of the first search.
const FIRST_NUMBER: i64 = 1_001;
/// The most observables of one search.
pub(super) const MAX_OBSERVABLES: usize = 250_000;
/// The window unless told.
const DEFAULT_LAST: &str = "7d";

with_selection! {
    /// What to look for, when and where: all included observables (when none is selected) over the last seven days in all
    /// sources, unless told.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields, default)]
    pub struct SightingRequest {
        /// The length of time until now: `7d`, `36h`, `90m`.
        pub last: Option<String>,
        /// From when on, instead.
        pub from: Option<Timestamp>,
        /// Until when, included; now when not told.
        pub to: Option<Timestamp>,
        /// All data instead, events without a time among them.
        pub all_data: bool,
        /// Sources by name; all when none is named.
        pub sources: Vec<String>,
        /// Whether the STIX patterns of the case's included indicators are evaluated too, over logs of Vizsla's own. Selected
        /// indicators are in any case, and then only those.
        pub patterns: bool,
        /// How much of a URL has to stand in an event; all of it unless told.
        pub urls: Option<UrlMatch>,
    }
}

/// Starts a search. Excluded observables are left out.
///
/// # Errors
/// When the window is not understood, a source is unknown, nothing is left to look for, the case is not open, or the
/// actor is a reader.
pub async fn start(app: &App, actor: &Actor, number: &str, mut request: SightingRequest) -> Result<SightingView> {
    require(actor, Role::Analyst)?;
    let (window, window_text) = window(&request, app.now())?;
    let selection = request.take_selection();
    if !selection.is_empty() {
        selection.check()?;
    }
    let patterns = request.patterns;
    let urls = request.urls.unwrap_or_default();
    let (number, sources) = (number.to_owned(), request.sources);
    // What is looked for is found before the writer is held, because it may be much.
    let of_case = number.clone();
    let records = app
        .read(actor, move |tx| {
            let case = open_case(tx, &of_case)?;
            asked_for(tx, &case, &selection, patterns)
        })
        .await?;
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let (records, patterns) = records.clone();
        let sources = named(tx, &sources)?;
        launch(tx, stamp, &case, &Asked { records, patterns, window, window_text: window_text.clone(), sources, urls })
    })
    .await
}

/// The job's payload on its way into the queue: what may be large is not copied while others wait.
#[derive(Serialize)]
struct Queued<'a> {
    subject: &'a str,
    search: i64,
    records: &'a [i64],
}

/// What a search looks for, when and where.
#[derive(Clone)]
pub(super) struct Asked {
    /// The rows of the observables, and of the indicators whose patterns are evaluated.
    pub(super) records: Vec<i64>,
    /// How many of them are indicators.
    pub(super) patterns: i64,
    pub(super) window: Window,
    /// The window as people say it.
    pub(super) window_text: String,
    /// The names of the sources.
    pub(super) sources: Vec<String>,
    pub(super) urls: UrlMatch,
}

/// The next search's number.
pub(crate) fn next_search_number(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(case::next_number(tx, "sighting_search", FIRST_NUMBER)?)
}

/// Stores a search that the clock asks for, out of sight, and queues the job that carries it out and gathers what it asks
/// for; the job's row.
pub(crate) fn launch_standing(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: i64,
    (from, to): (Timestamp, Timestamp),
    sources: &[String],
    urls: UrlMatch,
) -> Result<i64> {
    let search = NewSearch {
        number: -case::next_number(tx, "standing_search", 1)?,
        case,
        window_text: &coverage::range_words(from, to),
        window_from: from,
        window_to: to,
        all_data: false,
        urls,
        sources: &json!(sources).to_string(),
        patterns: 0,
    };
    let id = sighting::insert(tx, &search, 0, stamp)?;
    let payload = Payload { subject: "by the clock".to_owned(), search: id, records: Vec::new(), standing: true };
    let (job, _) = job::queue(tx, OUTSIDE_JOB.name, &payload, case, 0, stamp)?;
    sighting::set_job(tx, id, job)?;
    Ok(job)
}

/// Stores a search and queues the job that carries it out.
pub(super) fn launch(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, asked: &Asked) -> Result<SightingView> {
    let Asked { records, patterns, window, window_text, sources, urls } = asked;
    let number = next_search_number(tx)?;
    let (from, to) = match *window {
        Window::Between(from, to) => (from, to),
        Window::All => (Timestamp::NEVER, Timestamp::NEVER),
    };
    let search = NewSearch {
        number,
        case: case.id,
        window_text,
        window_from: from,
        window_to: to,
        all_data: *window == Window::All,
        urls: *urls,
        sources: &json!(sources).to_string(),
        patterns: *patterns,
    };
    let id = sighting::insert(tx, &search, records.len() as i64, stamp)?;
    let name = model::case::search_number(number);
    // Of a large search, the job itself writes down what it asks for, in chunks: others write meanwhile.
    let later = if records.len() > NEEDLES_CHUNK { records.as_slice() } else { &[] };
    if later.is_empty() {
        sighting::add_needles(tx, id, records)?;
    }
    let outside = source::list(tx)?.iter().any(|one| sources.contains(&one.name));
    let kind = if outside { OUTSIDE_JOB } else { JOB };
    let (job, _) = job::queue(tx, kind.name, &Queued { subject: &name, search: id, records: later }, case.id, 0, stamp)?;
    sighting::set_job(tx, id, job)?;
    let details = json!({ "search": name, "observables": records.len() as i64 - patterns, "patterns": patterns, "window": window_text, "sources": sources, "urls": urls });
    let deed = Deed { verb: "sighting.start", object: &model::case::case_number(case.number), details };
    journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
    case::touch(tx, case.id, stamp)?;
    change::announce(tx, stamp, Topic::Sightings, case.id)?;
    let search = sighting::find(tx, number)?.ok_or(AppError::NotFound("sightings search"))?;
    SightingView::load(tx, search, stamp.at)
}

/// Starts a search of these observables in the name of a job; its number.
pub(crate) fn launch_over(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: &Case,
    records: Vec<i64>,
    window: Window,
    sources: Vec<String>,
    urls: UrlMatch,
) -> Result<String> {
    let window_text = match window {
        Window::All => "all data".to_owned(),
        Window::Between(from, to) => coverage::range_words(from, to),
    };
    let mut asked = Asked { records, patterns: 0, window, window_text, sources, urls };
    asked.records.truncate(MAX_OBSERVABLES);
    Ok(launch(tx, stamp, case, &asked)?.number)
}

/// The window, and how people say it.
fn window(request: &SightingRequest, now: Timestamp) -> Result<(Window, String)> {
    let mut fields = Fields::new();
    let ways = [request.last.is_some(), request.from.is_some() || request.to.is_some(), request.all_data];
    if ways.iter().filter(|given| **given).count() > 1 {
        fields.refuse("/last", "give only one of last, from and to, or all_data");
    }
    fields.finish()?;
    if request.all_data {
        return Ok((Window::All, "all data".to_owned()));
    }
    if let Some(from) = request.from {
        let to = request.to.unwrap_or(now);
        if from > to {
            return Err(AppError::invalid("/from", "is after the end of the window"));
        }
        return Ok((Window::Between(from, to), coverage::range_words(from, to)));
    }
    if request.to.is_some() {
        return Err(AppError::invalid("/from", "must be given together with to"));
    }
    let last = request.last.as_deref().unwrap_or(DEFAULT_LAST);
    let window = Window::last(last, now).map_err(|error| AppError::invalid("/last", error.to_string()))?;
    Ok((window, coverage::last_words(last)))
}

/// The rows of the observables, and of the indicators whose patterns are evaluated: included ones only. How many of them are
/// indicators.
fn asked_for(tx: &mut Tx<'_>, case: &Case, selection: &Selection, patterns: bool) -> Result<(Vec<i64>, i64)> {
    let included = artifact::included(tx, case.id, Kind::Observable)?;
    let mut indicators = if patterns || !selection.is_empty() { sighting::with_patterns(tx, case.id)? } else { Vec::new() };
    let mut rows = included;
    if !selection.is_empty() {
        let selected: std::collections::HashSet<i64> = selection.find(tx, case)?.records.into_iter().collect();
        rows.retain(|row| selected.contains(row));
        if !patterns || indicators.iter().any(|row| selected.contains(row)) {
            indicators.retain(|row| selected.contains(row));
        }
    }
    if rows.is_empty() && indicators.is_empty() {
        let why = if selection.is_empty() {
            "the case includes no observables: add some first"
        } else {
            "the selection holds no included observables, nor indicators with a STIX pattern"
        };
        return Err(AppError::invalid("/record_ids", why));
    }
    let count = indicators.len() as i64;
    rows.extend(indicators);
    if rows.len() > MAX_OBSERVABLES {
        return Err(AppError::TooLarge { what: "the list of observables".to_owned(), limit: format!("{MAX_OBSERVABLES} observables") });
    }
    Ok((rows, count))
}

/// The names of all that can be asked: sources of logs, then outside sources that are enabled.
pub(super) fn known(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let mut names: Vec<String> = log_source::list(tx)?.into_iter().map(|source| source.name).collect();
    names.extend(source::list(tx)?.into_iter().filter(|source| source.enabled).map(|source| source.name));
    Ok(names)
}

/// The names of the sources to ask: all, or those named.
fn named(tx: &mut Tx<'_>, wanted: &[String]) -> Result<Vec<String>> {
    let known = known(tx)?;
    if wanted.is_empty() {
        return Ok(known);
    }
    let mut fields = Fields::new();
    for (at, name) in wanted.iter().enumerate() {
        if !known.contains(name) {
            let names = if known.is_empty() {
                "there are none yet: import logs first, or set up an outside source".to_owned()
            } else {
                format!("there are {}", known.join(", "))
            };
            fields.refuse(format!("/sources/{at}"), format!("is no source that can be asked; {names}"));
        }
    }
    fields.finish()?;
    Ok(known.into_iter().filter(|name| wanted.contains(name)).collect())
}
