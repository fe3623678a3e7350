//! How a case watches: looking at it, changing it, and what is told while a page of the case is open.

use app::case::{self, CaseView};
use app::source::{self, SourceView};
use app::watch::{self, WatchInput, WatchNews, WatchView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::Web;
use crate::params::Path;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

/// How often outside sources can be asked, and how that is said.
pub(crate) const EVERY: &[(u32, &str)] = &[
    (0, "Never"),
    (15, "Every 15 minutes"),
    (30, "Every 30 minutes"),
    (60, "Every hour"),
    (240, "Every 4 hours"),
    (720, "Every 12 hours"),
    (1_440, "Every day"),
];

/// For how long after it was told something is new to a page that is open, in seconds.
const NEW_FOR: i64 = 600;

/// How often outside sources are asked, in words.
pub(crate) fn often(watch: &WatchView) -> String {
    let known = EVERY.iter().find(|(minutes, _)| *minutes == watch.every_minutes);
    known.map_or_else(|| format!("every {} minutes", watch.every_minutes), |(_, label)| label.to_lowercase())
}

/// Why not all sources answered, for a line above a list; the page of the watch has all of it.
pub(crate) fn brief(error: &str) -> String {
    model::text::shorten(error, 240)
}

/// How a case is to watch, as a form holds it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WatchForm {
    /// Anything but nothing: it does.
    on: String,
    every_minutes: u32,
    sources: Vec<String>,
    /// How much of a URL has to stand in an event.
    urls: String,
}

/// An outside source that can be chosen.
struct Offered {
    name: String,
    /// Why it is not asked; empty when it is.
    note: &'static str,
}

#[derive(Template)]
#[template(path = "sightings/watch.html")]
struct WatchPage {
    shell: Shell,
    case: CaseView,
    watch: WatchView,
    /// Outside sources that can be asked.
    sources: Vec<Offered>,
    form: WatchForm,
    errors: Errors,
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    shown(&web, visit, &number, None).await
}

async fn shown(web: &Web, visit: Visit, number: &str, refused: Option<(WatchForm, Errors)>) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    if !case.state.is_open() {
        return Ok(see(&format!("/cases/{number}/sightings")));
    }
    let watch = watch::get(&web.app, &visit.actor, number).await?;
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (form, errors) = refused.unwrap_or_else(|| {
        let form = WatchForm {
            on: "1".to_owned(),
            every_minutes: watch.every_minutes,
            sources: watch.sources.clone(),
            urls: watch.urls.to_string(),
        };
        (form, Errors::default())
    });
    let known = source::list(&web.app, &visit.actor).await?;
    let sources = offered(&known, &form.sources);
    page_with(status, &WatchPage { shell: visit.shell, case, watch, sources, form, errors })
}

/// What can be asked, and what was chosen and is there no longer: leaving that out unsaid would be to ask all.
fn offered(known: &[SourceView], chosen: &[String]) -> Vec<Offered> {
    let note = |one: &SourceView| if one.enabled { "" } else { "Switched off: it is not asked until it is switched on." };
    let mut all: Vec<Offered> =
        known.iter().filter(|one| !one.external).map(|one| Offered { name: one.name.clone(), note: note(one) }).collect();
    let gone = chosen.iter().filter(|name| !known.iter().any(|one| one.name == **name && !one.external));
    all.extend(gone.map(|name| Offered { name: name.clone(), note: "No longer there to be asked: take it out of the choice." }));
    all
}

impl WatchPage {
    /// An interval that the list does not hold, as the API can set one.
    fn own_interval(&self) -> Option<String> {
        let minutes = self.form.every_minutes;
        EVERY.iter().all(|(known, _)| *known != minutes).then(|| format!("Every {minutes} minutes"))
    }
}

pub(crate) async fn save(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<WatchForm>) -> Screen {
    if form.on.is_empty() {
        watch::unset(&web.app, &visit.actor, &number).await?;
        return Ok(see(&format!("/cases/{number}/sightings")));
    }
    let input = WatchInput { every_minutes: Some(form.every_minutes), sources: Some(form.sources.clone()), urls: form.urls.parse().ok() };
    match watch::set(&web.app, &visit.actor, &number, input).await {
        Ok(_) => Ok(see(&format!("/cases/{number}/sightings"))),
        Err(error) => {
            let errors = Errors::of(error)?;
            shown(&web, visit, &number, Some((form, errors))).await
        }
    }
}

#[derive(Template)]
#[template(path = "sightings/watch_news.html")]
struct NewsPage {
    number: String,
    news: Option<WatchNews>,
}

impl NewsPage {
    fn counted(&self, news: &WatchNews) -> String {
        app::text::counted(news.observables, "observable")
    }

    fn places(&self, news: &WatchNews) -> String {
        if news.sources.is_empty() { "the logs".to_owned() } else { model::text::shorten(&news.sources.join(", "), 80) }
    }
}

/// What the watch saw a moment ago, for pages that are open.
pub(crate) async fn news(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    let since = web.app.now().plus_seconds(-NEW_FOR);
    let news = watch::get(&web.app, &visit.actor, &number).await?.news.filter(|news| news.at >= since);
    page(&NewsPage { number, news })
}
