//! Compares a search with an earlier one of the same case: what is new, what is gone, and where one of them could not look.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::case::search_number;
use model::job::JobState;
use model::sighting::{Change, Outcome};
use model::{Actor, Fields, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::record;
use store::sighting::comparison::{self, Comparison};
use store::sighting::{self, Blind, ChangeTotal, CompareFilter, Named, Pair, Search, SightingResult};

use super::get::{find, sources, window};
use super::view::Detail;
use super::{CoverageView, WindowView};
use crate::App;
use crate::case::{cursor, limit};
use crate::error::{AppError, Result};
use crate::logs::NameCount;
use crate::record::RecordView;

/// Earlier searches that are offered.
const OFFERED: u32 = 200;
/// Machines and accounts that a search keeps of an observable: of more, nobody can tell which are new.
const NAMES_KEPT: i64 = 1_000;
/// Times without data that are held against what was seen; of more, the longest.
const BLIND: usize = 1_000;

/// What a comparison shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompareQuery {
    /// The earlier search, `SIGHT0001001`; the newest finished one before it unless told.
    pub with: String,
    /// `changed` (unless told), `all`, or one kind: `newly_seen`, `no_longer_seen`, `more_events`, `fewer_events`, `newly_covered`,
    /// `no_longer_covered`, `not_asked_before`, `not_asked_now`, `same`.
    pub change: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// What became of an observable in one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SourceChange {
    /// The source's name.
    pub source: String,
    /// What became of it.
    pub change: Change,
    /// In how many events the earlier search saw it.
    pub then: i64,
}

/// How often a change is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangeCount {
    /// The change.
    pub change: Change,
    /// Of how many observables and sources; of a source, of how many observables.
    pub results: i64,
}

/// A source, as both searches found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ComparedSource {
    /// The source's name.
    pub source: String,
    /// What it had in the window, in words; none if this search did not ask it.
    pub now: Option<String>,
    /// Likewise for the earlier search.
    pub then: Option<String>,
    /// Whether both found the same days with data. Where they did not, new and gone are told with care.
    pub coverage_differs: bool,
    /// How often each change is told of it; what is not told is absent.
    pub changes: Vec<ChangeCount>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ComparedView {
    /// What was found.
    pub outcome: Outcome,
    /// Events, in whatever spelling.
    pub count: i64,
    /// False where the source stopped counting: "at least".
    pub count_is_exact: bool,
    /// First seen.
    pub first_seen: Option<Timestamp>,
    /// Last seen.
    pub last_seen: Option<Timestamp>,
    /// What the source had in the window, in words.
    pub coverage: String,
    /// Why the source could not answer; empty otherwise.
    pub error: String,
}

/// An observable and a source, now and then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CompareItem {
    /// The observable.
    pub observable: RecordView,
    /// The source's name.
    pub source: String,
    /// What became of it.
    pub change: Change,
    /// In this search; none if it did not ask.
    pub now: Option<ComparedView>,
    /// In the earlier one; none if it did not ask.
    pub then: Option<ComparedView>,
    /// Machines in this source's hits that the earlier search saw with it in no source, most events first. Told where the earlier
    /// search looked, of the 100 machines with most events.
    pub new_hosts: Vec<NameCount>,
    /// Accounts, likewise.
    pub new_accounts: Vec<NameCount>,
}

/// A search that can be compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EarlierView {
    /// `SIGHT0001001`.
    pub number: String,
    /// The time that it covers.
    pub window: WindowView,
    /// How many observables it asked for.
    pub observables: i64,
    /// When it was started.
    pub created_at: Timestamp,
}

/// A page of a comparison: observables and sources in which either search saw something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CompareView {
    /// The search.
    pub number: String,
    /// The one that it is compared with; none if there is no earlier one.
    pub with: Option<EarlierView>,
    /// Earlier finished searches of the case, the newest first, at most 200.
    pub earlier: Vec<EarlierView>,
    /// Whether the two did not look through the same time.
    pub windows_differ: bool,
    /// In words, what that means for what is told; empty if they did, to the minute.
    pub caution: String,
    /// Every source that either asked, in the order of their names.
    pub sources: Vec<ComparedSource>,
    /// How often each change is told; what is not told is absent.
    pub totals: Vec<ChangeCount>,
    /// Most events first.
    pub items: Vec<CompareItem>,
    /// For the next page.
    pub next_cursor: Option<String>,
    /// How many observables and sources match.
    pub total: i64,
    /// Always true.
    pub total_is_exact: bool,
}

/// A page of what changed since an earlier search.
///
/// # Errors
/// When the query holds unknown words, either search is not there for the actor, the other is no earlier and finished one of the same
/// case, or the search has not ended.
pub async fn compare(app: &App, actor: &Actor, sight_number: &str, query: CompareQuery) -> Result<CompareView> {
    let mut fields = Fields::new();
    let changes = match query.change.as_str() {
        "" | "changed" => Change::ALL.iter().copied().filter(|change| *change != Change::Same).collect(),
        "all" => Change::ALL.to_vec(),
        word => fields.keep("/change", word.parse::<Change>()).into_iter().collect(),
    };
    let filter = CompareFilter { changes, cursor: cursor(&mut fields, &query.cursor), limit: limit(&mut fields, query.limit) };
    fields.finish()?;
    let number = sight_number.to_owned();
    app.read(actor, move |tx| {
        let search = find(tx, &number)?;
        if !search.state.is_ended() {
            return Err(AppError::State(format!("{} has not ended yet: compare it then", search_number(search.number))));
        }
        let earlier = sighting::earlier(tx, &search, OFFERED)?;
        let with = if query.with.is_empty() { earlier.first().cloned() } else { Some(named(tx, &search, &query.with)?) };
        let offered = earlier.iter().map(EarlierView::of).collect();
        let Some(with) = with else { return Ok(alone(&search, offered)) };
        let pair = pair(&search, &with);
        let totals = compared_with(tx, &search, &with)?.changes;
        let page = sighting::changes(tx, &pair, &filter)?;
        let items = items(tx, &search, &with, page.items)?;
        let windows_differ = (search.window_from, search.window_to, search.all_data) != (with.window_from, with.window_to, with.all_data);
        Ok(CompareView {
            number: search_number(search.number),
            windows_differ,
            caution: if windows_differ { caution(&search, &with) } else { String::new() },
            sources: compared_sources(&search, &with, &totals),
            with: Some(EarlierView::of(&with)),
            earlier: offered,
            total: totals.iter().filter(|total| filter.changes.contains(&total.change)).map(|total| total.count).sum(),
            totals: summed(totals.iter()),
            items,
            next_cursor: page.next_cursor,
            total_is_exact: true,
        })
    })
    .await
}

/// What a search comes to beside an earlier one: as it was written down, or counted.
pub(super) fn compared_with(tx: &mut Tx<'_>, search: &Search, earlier: &Search) -> Result<Comparison> {
    match comparison::find(tx, search.id, earlier.id)? {
        Some(kept) => Ok(kept),
        None => Ok(comparison::count(tx, &pair(search, earlier))?),
    }
}

/// A search without any earlier one.
fn alone(search: &Search, earlier: Vec<EarlierView>) -> CompareView {
    CompareView {
        number: search_number(search.number),
        with: None,
        earlier,
        windows_differ: false,
        caution: String::new(),
        sources: Vec::new(),
        totals: Vec::new(),
        items: Vec::new(),
        next_cursor: None,
        total: 0,
        total_is_exact: true,
    }
}

impl EarlierView {
    pub(super) fn of(search: &Search) -> Self {
        Self {
            number: search_number(search.number),
            window: window(search),
            observables: search.observables,
            created_at: search.created_at,
        }
    }
}

/// An earlier search by its number.
pub(super) fn named(tx: &mut Tx<'_>, search: &Search, with: &str) -> Result<Search> {
    let earlier = find(tx, with)?;
    if earlier.case != search.case || earlier.id >= search.id || earlier.state != JobState::Done {
        return Err(AppError::invalid("/with", "must be an earlier search of the same case that came to its end"));
    }
    Ok(earlier)
}

/// Both searches as the store compares them.
pub(super) fn pair(search: &Search, earlier: &Search) -> Pair {
    // What happened after the earlier search had ended is new, whatever its sources had by then; what lies after the window of this
    // one was not looked through.
    let mut blind = blind(search);
    if !search.all_data {
        blind.push(everywhere(after(search.window_to), Timestamp(i64::MAX)));
    }
    Pair { search: search.id, blind, earlier: earlier.id, earlier_blind: self::blind(earlier) }
}

fn everywhere(from: Timestamp, to: Timestamp) -> Blind {
    Blind { source: String::new(), from, to }
}

fn after(at: Timestamp) -> Timestamp {
    Timestamp(at.micros().saturating_add(1))
}

/// Times up to the end of a search in which sources had nothing, or that lie before its window. Events without a time, which have
/// none of all times, are found over all data alone.
fn blind(search: &Search) -> Vec<Blind> {
    let mut found = Vec::new();
    for held in coverage(search) {
        let mut gap = |from: Timestamp, to: Timestamp| {
            if from < to {
                found.push(Blind { source: held.source.clone(), from, to });
            }
        };
        for one in &held.gaps {
            if let (Ok(from), Ok(to)) = (one.from.parse::<Timestamp>(), one.to.parse::<Timestamp>()) {
                let end = if search.all_data { search.created_at } else { after(search.window_to) };
                gap(from, Timestamp::from_day(to.day() + 1).min(end));
            }
        }
        if let (true, Some((first, last))) = (search.all_data, held.first.zip(held.last)) {
            gap(after(Timestamp::NEVER), Timestamp::from_day(first.day()));
            gap(Timestamp::from_day(last.day() + 1), search.created_at);
        }
    }
    found.sort_by_key(|one| one.from.micros().saturating_sub(one.to.micros()));
    found.truncate(BLIND);
    if !search.all_data {
        found.push(everywhere(Timestamp(i64::MIN), search.window_from));
    }
    found
}

pub(super) fn coverage(search: &Search) -> Vec<CoverageView> {
    serde_json::from_str(&search.coverage).unwrap_or_default()
}

fn summed<'a>(totals: impl Iterator<Item = &'a ChangeTotal>) -> Vec<ChangeCount> {
    let mut of: BTreeMap<i64, ChangeCount> = BTreeMap::new();
    for total in totals {
        let count = of.entry(total.change.code()).or_insert(ChangeCount { change: total.change, results: 0 });
        count.results += total.count;
    }
    of.into_values().collect()
}

fn compared_sources(search: &Search, with: &Search, totals: &[ChangeTotal]) -> Vec<ComparedSource> {
    let (now, then) = (coverage(search), coverage(with));
    let (asked, asked_then) = (sources(search), sources(with));
    let mut names: Vec<&String> = asked.iter().chain(&asked_then).collect();
    names.sort();
    names.dedup();
    let compared = |name: &String| {
        let of = |asked: &[String], held: &'_ [CoverageView]| {
            let held = held.iter().find(|held| held.source == *name).cloned();
            asked.contains(name).then_some(held).flatten()
        };
        let (now, then) = (of(&asked, &now), of(&asked_then, &then));
        let days = |held: &Option<CoverageView>| {
            held.as_ref().map(|held| (held.covered, held.days.iter().map(|day| day.day.clone()).collect::<Vec<_>>()))
        };
        ComparedSource {
            source: name.clone(),
            coverage_differs: days(&now) != days(&then),
            now: now.map(|held| held.text),
            then: then.map(|held| held.text),
            changes: summed(totals.iter().filter(|total| total.source == *name)),
        }
    };
    names.into_iter().map(compared).collect()
}

/// What it means that two searches did not look through the same time.
fn caution(search: &Search, with: &Search) -> String {
    let span = |of: &Search| {
        if of.all_data {
            format!("all data up to {}", minute(of.created_at))
        } else {
            format!("{} to {}", minute(of.window_from), minute(of.window_to))
        }
    };
    let [now, then] = [search, with].map(|of| (search_number(of.number), span(of)));
    if now.1 == then.1 {
        return String::new();
    }
    let mut text = format!("{} looked through {}, {} through {} (UTC).", now.0, now.1, then.0, then.1);
    if !with.all_data && (search.all_data || search.window_from < with.window_from) {
        text.push_str(" More events may lie before the earlier window.");
    }
    if !search.all_data && (with.all_data || search.window_from > with.window_from || search.window_to < with.window_to) {
        text.push_str(" What is found in fewer events may only have left the window.");
    }
    text
}

fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |text| text.replace('T', " "))
}

/// What both searches hold of some observables and sources, in this order.
fn items(tx: &mut Tx<'_>, search: &Search, with: &Search, changed: Vec<sighting::Changed>) -> Result<Vec<CompareItem>> {
    let mut rows: Vec<i64> = changed.iter().map(|one| one.record).collect();
    rows.sort_unstable();
    rows.dedup();
    let records: HashMap<i64, RecordView> =
        record::find_by_rows(tx, &rows)?.into_iter().map(|record| (record.id, RecordView::from(record))).collect();
    let now = Side::load(tx, search.id, &rows)?;
    let then = Side::load(tx, with.id, &rows)?;
    let new = sighting::new_names(tx, search.id, with.id, &rows)?;
    let new: HashSet<(i64, Named, &str)> = new.iter().map(|name| (name.record, name.what, name.name.as_str())).collect();
    let item = |one: sighting::Changed| {
        let of_then = then.of(one.record, &one.source);
        let of_now = now.of(one.record, &one.source);
        // Where the earlier search did not look, or kept not all that it saw, nobody can tell who is new.
        let looked = !matches!(one.change, Change::NewlyCovered | Change::NotAskedBefore) && then.kept_all(one.record);
        let of = |what: Named, names: &[NameCount]| -> Vec<NameCount> {
            names.iter().filter(|name| looked && new.contains(&(one.record, what, name.name.as_str()))).cloned().collect()
        };
        Some(CompareItem {
            observable: records.get(&one.record)?.clone(),
            change: one.change,
            new_hosts: of_now.map(|(_, detail)| of(Named::Host, &detail.hosts)).unwrap_or_default(),
            new_accounts: of_now.map(|(_, detail)| of(Named::Account, &detail.accounts)).unwrap_or_default(),
            now: of_now.map(compared),
            then: of_then.map(compared),
            source: one.source,
        })
    };
    Ok(changed.into_iter().filter_map(item).collect())
}

/// The results of one search for some observables.
struct Side(HashMap<i64, Vec<(SightingResult, Detail)>>);

impl Side {
    fn load(tx: &mut Tx<'_>, search: i64, records: &[i64]) -> Result<Self> {
        let mut of: HashMap<i64, Vec<(SightingResult, Detail)>> = HashMap::new();
        for result in sighting::results_of(tx, search, records)? {
            let detail = serde_json::from_str(&result.found.detail).unwrap_or_default();
            of.entry(result.record.id).or_default().push((result, detail));
        }
        Ok(Self(of))
    }

    fn all(&self, record: i64) -> &[(SightingResult, Detail)] {
        self.0.get(&record).map(Vec::as_slice).unwrap_or_default()
    }

    fn of(&self, record: i64, source: &str) -> Option<&(SightingResult, Detail)> {
        self.all(record).iter().find(|(result, _)| result.found.source == source)
    }

    fn kept_all(&self, record: i64) -> bool {
        self.all(record).iter().all(|(_, detail)| detail.hosts_total <= NAMES_KEPT && detail.accounts_total <= NAMES_KEPT)
    }
}

fn compared((result, detail): &(SightingResult, Detail)) -> ComparedView {
    let found = &result.found;
    ComparedView {
        outcome: found.outcome,
        count: found.count.max(found.count_normalised.unwrap_or_default()),
        count_is_exact: found.count_is_exact,
        first_seen: found.first_at.set(),
        last_seen: found.last_at.set(),
        coverage: detail.coverage.clone(),
        error: found.error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_written_for_people() {
        assert_eq!("2026-01-05T12:30:10.5Z".parse().map(minute).ok().as_deref(), Some("2026-01-05 12:30"));
    }
}
