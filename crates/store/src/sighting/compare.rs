//! A search beside an earlier one: what is new, what is gone, and what nobody can tell because the earlier one did not look.

use model::Timestamp;
use model::list::{Cursor, CursorKey, Page};
use model::sighting::{Change, Outcome};
use serde::{Deserialize, Serialize};

use super::name::Named;
use crate::engine::{Row, Tx, Value, id_list, ids_in, params};
use crate::error::Result;
use crate::select::{Column, Order, Select};

/// Machines and accounts that are told of each observable.
const NAMES_EACH: i64 = 100;

/// Times in which a source was not looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// The source's name; empty for all.
    pub source: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when, not included.
    pub to: Timestamp,
}

/// Two searches side by side. The caller has found both.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The search's row.
    pub search: i64,
    /// Where it did not look.
    pub blind: Vec<Blind>,
    /// The row of the search that it is compared with.
    pub earlier: i64,
    /// Where that one did not look.
    pub earlier_blind: Vec<Blind>,
}

/// What a page of a comparison shows.
#[derive(Debug, Clone)]
pub struct CompareFilter {
    /// These changes alone; all when empty.
    pub changes: Vec<Change>,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// One observable and source in which either search saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The observable's row.
    pub record: i64,
    /// The source's name.
    pub source: String,
    /// What became of it.
    pub change: Change,
    /// Events that the search found.
    pub now: i64,
    /// Events that the earlier one found.
    pub then: i64,
}

/// How often a change is told of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeTotal {
    /// The source's name.
    pub source: String,
    /// The change.
    pub change: Change,
    /// Of how many observables.
    pub count: i64,
}

/// A machine or account that a search saw with an observable, and the earlier one did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewName {
    /// The observable's row.
    pub record: i64,
    /// What it is.
    pub what: Named,
    /// As the logs write it.
    pub name: String,
    /// In how many events.
    pub count: i64,
}

/// Whether the first and the last event of the result `of` both fall where the other search did not look. A source without data is
/// never taken for one that does not hold the value.
fn unlooked<'a>(select: &mut Select<'a>, blind: &'a [Blind], of: &str) -> String {
    if blind.is_empty() {
        return "1 = 0".to_owned();
    }
    let mut rows = Vec::with_capacity(blind.len());
    for one in blind {
        let (source, from, to) = (select.bind(one.source.as_str()), select.bind(one.from), select.bind(one.to));
        rows.push(format!("(CAST(${source} AS text), CAST(${from} AS bigint), CAST(${to} AS bigint))"));
    }
    let rows = rows.join(", ");
    // Both engines call the columns of a list of values so.
    let at = |edge: &str| {
        format!(
            "EXISTS (SELECT 1 FROM (VALUES {rows}) AS g WHERE (g.column1 = '' OR g.column1 = {of}.source)
                AND {of}.{edge} >= g.column2 AND {of}.{edge} < g.column3)"
        )
    };
    format!("({} AND {})", at("first_at"), at("last_at"))
}

/// Both searches side by side, as `x (id, record_id, source, change, hits, now, was)`: each observable and source in which either
/// saw it, once. What neither saw is told by the coverage of both.
fn beside<'a>(tx: &Tx<'_>, pair: &'a Pair) -> Select<'a> {
    let mut select = Select::new(tx, "", "CAST($1 AS bigint) IS NOT NULL");
    let (now, then) = (select.bind(pair.search), select.bind(pair.earlier));
    let (unlooked_then, unlooked_now) = (unlooked(&mut select, &pair.earlier_blind, "t"), unlooked(&mut select, &pair.blind, "o"));
    let [not_seen, no_coverage] = [Outcome::NotSeen, Outcome::NoCoverage].map(Outcome::code);
    let [new, gone, more, fewer, covered, uncovered, before, after, same] = [
        Change::NewlySeen,
        Change::NoLongerSeen,
        Change::MoreEvents,
        Change::FewerEvents,
        Change::NewlyCovered,
        Change::NoLongerCovered,
        Change::NotAskedBefore,
        Change::NotAskedNow,
        Change::Same,
    ]
    .map(Change::code);
    // Columns of one affinity on both sides: so SQLite reads both in the order of a page from their index, and stops where it is full.
    select.from(&format!(
        "(SELECT t.id, t.record_id, t.source, t.hits, t.hits AS now, CAST(coalesce(o.hits, 0) AS bigint) AS was, CAST(CASE
                WHEN o.hits > 0 THEN CASE WHEN o.count_is_exact = 1 AND t.hits > o.hits THEN {more}
                    WHEN t.count_is_exact = 1 AND t.hits < o.hits THEN {fewer} ELSE {same} END
                WHEN o.outcome = {no_coverage} THEN {covered}
                WHEN o.outcome = {not_seen} THEN CASE WHEN {unlooked_then} THEN {covered} ELSE {new} END
                ELSE {before} END AS bigint) AS change
            FROM sighting_result t
            LEFT JOIN sighting_result o ON o.search_id = ${then} AND o.record_id = t.record_id AND o.source = t.source
            WHERE t.search_id = ${now} AND t.hits > 0
          UNION ALL
          SELECT o.id, o.record_id, o.source, o.hits, CAST(0 AS bigint), o.hits, CAST(CASE
                WHEN t.outcome = {no_coverage} THEN {uncovered}
                WHEN t.outcome = {not_seen} THEN CASE WHEN {unlooked_now} THEN {uncovered} ELSE {gone} END
                ELSE {after} END AS bigint)
            FROM sighting_result o
            LEFT JOIN sighting_result t ON t.search_id = ${now} AND t.record_id = o.record_id AND t.source = o.source
            WHERE o.search_id = ${then} AND o.hits > 0 AND coalesce(t.hits, 0) = 0) AS x"
    ));
    select
}

const CHANGED: &str = "x.record_id, x.source, x.change, x.now, x.was";

fn read_changed(row: &Row<'_>) -> Result<Changed> {
    Ok(Changed { record: row.int(0)?, source: row.text(1)?, change: row.code(2, Change::from_code)?, now: row.int(3)?, then: row.int(4)? })
}

/// Adds "seen in a source in which the search of row `earlier` did not see it" to a list of observables `n`.
pub(super) fn only_new_rows(select: &mut Select<'_>, search: i64, earlier: i64) {
    let (now, then) = (select.bind(search), select.bind(earlier));
    select.and_plain(&format!(
        "n.record_id IN (SELECT t.record_id FROM sighting_result t WHERE t.search_id = ${now} AND t.hits > 0 AND {})",
        not_seen_then(then)
    ));
}

/// Adds "not seen by the search of row `earlier`" to a list of results `t`.
pub(super) fn only_new_results(select: &mut Select<'_>, earlier: i64) {
    let then = select.bind(earlier);
    select.and_plain(&format!("t.hits > 0 AND {}", not_seen_then(then)));
}

fn not_seen_then(then: usize) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM sighting_result o WHERE o.search_id = ${then} AND o.record_id = t.record_id AND o.source = t.source \
         AND o.hits > 0)"
    )
}

/// How often each change is told of each source; changes that are not told are absent.
pub(super) fn count_changes(tx: &mut Tx<'_>, pair: &Pair) -> Result<Vec<ChangeTotal>> {
    beside(tx, pair).grouped(tx, "x.change, x.source, CAST(count(*) AS bigint)", "x.change, x.source", |row| {
        Ok(ChangeTotal { change: row.code(0, Change::from_code)?, source: row.text(1)?, count: row.int(2)? })
    })
}

/// One page of a comparison, most events first. Its total is told by [`super::comparison::find`].
///
/// # Errors
/// When the database fails.
pub fn changes(tx: &mut Tx<'_>, pair: &Pair, filter: &CompareFilter) -> Result<Page<Changed>> {
    let mut select = beside(tx, pair);
    select.any_int("x.change", &filter.changes.iter().map(|change| change.code()).collect::<Vec<_>>());
    let order = Order { column: Column::Int("x.hits"), id: "x.id", descending: true, after: filter.cursor.as_ref() };
    let mut items = select.page(tx, &format!("{CHANGED}, x.hits, x.id"), &order, filter.limit + 1, |row| {
        Ok((read_changed(row)?, row.int(5)?, row.int(6)?))
    })?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|(_, hits, id)| Cursor { key: CursorKey::Int(*hits), id: *id }.to_string());
    let items: Vec<Changed> = items.into_iter().map(|(changed, ..)| changed).collect();
    Ok(Page { total: items.len() as i64, items, next_cursor, total_is_exact: false, as_of: String::new() })
}

/// What became of these observables, source by source, where either search saw them.
///
/// # Errors
/// When the database fails.
pub fn changes_of(tx: &mut Tx<'_>, pair: &Pair, records: &[i64]) -> Result<Vec<Changed>> {
    let mut select = beside(tx, pair);
    let list = select.bind(id_list(records));
    let among = ids_in(tx.engine(), list);
    select.and_plain(&format!("x.record_id {among}"));
    select.any(tx, CHANGED, i64::MAX, read_changed)
}

/// Machines and accounts that a search saw with these observables and the earlier one did not: of each observable those with most
/// events.
///
/// # Errors
/// When the database fails.
pub fn new_names(tx: &mut Tx<'_>, search: i64, earlier: i64, records: &[i64]) -> Result<Vec<NewName>> {
    let sql = format!(
        "SELECT x.record_id, x.what, x.name, x.count FROM (
            SELECT t.record_id, n.what, n.name, t.count, n.id,
                ROW_NUMBER() OVER (PARTITION BY t.record_id, n.what ORDER BY t.count DESC, n.id) AS place
            FROM sighting_name t JOIN logged_name n ON n.id = t.name_id
            WHERE t.search_id = $1 AND t.record_id {} AND NOT EXISTS (SELECT 1 FROM sighting_name o
                WHERE o.name_id = t.name_id AND o.search_id = $2 AND o.record_id = t.record_id)) AS x
         WHERE x.place <= $4 ORDER BY x.record_id, x.what, x.place",
        ids_in(tx.engine(), 3)
    );
    tx.query(&sql, params![search, earlier, id_list(records), Value::from(NAMES_EACH)], |row| {
        Ok(NewName { record: row.int(0)?, what: row.code(1, Named::from_code)?, name: row.text(2)?, count: row.int(3)? })
    })
}
