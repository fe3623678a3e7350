//! What came out of searches, by observable and by source: stored, summed up, listed.

use model::Timestamp;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::sighting::{Outcome, OutcomeFilter};
use model::text::search_words;

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::Result;
use crate::record::{self, RECORD_COLUMNS, Record, record_columns};
use crate::select::{Column, Order, Select};
use crate::visibility::case_visible;

use super::compare;

/// What one source holds of one observable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResult {
    /// The record's row.
    pub record: i64,
    /// The source's name.
    pub source: String,
    /// Whether others told it.
    pub external: bool,
    /// What was found.
    pub outcome: Outcome,
    /// Events that hold the value.
    pub count: i64,
    /// False where the source stopped counting.
    pub count_is_exact: bool,
    /// Events that hold it in any spelling, where there is another.
    pub count_normalised: Option<i64>,
    /// Events that name the domain or one below it.
    pub with_subdomains: Option<i64>,
    /// First seen, or never.
    pub first_at: Timestamp,
    /// Last seen, or never.
    pub last_at: Timestamp,
    /// What is shown and never queried, as JSON.
    pub detail: String,
    /// Why the source could not answer; empty otherwise.
    pub error: String,
}

impl NewResult {
    /// Events in whatever spelling.
    #[must_use]
    pub fn hits(&self) -> i64 {
        self.count.max(self.count_normalised.unwrap_or_default())
    }
}

/// A stored result with its observable.
#[derive(Debug, Clone)]
pub struct SightingResult {
    /// The row.
    pub id: i64,
    /// The search's row.
    pub search: i64,
    /// The observable.
    pub record: Record,
    /// What the source holds.
    pub found: NewResult,
}

/// An observable of a search, over all sources.
#[derive(Debug, Clone)]
pub struct SightingRow {
    /// The observable.
    pub record: Record,
    /// What was found.
    pub outcome: Outcome,
    /// Events over all sources.
    pub hits: i64,
    /// First seen, or never.
    pub first_at: Timestamp,
    /// Last seen, or never.
    pub last_at: Timestamp,
}

/// What a list of results shows. The caller has found the search.
#[derive(Debug, Clone)]
pub struct ResultFilter {
    /// The search's row.
    pub search: i64,
    /// All, seen, not seen, or seen and not by `earlier`.
    pub outcome: OutcomeFilter,
    /// The row of the search that "new" speaks of; without one, nothing is new.
    pub earlier: Option<i64>,
    /// Keywords in the observable, refanged; each must occur.
    pub q: String,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

macro_rules! result_columns {
    () => {
        ", t.id, t.search_id, t.record_id, t.source, t.external, t.outcome, t.count, t.count_is_exact, t.count_normalised, \
         t.with_subdomains, t.first_at, t.last_at, t.detail, t.error"
    };
}

statements! {
    OF_RECORD = concat!("SELECT ", record_columns!(), result_columns!(), " FROM sighting_result t
        JOIN sighting_search s ON s.id = t.search_id JOIN security_case c ON c.id = s.case_id JOIN record r ON r.id = t.record_id
        WHERE ", case_visible!("c"), " AND t.record_id = $2 AND s.state = 'done' AND (t.search_id < $3 OR (t.search_id = $3 AND (t.hits < $4 OR (t.hits = $4 AND t.id > $5))))
        ORDER BY t.search_id DESC, t.hits DESC, t.id LIMIT $6");
    COUNT_OF_RECORD = concat!("SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM sighting_result t JOIN sighting_search s ON s.id = t.search_id
        JOIN security_case c ON c.id = s.case_id WHERE ", case_visible!("c"), " AND t.record_id = $2 AND s.state = 'done' LIMIT $3) AS counted");
    // What others tell stands apart: it counts only where nobody of ours was asked.
    SUM_UP = "UPDATE sighting_needle SET outcome = x.outcome, hits = x.hits, first_at = x.first_at, last_at = x.last_at
        FROM (SELECT t.record_id, CAST(min(t.outcome) AS bigint) AS outcome, CAST(sum(t.hits) AS bigint) AS hits,
            CAST(coalesce(min(CASE WHEN t.hits > 0 AND t.first_at > 0 THEN t.first_at END), 0) AS bigint) AS first_at,
            CAST(max(CASE WHEN t.hits > 0 THEN t.last_at ELSE 0 END) AS bigint) AS last_at
            FROM sighting_result t WHERE t.search_id = $1 AND t.record_id >= $2 AND t.record_id <= $3
            AND (t.external = 0 OR NOT EXISTS (SELECT 1 FROM sighting_result o
                WHERE o.search_id = t.search_id AND o.record_id = t.record_id AND o.external = 0))
            GROUP BY t.record_id) AS x
        WHERE sighting_needle.search_id = $1 AND sighting_needle.record_id = x.record_id";
    SET_OUTCOME = "UPDATE sighting_needle SET outcome = $4 WHERE search_id = $1 AND record_id >= $2 AND record_id <= $3";
    SEEN = "UPDATE record SET
        first_seen = CASE WHEN record.first_seen = 0 OR record.first_seen > n.first_at THEN n.first_at ELSE record.first_seen END,
        last_seen = CASE WHEN record.last_seen < n.last_at THEN n.last_at ELSE record.last_seen END
        FROM sighting_needle n JOIN sighting_search s ON s.id = n.search_id JOIN security_case c ON c.id = s.case_id
        WHERE n.record_id = record.id AND n.search_id = $1 AND n.record_id >= $2 AND n.record_id <= $3
        AND n.hits > 0 AND n.first_at > 0
        AND EXISTS (SELECT 1 FROM sighting_result t WHERE t.search_id = n.search_id AND t.record_id = n.record_id AND t.external = 0)
        AND (c.restricted = 0 OR (record.library = 0 AND NOT EXISTS (
            SELECT 1 FROM artifact o WHERE o.record_id = record.id AND o.case_id <> s.case_id)))";
}

const RESULT_HEAD: &str = "INSERT INTO sighting_result (search_id, record_id, source, external, outcome, count, count_is_exact,
    count_normalised, with_subdomains, hits, first_at, last_at, detail, error)";

fn read_result(row: &Row<'_>) -> Result<SightingResult> {
    let at = RECORD_COLUMNS;
    let asked = |count: i64| (count >= 0).then_some(count);
    Ok(SightingResult {
        record: record::read(row)?,
        id: row.int(at)?,
        search: row.int(at + 1)?,
        found: NewResult {
            record: row.int(at + 2)?,
            source: row.text(at + 3)?,
            external: row.flag(at + 4)?,
            outcome: row.code(at + 5, Outcome::from_code)?,
            count: row.int(at + 6)?,
            count_is_exact: row.flag(at + 7)?,
            count_normalised: asked(row.int(at + 8)?),
            with_subdomains: asked(row.int(at + 9)?),
            first_at: row.time(at + 10)?,
            last_at: row.time(at + 11)?,
            detail: row.text(at + 12)?,
            error: row.text(at + 13)?,
        },
    })
}

/// Stores what all sources hold of the observables of rows `first..=last`, sums it up, and widens the time in which those
/// observables were seen. What a case learns that is restricted by now stays out of the library.
///
/// Of observables without any result, because there was no source to ask, `otherwise` is noted.
///
/// # Errors
/// When the database fails.
pub fn store(tx: &mut Tx<'_>, search: i64, (first, last): (i64, i64), results: &[NewResult], otherwise: Outcome) -> Result<()> {
    let mut values = Vec::with_capacity(results.len() * 14);
    for result in results {
        values.extend([
            Value::from(search),
            result.record.into(),
            (&result.source).into(),
            result.external.into(),
            result.outcome.code().into(),
            result.count.into(),
            result.count_is_exact.into(),
            result.count_normalised.unwrap_or(-1).into(),
            result.with_subdomains.unwrap_or(-1).into(),
            result.hits().into(),
            result.first_at.into(),
            result.last_at.into(),
            (&result.detail).into(),
            (&result.error).into(),
        ]);
    }
    insert_rows(tx, RESULT_HEAD, 14, &values, "")?;
    tx.execute(SET_OUTCOME, params![search, first, last, otherwise.code()])?;
    tx.execute(SUM_UP, params![search, first, last])?;
    tx.execute(SEEN, params![search, first, last]).map(|_| ())
}

/// `new` adds the condition of what an earlier search did not see.
fn by_outcome<'a>(select: &mut Select<'a>, column: &str, filter: &ResultFilter, new: impl FnOnce(&mut Select<'a>, i64)) {
    match filter.outcome {
        OutcomeFilter::All => {}
        OutcomeFilter::Seen => select.and(&format!("{column} = $?"), Outcome::Seen.code()),
        OutcomeFilter::NotSeen => select.and(&format!("{column} > $?"), Outcome::Seen.code()),
        OutcomeFilter::New => match filter.earlier {
            Some(earlier) => new(select, earlier),
            None => select.and_plain("1 = 0"),
        },
    }
}

fn select_results<'a>(tx: &Tx<'_>, filter: &'a ResultFilter) -> Select<'a> {
    let from = "sighting_result t JOIN record r ON r.id = t.record_id";
    let mut select = Select::new(tx, from, "CAST($1 AS bigint) IS NOT NULL");
    select.and("t.search_id = $?", filter.search);
    by_outcome(&mut select, "t.outcome", filter, compare::only_new_results);
    select.all_words(tx.engine(), "r.search_text", search_words(&filter.q));
    select
}

/// One page of a search's results, most hits first.
///
/// # Errors
/// When the database fails.
pub fn results(tx: &mut Tx<'_>, filter: &ResultFilter) -> Result<Page<SightingResult>> {
    let total = select_results(tx, filter).count(tx, COUNT_LIMIT)?;
    let order = Order { column: Column::Int("t.hits"), id: "t.id", descending: true, after: filter.cursor.as_ref() };
    let columns = concat!(record_columns!(), result_columns!());
    let items = select_results(tx, filter).page(tx, columns, &order, filter.limit + 1, read_result)?;
    Ok(page(items, total, filter.limit, |last| (last.found.hits(), last.id)))
}

/// One page of a search's results as [`results`] lists them, without how many there are, and where to go on.
///
/// # Errors
/// When the database fails.
pub fn result_page(tx: &mut Tx<'_>, filter: &ResultFilter) -> Result<(Vec<SightingResult>, Option<Cursor>)> {
    let order = Order { column: Column::Int("t.hits"), id: "t.id", descending: true, after: filter.cursor.as_ref() };
    let columns = concat!(record_columns!(), result_columns!());
    let items = select_results(tx, filter).page(tx, columns, &order, filter.limit, read_result)?;
    let next = items.last().filter(|_| items.len() >= filter.limit as usize);
    let next = next.map(|last| Cursor { key: CursorKey::Int(last.found.hits()), id: last.id });
    Ok((items, next))
}

fn select_rows<'a>(tx: &Tx<'_>, filter: &'a ResultFilter) -> Select<'a> {
    let from = "sighting_needle n JOIN record r ON r.id = n.record_id";
    let mut select = Select::new(tx, from, "CAST($1 AS bigint) IS NOT NULL");
    select.and("n.search_id = $?", filter.search);
    by_outcome(&mut select, "n.outcome", filter, |select, earlier| compare::only_new_rows(select, filter.search, earlier));
    select.all_words(tx.engine(), "r.search_text", search_words(&filter.q));
    select
}

/// One page of a search's observables, most hits first.
///
/// # Errors
/// When the database fails.
pub fn rows(tx: &mut Tx<'_>, filter: &ResultFilter) -> Result<Page<SightingRow>> {
    let total = select_rows(tx, filter).count(tx, COUNT_LIMIT)?;
    let order = Order { column: Column::Int("n.hits"), id: "n.record_id", descending: true, after: filter.cursor.as_ref() };
    let columns = concat!(record_columns!(), ", n.outcome, n.hits, n.first_at, n.last_at");
    let items = select_rows(tx, filter).page(tx, columns, &order, filter.limit + 1, |row| {
        let at = RECORD_COLUMNS;
        Ok(SightingRow {
            record: record::read(row)?,
            outcome: row.code(at, Outcome::from_code)?,
            hits: row.int(at + 1)?,
            first_at: row.time(at + 2)?,
            last_at: row.time(at + 3)?,
        })
    })?;
    Ok(page(items, total, filter.limit, |last| (last.hits, last.record.id)))
}

fn page<T>(mut items: Vec<T>, total: i64, limit: u32, key: impl Fn(&T) -> (i64, i64)) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let cursor = |last: &T| {
        let (hits, id) = key(last);
        Cursor { key: CursorKey::Int(hits), id }.to_string()
    };
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() }
}

/// What all sources hold of these observables of a search that the caller has found, by source.
///
/// # Errors
/// When the database fails.
pub fn results_of(tx: &mut Tx<'_>, search: i64, records: &[i64]) -> Result<Vec<SightingResult>> {
    let sql = format!(
        "SELECT {}{} FROM sighting_result t JOIN record r ON r.id = t.record_id WHERE t.search_id = $1 AND t.record_id {}
         ORDER BY t.source, t.id",
        record_columns!(),
        result_columns!(),
        ids_in(tx.engine(), 2)
    );
    tx.query(&sql, params![search, id_list(records)], read_result)
}

/// What finished searches that the viewer may know of found of a record, newest searches first, most hits first, after a result:
/// its search's row, its hits, its own row.
///
/// # Errors
/// When the database fails.
pub fn of_record(tx: &mut Tx<'_>, record: i64, [search, hits, after]: [i64; 3], limit: u32) -> Result<Vec<SightingResult>> {
    tx.query(OF_RECORD, params![tx.viewer(), record, search, hits, after, i64::from(limit)], read_result)
}

/// How many results [`of_record`] lists, counted up to `at_most`.
///
/// # Errors
/// When the database fails.
pub fn count_of_record(tx: &mut Tx<'_>, record: i64, at_most: i64) -> Result<i64> {
    tx.query_one(COUNT_OF_RECORD, params![tx.viewer(), record, at_most], |row| row.int(0))
}
