//! What changed since an earlier search.

use app::case::{self, CaseView};
use app::logs::NameCount;
use app::sighting::{self, CompareItem, CompareQuery, CompareView, ComparedSource, ComparedView, EarlierView, SightingView};
use askama::Template;
use axum::extract::State;
use model::list::thousands;
use model::sighting::{Change, Outcome};
use serde::Deserialize;

use super::matched::find;
use super::picture::counted;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::{Screen, Shell, Visit, page, words};

/// Machines or accounts that are named in a row.
const NAMED: usize = 2;

/// The state of the screen.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ScreenQuery {
    /// The earlier search; the one before unless told.
    #[serde(default)]
    with: String,
    /// As [`CompareQuery::change`].
    #[serde(default)]
    change: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "sightings/compare.html")]
struct ComparePage {
    shell: Shell,
    case: CaseView,
    search: SightingView,
    query: ScreenQuery,
    view: CompareView,
}

pub(crate) async fn show(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Query(query): Query<ScreenQuery>,
) -> Screen {
    let search = find(&web, &visit, &number, &search).await?;
    let case = case::get(&web.app, &visit.actor, &search.case).await?;
    let asked = CompareQuery { with: query.with.clone(), change: query.change.clone(), cursor: query.cursor.clone(), limit: None };
    let view = sighting::compare(&web.app, &visit.actor, &search.number, asked).await?;
    page(&ComparePage { shell: visit.shell, case, search, query, view })
}

impl ComparePage {
    fn answer(&self) -> String {
        format!("/cases/{}/sightings/{}", self.case.number, self.search.number)
    }

    fn path(&self) -> String {
        format!("{}/compare", self.answer())
    }

    /// The same screen with one parameter changed.
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        link(&self.path(), &[("with", &q.with), ("change", &q.change)], name, value)
    }

    /// The observable's details in this search, held against the same earlier one.
    fn item_link(&self, item: &CompareItem) -> String {
        link(&self.answer(), &[("with", &self.query.with), ("open", &item.observable.id)], "source", &item.source)
    }

    fn changed(&self) -> i64 {
        self.view.totals.iter().filter(|total| total.change != Change::Same).map(|total| total.results).sum()
    }

    fn shows(&self, change: &str) -> bool {
        let shown = if self.query.change.is_empty() { "changed" } else { &self.query.change };
        shown == change
    }

    fn is_with(&self, earlier: &EarlierView) -> bool {
        self.view.with.as_ref().is_some_and(|with| with.number == earlier.number)
    }

    /// Whether any source covers other days than it did.
    fn coverage_differs(&self) -> bool {
        self.view.sources.iter().any(|source| source.coverage_differs)
    }
}

/// `SIGHT0001001, last 7 days, 12 observables`.
pub(crate) fn earlier(view: &EarlierView) -> String {
    format!("{}, {}, {}, {}", view.number, words::utc(&view.created_at), view.window.text, counted(view.observables, "observable"))
}

pub(crate) fn chip(change: &Change) -> &'static str {
    match change {
        Change::NewlySeen | Change::MoreEvents => "info",
        Change::NoLongerSeen => "good",
        Change::NewlyCovered | Change::NoLongerCovered | Change::NotAskedBefore | Change::NotAskedNow => "warn",
        Change::FewerEvents | Change::Same => "",
    }
}

/// What a change means.
pub(crate) fn meaning(change: &Change) -> &'static str {
    match change {
        Change::NewlySeen => "Seen now; the earlier search looked there and did not see it",
        Change::NoLongerSeen => "Seen then; this search looked there and did not see it",
        Change::MoreEvents => "In more events than then",
        Change::FewerEvents => "In fewer events than then",
        Change::NewlyCovered => "Seen now, in a time of which the earlier search had no data: whether it is new is not known",
        Change::NoLongerCovered => "Seen then, in a time of which this search has no data: whether it is gone is not known",
        Change::NotAskedBefore => "Seen now; the earlier search did not ask this source for it, or got no answer",
        Change::NotAskedNow => "Seen then; this search did not ask this source for it, or got no answer",
        Change::Same => "In as many events as then, as far as the source counted",
    }
}

/// `1,904 events`, `not seen`, `no coverage`, `not asked`.
pub(crate) fn side(side: &Option<ComparedView>) -> String {
    let Some(side) = side else { return "not asked".to_owned() };
    match side.outcome {
        Outcome::Seen => format!("{}{}", if side.count_is_exact { "" } else { "≥ " }, thousands(side.count)),
        Outcome::NotSeen => "not seen".to_owned(),
        Outcome::NoCoverage => "no coverage".to_owned(),
        Outcome::Failed => "failed".to_owned(),
        Outcome::Pending => "not searched".to_owned(),
    }
}

/// What a side stands on.
pub(crate) fn stands_on(side: &Option<ComparedView>) -> String {
    side.as_ref().map(|side| if side.error.is_empty() { side.coverage.clone() } else { side.error.clone() }).unwrap_or_default()
}

pub(crate) fn is_seen(side: &Option<ComparedView>) -> bool {
    side.as_ref().is_some_and(|side| side.outcome == Outcome::Seen)
}

/// `WS-1, WS-2 and 3 more`.
pub(crate) fn named(names: &[NameCount]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(|name| name.name.as_str()).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", first.join(", ")) } else { first.join(", ") }
}

/// What a source had in a window.
pub(crate) fn held(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("not asked")
}

/// `3 newly seen, 1 no longer seen`.
pub(crate) fn changes(source: &ComparedSource) -> String {
    let told = source.changes.iter().filter(|count| count.change != Change::Same);
    let told: Vec<String> = told.map(|count| format!("{} {}", thousands(count.results), count.change.label().to_lowercase())).collect();
    if told.is_empty() { "nothing changed".to_owned() } else { told.join(", ") }
}
