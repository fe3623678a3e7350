//! Sightings searches of a case: the list, asking, the answer, and what it adds to the case.

pub(crate) mod answer;
pub(crate) mod ask;
mod cell;
pub(crate) mod compare;
pub(crate) mod finding;
pub(crate) mod matched;
pub(crate) mod picture;
mod record;
pub(crate) mod watching;

pub(crate) use cell::count as cell_count;
pub(crate) use matched::find;
pub(crate) use record::{PanelSighting, panel};

use app::case::{self, CaseView};
use app::sighting::{self, SightingSummary};
use app::watch::{self, WatchView};
use askama::Template;
use axum::extract::State;
use model::list::Page;
use model::sighting::UrlMatch;

use super::{Older, Screen, Shell, Visit, page};
use crate::Web;
use crate::params::{Path, Query};

/// Which part of a URL was enough, where it was not all of it.
pub(crate) fn urls(part: UrlMatch) -> Option<&'static str> {
    match part {
        UrlMatch::Whole => None,
        UrlMatch::Path => Some("URLs by host and path"),
        UrlMatch::Host => Some("URLs by host"),
    }
}

/// How many searches a page of a case's shows.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "sightings/list.html")]
struct SightingsPage {
    shell: Shell,
    case: CaseView,
    searches: Page<SightingSummary>,
    watch: WatchView,
}

impl SightingsPage {
    fn older(&self, cursor: &str) -> String {
        format!("/cases/{}/sightings?older={cursor}", self.case.number)
    }

    fn may_write(&self) -> bool {
        self.shell.may_write() && self.case.state.is_open()
    }
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(older): Query<Older>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let searches = sighting::list(&web.app, &visit.actor, &number, older.page(SHOWN)).await?;
    let watch = watch::get(&web.app, &visit.actor, &number).await?;
    page(&SightingsPage { shell: visit.shell, case, searches, watch })
}

/// A source's name where there is little room.
pub(crate) fn short(source: &str) -> String {
    model::text::shorten(source, 16)
}

/// `Windows logs, Proxy and 3 more`.
pub(crate) fn sources(search: &SightingSummary) -> String {
    match search.sources.as_slice() {
        [] => "no sources".to_owned(),
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first}, {second} and {} more", rest.len()),
        all => all.join(", "),
    }
}
