//! The answer of a sightings search: observables by sources, what was covered, and one observable in detail.

use app::PageQuery;
use app::case::{self, CaseView};
use app::sighting::{
    self, CandidateView, CoverageView, ResultQuery, SampleView, SeenNameView, SightingResultView, SightingRowView, SightingView,
};
use askama::Template;
use axum::extract::State;
use model::list::Page;
use model::sighting::{Basis, Outcome};
use model::{Kind, Timestamp};
use serde::Deserialize;

use super::cell::{Cell, Since, cell, count};
use super::matched::find;
use super::picture::{self, Frame, Hist, counted};
use crate::Web;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::jobs::took;
use crate::ui::shell::Toast;
use crate::ui::words::{self, Piece};
use crate::ui::{Screen, Shell, Visit, page};

/// Bars of the pictures in the details and below the matrix.
const BARS: i64 = 60;
/// The panel of everything that was seen.
const WHO: &str = "who";

/// The state of the screen.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct AnswerQuery {
    /// `all`, `seen`, `not_seen` or `new`.
    #[serde(default)]
    show: String,
    /// The earlier search that `new` speaks of; the one before unless told.
    #[serde(default)]
    with: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
    /// The observable whose details are open, or `who`.
    #[serde(default)]
    open: String,
    /// Which source of it.
    #[serde(default)]
    source: String,
    /// What was done on the page before: `related`.
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "sightings/answer.html")]
struct AnswerPage {
    shell: Shell,
    case: CaseView,
    search: SightingView,
    query: AnswerQuery,
    rows: Page<SightingRowView>,
    open: Option<Open>,
}

/// One observable in detail.
struct Open {
    row: SightingRowView,
    /// Which of its sources is shown.
    at: usize,
}

impl Open {
    fn result(&self) -> Option<&SightingResultView> {
        self.row.sources.get(self.at)
    }

    fn is(&self, result: &SightingResultView) -> bool {
        self.result().is_some_and(|shown| shown.source == result.source)
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    mut visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Query(query): Query<AnswerQuery>,
) -> Screen {
    if query.done == "related" {
        visit.shell.toast = Some(Toast { text: "The relationships are written.".to_owned(), undo: None, bad: false });
    }
    let search = find(&web, &visit, &number, &search).await?;
    let case = case::get(&web.app, &visit.actor, &search.case).await?;
    let asked = ResultQuery {
        outcome: query.show.clone(),
        with: with(&search, &query).to_owned(),
        q: query.q.clone(),
        cursor: query.cursor.clone(),
        limit: None,
    };
    let rows = sighting::rows(&web.app, &visit.actor, &search.number, asked).await?;
    let open = open(&web, &visit, &search, &rows, &query).await?;
    page(&AnswerPage { shell: visit.shell, case, search, query, rows, open })
}

/// The search that a search is held against, as far as it has come to its end: the one that is asked for, or else the one before.
fn with<'a>(search: &'a SightingView, query: &'a AnswerQuery) -> &'a str {
    match &search.earlier {
        Some(earlier) if search.state.is_ended() && query.with.is_empty() => &earlier.number,
        _ => &query.with,
    }
}

/// The observable whose details are asked for: in the page, or else looked up.
async fn open(
    web: &Web,
    visit: &Visit,
    search: &SightingView,
    rows: &Page<SightingRowView>,
    query: &AnswerQuery,
) -> Result<Option<Open>, Failure> {
    if query.open.is_empty() || query.open == WHO {
        return Ok(None);
    }
    let row = match rows.items.iter().find(|row| row.observable.id == query.open) {
        Some(row) => row.clone(),
        None => match elsewhere(web, visit, search, &query.open).await {
            Some(row) => row,
            None => return Ok(None),
        },
    };
    let asked = row.sources.iter().position(|result| result.source == query.source);
    let best = || row.sources.iter().position(|result| result.outcome == Outcome::Seen);
    let at = asked.or_else(best).unwrap_or_default();
    Ok(Some(Open { row, at }))
}

/// An observable that is not on the page that is shown.
async fn elsewhere(web: &Web, visit: &Visit, search: &SightingView, record: &str) -> Option<SightingRowView> {
    // Without what was found of a record that the viewer may no longer see, there is no panel.
    let found = sighting::of_record(&web.app, &visit.actor, record, PageQuery::newest(100)).await.ok()?.items;
    let sources: Vec<SightingResultView> = found.into_iter().filter(|one| one.number == search.number).map(|one| one.result).collect();
    let first = sources.first()?;
    Some(SightingRowView {
        observable: first.observable.clone(),
        outcome: first.outcome,
        hits: sources.iter().map(|result| result.count).sum(),
        first_seen: sources.iter().filter_map(|result| result.first_seen).min(),
        last_seen: sources.iter().filter_map(|result| result.last_seen).max(),
        sources,
        changes: Vec::new(),
    })
}

/// The days of a source's pictures: the window, or all that it has.
fn frame(search: &SightingView, held: Option<&CoverageView>) -> Option<Frame> {
    let window = search.window.from.zip(search.window.to).or_else(|| held.and_then(|held| held.first.zip(held.last)));
    window.map(|(first, last)| (first.day(), last.day()))
}

impl AnswerPage {
    fn path(&self) -> String {
        format!("/cases/{}/sightings/{}", self.case.number, self.search.number)
    }

    /// The same screen with one parameter changed.
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        let mut all = vec![("show", &q.show), ("with", &q.with), ("q", &q.q)];
        if name != "show" {
            all.push(("open", &q.open));
        }
        if name == "open" || name == "source" {
            all.push(("cursor", &q.cursor));
        }
        link(&self.path(), &all, name, value)
    }

    /// The details of an observable in one source.
    fn cell_link(&self, row: &SightingRowView, source: &str) -> String {
        let q = &self.query;
        let open = &row.observable.id;
        let all = [("show", &q.show), ("with", &q.with), ("q", &q.q), ("cursor", &q.cursor), ("open", open)];
        link(&self.path(), &all, "source", source)
    }

    /// Where the events of a result can be looked through: of logs that are kept here, where the value itself stands in them.
    fn events_link(&self, result: &SightingResultView) -> Option<String> {
        let value = &result.observable.title;
        let here = result.samples.iter().any(|sample| sample.line > 0);
        if !here || result.count == 0 || result.observable.kind != Kind::Observable || value.contains('"') {
            return None;
        }
        let q = format!("\"{value}\"");
        let moment = |at: &Option<Timestamp>| at.as_ref().map(ToString::to_string).unwrap_or_default();
        let (from, to) = (moment(&self.search.window.from), moment(&self.search.window.to));
        Some(link("/events", &[("q", &q), ("from", &from), ("to", &to)], "source", &result.source))
    }

    /// The form of a finding of the result that is open.
    fn finding_link(&self, open: &Open, what: &str) -> String {
        let source = open.result().map(|result| result.source.clone()).unwrap_or_default();
        let all = [("open", &open.row.observable.id), ("source", &source), ("with", &self.query.with)];
        link(&format!("{}/finding", self.path()), &all, "what", what)
    }

    /// Where this screen is now: forms come back to it.
    fn here(&self) -> String {
        self.link("source", &self.query.source)
    }

    fn show(&self) -> &str {
        if self.query.show.is_empty() { "all" } else { &self.query.show }
    }

    /// The search that this one is held against; empty for none.
    fn with(&self) -> &str {
        with(&self.search, &self.query)
    }

    /// `New 2`; without a number where it was not counted.
    fn new_label(&self) -> String {
        let counted = match &self.search.earlier {
            Some(earlier) if earlier.number == self.with() => Some(words::thousands(self.search.new)),
            _ if self.show() == "new" => Some(self.rows.total_text()),
            _ => None,
        };
        counted.map_or_else(|| "New".to_owned(), |count| format!("New {count}"))
    }

    fn compare_link(&self) -> String {
        link(&format!("{}/compare", self.path()), &[], "with", &self.query.with)
    }

    fn may_write(&self) -> bool {
        self.shell.may_write() && self.case.state.is_open()
    }

    fn not_seen(&self) -> i64 {
        self.search.totals.observables - self.search.totals.seen
    }

    /// What is said of all that were not seen: without data nobody looked.
    fn not_seen_label(&self) -> &'static str {
        match (self.search.totals.not_seen, self.search.totals.no_coverage) {
            (_, 0) => "Not seen",
            (0, _) => "No coverage",
            _ => "Not seen or no coverage",
        }
    }

    /// `48 observables, 4 sources, last 7 days, 0.18 s`.
    fn facts(&self) -> String {
        let search = &self.search;
        let mut parts = vec![
            counted(search.totals.observables - search.totals.patterns, "observable"),
            counted(search.sources.len() as i64, "source"),
            search.window.text.clone(),
        ];
        if search.totals.patterns > 0 {
            parts.insert(1, counted(search.totals.patterns, "pattern"));
        }
        if let Some(part) = super::urls(search.urls) {
            parts.push(part.to_owned());
        }
        let started = search.job.as_ref().and_then(|job| job.started_at);
        if let Some((from, to)) = started.zip(search.finished_at) {
            parts.push(took(from, to));
        }
        parts.join(", ")
    }

    fn cells(&self, row: &SightingRowView) -> Vec<Cell> {
        let of = |name: &String| {
            let result = row.sources.iter().find(|result| result.source == *name);
            let coverage = self.search.coverage.iter().find(|held| held.source == *name);
            let since = row.changes.iter().find(|change| change.source == *name).map(|change| Since { change, with: self.with() });
            cell(name, result, coverage, frame(&self.search, coverage), since)
        };
        self.search.sources.iter().map(of).collect()
    }

    fn is_open(&self, row: &SightingRowView) -> bool {
        self.open.as_ref().is_some_and(|open| open.row.observable.id == row.observable.id)
    }

    fn is_picked(&self, row: &SightingRowView, source: &str) -> bool {
        self.is_open(row) && self.open.as_ref().and_then(Open::result).is_some_and(|result| result.source == *source)
    }

    fn who(&self) -> bool {
        self.query.open == WHO
    }

    fn who_link(&self) -> String {
        self.link("open", WHO)
    }

    /// Whether anything was seen on any machine or by any account.
    fn has_who(&self) -> bool {
        self.search.hosts_total + self.search.accounts_total > 0
    }

    /// `3 hosts and 2 accounts`.
    fn seen_on(&self) -> String {
        let hosts = (self.search.hosts_total > 0).then(|| counted(self.search.hosts_total, "host"));
        let accounts = (self.search.accounts_total > 0).then(|| counted(self.search.accounts_total, "account"));
        hosts.into_iter().chain(accounts).collect::<Vec<_>>().join(" and ")
    }

    /// How many of them are known for sure, may be one of several, and are not known.
    fn known(&self) -> String {
        let matched = || self.search.matched_hosts.iter().chain(&self.search.matched_accounts);
        let sure = matched().filter(|name| name.candidates.len() == 1).count() as i64;
        let unsure = matched().count() as i64 - sure;
        let unknown = (self.search.unmatched_hosts.len() + self.search.unmatched_accounts.len()) as i64;
        let mut parts = vec![format!("{} known", words::thousands(sure))];
        if unsure > 0 {
            parts.push(format!("{} with several candidates", words::thousands(unsure)));
        }
        if unknown > 0 {
            parts.push(format!("{} not in the CMDB or directory", words::thousands(unknown)));
        }
        parts.join(", ")
    }

    /// Records that are certain and not in the case yet.
    fn addable(&self) -> Vec<String> {
        addable(self.search.matched_hosts.iter().chain(&self.search.matched_accounts))
    }

    /// Whether any of the known ones is not in the case yet.
    fn more_to_add(&self) -> bool {
        let mut matched = self.search.matched_hosts.iter().chain(&self.search.matched_accounts);
        matched.any(|name| name.candidates.iter().any(|one| !one.in_case))
    }

    /// Sources without any data in the window.
    fn uncovered(&self) -> Vec<&CoverageView> {
        self.search.coverage.iter().filter(|held| !held.covered).collect()
    }

    /// Whether all data would tell more.
    fn more_elsewhere(&self) -> bool {
        !self.search.window.all_data && self.uncovered().iter().any(|held| held.first.is_some() || held.without_time > 0)
    }

    fn coverage_picture(&self, held: &CoverageView) -> Hist {
        picture::hist(frame(&self.search, Some(held)), &held.days, Some(&held.days), BARS)
    }

    fn by_day(&self, result: &SightingResultView) -> Hist {
        let held = self.search.coverage.iter().find(|held| held.source == result.source);
        picture::hist(frame(&self.search, held), &result.histogram, held.map(|held| held.days.as_slice()), BARS)
    }
}

/// The only candidates of names, each once, that are not in the case yet: several are a person's to choose from.
fn addable<'a>(names: impl Iterator<Item = &'a SeenNameView>) -> Vec<String> {
    let sure = names.filter(|name| name.candidates.len() == 1).filter_map(|name| name.candidates.first());
    let mut ids: Vec<String> = sure.filter(|candidate| !candidate.in_case).map(|candidate| candidate.record_id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The records that one result can add.
pub(crate) fn addable_of(result: &SightingResultView) -> Vec<String> {
    addable(result.hosts.iter().chain(&result.accounts))
}

/// Whether a name has one candidate, which is called the same.
pub(crate) fn same_name(name: &SeenNameView) -> bool {
    matches!(name.candidates.as_slice(), [only] if only.title.eq_ignore_ascii_case(&name.name))
}

/// `workstation, Finance`.
pub(crate) fn about(candidate: &CandidateView) -> String {
    [candidate.category.as_str(), candidate.owner.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

/// What a count stands on, when not on the value itself.
pub(crate) fn senses(result: &SightingResultView) -> Vec<String> {
    let mut senses = Vec::new();
    match result.basis {
        Basis::Exact => {}
        Basis::Normalised => senses.push("Not seen as it is written; seen in another spelling, of which the rest speaks.".to_owned()),
        Basis::Subdomains => senses.push("Not seen itself; domains below it were, of which the rest speaks.".to_owned()),
    }
    if let Some(count) = result.count_normalised.filter(|count| *count > result.count) {
        senses.push(format!("{} with other spellings", counted(count, "event")));
    }
    if let Some(count) = result.with_subdomains.filter(|count| *count > result.count) {
        senses.push(format!("{} with domains below it", counted(count, "event")));
    }
    if result.without_time > 0 {
        senses.push(format!("{} without a time among them", counted(result.without_time, "event")));
    }
    senses
}

/// `1,904 events`, `≥ 10,000 events`.
pub(crate) fn total(result: &SightingResultView) -> String {
    format!("{} {}", count(result), if result.count == 1 { "event" } else { "events" })
}

/// A raw event in pieces: where the value stands is marked, and nothing in it hides or turns the rest around.
pub(crate) fn sample(sample: &SampleView) -> Vec<Piece> {
    words::marked_at(&sample.raw, &sample.marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_marked_where_the_value_stands_and_never_beside_it() {
        let of = |raw: &str, marks: &[(usize, usize)]| {
            sample(&SampleView {
                time: None,
                host: None,
                accounts: Vec::new(),
                member: String::new(),
                line: 1,
                raw: raw.to_owned(),
                marks: marks.to_vec(),
                cut: false,
            })
        };
        let plain = |text: &str| Piece::Plain(text.to_owned());
        let hit = |text: &str| Piece::Hit(text.to_owned());
        assert_eq!(of("a evil b evil", &[(2, 6), (9, 13)]), [plain("a "), hit("evil"), plain(" b "), hit("evil")]);
        // Marks that do not fit the text are left out, and the text stays whole.
        assert_eq!(of("ä", &[(1, 2), (0, 99)]), [plain("ä")]);
        assert_eq!(of("x\u{202e}y", &[]), [plain("x"), Piece::Odd("U+202E".to_owned(), "direction override"), plain("y")]);
    }
}
