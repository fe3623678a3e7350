//! Sightings searches: what was asked, over which time and sources, and what came out, negatives among it.

use std::collections::HashMap;

use model::job::JobState;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::sighting::{Outcome, OutcomeFilter};
use model::text::search_words;
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::Result;
use crate::record::{self, RECORD_COLUMNS, Record, record_columns};
use crate::select::{Column, Order, Select};
use crate::visibility::case_visible;

/// A sightings search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The row.
    pub id: i64,
    /// 1001 for `SIGHT0001001`.
    pub number: i64,
    /// The case's row.
    pub case: i64,
    /// The case's number.
    pub case_number: i64,
    /// Where it stands.
    pub state: JobState,
    /// The window as people say it.
    pub window_text: String,
    /// From when on; never for all data.
    pub window_from: Timestamp,
    /// Until when; never for all data.
    pub window_to: Timestamp,
    /// Whether all data is searched.
    pub all_data: bool,
    /// The names of the sources that are asked, as JSON.
    pub sources: String,
    /// How many observables.
    pub observables: i64,
    /// The job's row.
    pub job: i64,
    /// What each source has in the window, as JSON; empty until known.
    pub coverage: String,
    /// Machines in the hits, as JSON; empty until known.
    pub hosts: String,
    /// Accounts in the hits, as JSON; empty until known.
    pub accounts: String,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ended, or never.
    pub finished_at: Timestamp,
}

/// A search to be stored.
#[derive(Debug, Clone)]
pub struct NewSearch<'a> {
    /// 1001 for `SIGHT0001001`.
    pub number: i64,
    /// The case's row.
    pub case: i64,
    /// The window as people say it.
    pub window_text: &'a str,
    /// From when on; never for all data.
    pub window_from: Timestamp,
    /// Until when; never for all data.
    pub window_to: Timestamp,
    /// Whether all data is searched.
    pub all_data: bool,
    /// The names of the sources, as JSON.
    pub sources: &'a str,
}

/// An observable of a search, as the log index needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// The record's row.
    pub record: i64,
    /// The observable's type, as a word.
    pub category: String,
    /// Its normal form.
    pub value: String,
}

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
    fn hits(&self) -> i64 {
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
    /// All, seen, or not seen.
    pub outcome: OutcomeFilter,
    /// Keywords in the observable, refanged; each must occur.
    pub q: String,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

macro_rules! search_columns {
    () => {
        "s.id, s.number, s.case_id, c.number, s.state, s.window_text, s.window_from, s.window_to, s.all_data, s.sources, s.observables, \
         s.job_id, s.coverage, s.hosts, s.accounts, s.error, s.created_by, s.created_at, s.finished_at \
         FROM sighting_search s JOIN security_case c ON c.id = s.case_id"
    };
}

macro_rules! result_columns {
    () => {
        ", t.id, t.search_id, t.record_id, t.source, t.external, t.outcome, t.count, t.count_is_exact, t.count_normalised, \
         t.with_subdomains, t.first_at, t.last_at, t.detail, t.error"
    };
}

statements! {
    INSERT = "INSERT INTO sighting_search (number, case_id, state, window_text, window_from, window_to, all_data, sources, observables,
        job_id, coverage, hosts, accounts, error, created_by, created_at, finished_at)
        VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, 0, '', '', '', '', $9, $10, 0) RETURNING id";
    SET_JOB = "UPDATE sighting_search SET job_id = $2 WHERE id = $1";
    BEGIN = "UPDATE sighting_search SET state = 'running', coverage = $2 WHERE id = $1";
    FORGET = "DELETE FROM sighting_result WHERE search_id = $1";
    RESET = "UPDATE sighting_needle SET outcome = $2, hits = 0, first_at = 0, last_at = 0 WHERE search_id = $1 AND outcome <> $2";
    END = "UPDATE sighting_search SET state = $2, hosts = $3, accounts = $4, error = $5, finished_at = $6 WHERE id = $1";
    GIVE_UP = "UPDATE sighting_search SET state = $2, error = $3, finished_at = $4 WHERE id = $1";
    FIND = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.number = $2");
    FIND_BY_ROW = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.id = $2");
    LIST = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.case_id = $2 ORDER BY s.id DESC LIMIT $3");
    COUNT = "SELECT CAST(count(*) AS bigint) FROM sighting_search WHERE case_id = $1";
    NEEDLES = "SELECT n.record_id, r.category, r.title FROM sighting_needle n JOIN record r ON r.id = n.record_id
        WHERE n.search_id = $1 AND n.record_id > $2 ORDER BY n.record_id LIMIT $3";
    OF_RECORD = concat!("SELECT ", record_columns!(), result_columns!(), " FROM sighting_result t
        JOIN sighting_search s ON s.id = t.search_id JOIN security_case c ON c.id = s.case_id JOIN record r ON r.id = t.record_id
        WHERE ", case_visible!("c"), " AND t.record_id = $2 AND s.state = 'done' ORDER BY t.search_id DESC, t.hits DESC, t.id LIMIT $3");
    SUM_UP = "UPDATE sighting_needle SET outcome = x.outcome, hits = x.hits, first_at = x.first_at, last_at = x.last_at
        FROM (SELECT t.record_id, CAST(min(t.outcome) AS bigint) AS outcome, CAST(sum(t.hits) AS bigint) AS hits,
            CAST(coalesce(min(CASE WHEN t.hits > 0 AND t.first_at > 0 THEN t.first_at END), 0) AS bigint) AS first_at,
            CAST(max(CASE WHEN t.hits > 0 THEN t.last_at ELSE 0 END) AS bigint) AS last_at
            FROM sighting_result t WHERE t.search_id = $1 AND t.record_id >= $2 AND t.record_id <= $3 GROUP BY t.record_id) AS x
        WHERE sighting_needle.search_id = $1 AND sighting_needle.record_id = x.record_id";
    SET_OUTCOME = "UPDATE sighting_needle SET outcome = $4 WHERE search_id = $1 AND record_id >= $2 AND record_id <= $3";
    SEEN = "UPDATE record SET
        first_seen = CASE WHEN record.first_seen = 0 OR record.first_seen > n.first_at THEN n.first_at ELSE record.first_seen END,
        last_seen = CASE WHEN record.last_seen < n.last_at THEN n.last_at ELSE record.last_seen END
        FROM sighting_needle n WHERE n.record_id = record.id AND n.search_id = $1 AND n.record_id >= $2 AND n.record_id <= $3
        AND n.hits > 0 AND n.first_at > 0 AND (CAST($4 AS bigint) = 0 OR record.library = 0)";
}

const RESULT_HEAD: &str = "INSERT INTO sighting_result (search_id, record_id, source, external, outcome, count, count_is_exact,
    count_normalised, with_subdomains, hits, first_at, last_at, detail, error)";

fn read(row: &Row<'_>) -> Result<Search> {
    Ok(Search {
        id: row.int(0)?,
        number: row.int(1)?,
        case: row.int(2)?,
        case_number: row.int(3)?,
        state: row.word(4)?,
        window_text: row.text(5)?,
        window_from: row.time(6)?,
        window_to: row.time(7)?,
        all_data: row.flag(8)?,
        sources: row.text(9)?,
        observables: row.int(10)?,
        job: row.int(11)?,
        coverage: row.text(12)?,
        hosts: row.text(13)?,
        accounts: row.text(14)?,
        error: row.text(15)?,
        created_by: row.text(16)?,
        created_at: row.time(17)?,
        finished_at: row.time(18)?,
    })
}

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

/// Stores a search and what it asks for, and tells its row.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, search: &NewSearch<'_>, records: &[i64], stamp: &Stamp) -> Result<i64> {
    let row = params![
        search.number,
        search.case,
        search.window_text,
        search.window_from,
        search.window_to,
        search.all_data,
        search.sources,
        records.len() as i64,
        &stamp.actor,
        stamp.at,
    ];
    let id = tx.query_one(INSERT, row, |row| row.int(0))?;
    let mut values = Vec::with_capacity(records.len() * 6);
    for record in records {
        values.extend([Value::from(id), (*record).into(), Outcome::Pending.code().into(), 0.into(), 0.into(), 0.into()]);
    }
    insert_rows(tx, "INSERT INTO sighting_needle (search_id, record_id, outcome, hits, first_at, last_at)", 6, &values, "")?;
    Ok(id)
}

/// Says which job carries a search out.
///
/// # Errors
/// When the database fails.
pub fn set_job(tx: &mut Tx<'_>, search: i64, job: i64) -> Result<()> {
    tx.execute(SET_JOB, params![search, job]).map(|_| ())
}

/// Begins a search, or begins it again: what an interrupted attempt had stored is forgotten.
///
/// # Errors
/// When the database fails.
pub fn begin(tx: &mut Tx<'_>, search: i64, coverage: &str) -> Result<()> {
    tx.execute(FORGET, params![search])?;
    tx.execute(RESET, params![search, Outcome::Pending.code()])?;
    tx.execute(BEGIN, params![search, coverage]).map(|_| ())
}

/// Ends a search that came to its end.
///
/// # Errors
/// When the database fails.
pub fn end(tx: &mut Tx<'_>, search: i64, hosts: &str, accounts: &str, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(END, params![search, JobState::Done.as_str(), hosts, accounts, error, now]).map(|_| ())
}

/// Ends a search that did not come to its end. What it found until then stays.
///
/// # Errors
/// When the database fails.
pub fn give_up(tx: &mut Tx<'_>, search: i64, state: JobState, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(GIVE_UP, params![search, state.as_str(), error, now]).map(|_| ())
}

/// The search with a number, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, number: i64) -> Result<Option<Search>> {
    tx.query_opt(FIND, params![tx.viewer(), number], read)
}

/// The search of a row, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find_by_row(tx: &mut Tx<'_>, id: i64) -> Result<Option<Search>> {
    tx.query_opt(FIND_BY_ROW, params![tx.viewer(), id], read)
}

/// The searches of these rows whose cases the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn find_by_rows(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Search>> {
    let sql = format!("SELECT {} WHERE {} AND s.id {}", search_columns!(), case_visible!("c"), ids_in(tx.engine(), 2));
    tx.query(&sql, params![tx.viewer(), id_list(ids)], read)
}

/// A case's newest searches.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, case: i64, limit: u32) -> Result<Vec<Search>> {
    tx.query(LIST, params![tx.viewer(), case, i64::from(limit)], read)
}

/// How many searches a case has that the caller has found.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, case: i64) -> Result<i64> {
    tx.query_one(COUNT, params![case], |row| row.int(0))
}

/// The observables of a search that the caller has found, in order, after a record's row.
///
/// # Errors
/// When the database fails.
pub fn needles(tx: &mut Tx<'_>, search: i64, after: i64, limit: i64) -> Result<Vec<Needle>> {
    tx.query(NEEDLES, params![search, after, limit], |row| Ok(Needle { record: row.int(0)?, category: row.text(1)?, value: row.text(2)? }))
}

/// How many observables of these searches came out how.
///
/// # Errors
/// When the database fails.
pub fn totals(tx: &mut Tx<'_>, searches: &[i64]) -> Result<HashMap<i64, Vec<(Outcome, i64)>>> {
    let sql = format!(
        "SELECT search_id, outcome, CAST(count(*) AS bigint) FROM sighting_needle WHERE search_id {} GROUP BY search_id, outcome",
        ids_in(tx.engine(), 1)
    );
    let rows = tx.query(&sql, params![id_list(searches)], |row| Ok((row.int(0)?, row.code(1, Outcome::from_code)?, row.int(2)?)))?;
    let mut totals: HashMap<i64, Vec<(Outcome, i64)>> = HashMap::new();
    for (search, outcome, count) in rows {
        totals.entry(search).or_default().push((outcome, count));
    }
    Ok(totals)
}

/// Stores what all sources hold of the observables of rows `first..=last`, sums it up, and widens the time in which those
/// observables were seen. What a restricted case learns stays out of the library (`restricted`).
///
/// Of observables without any result, because there was no source to ask, `otherwise` is noted.
///
/// # Errors
/// When the database fails.
pub fn store(
    tx: &mut Tx<'_>,
    search: i64,
    (first, last): (i64, i64),
    results: &[NewResult],
    otherwise: Outcome,
    restricted: bool,
) -> Result<()> {
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
    tx.execute(SEEN, params![search, first, last, restricted]).map(|_| ())
}

fn by_outcome(select: &mut Select<'_>, column: &str, filter: OutcomeFilter) {
    match filter {
        OutcomeFilter::All => {}
        OutcomeFilter::Seen => select.and(&format!("{column} = $?"), Outcome::Seen.code()),
        OutcomeFilter::NotSeen => select.and(&format!("{column} > $?"), Outcome::Seen.code()),
    }
}

fn select_results<'a>(tx: &Tx<'_>, filter: &'a ResultFilter) -> Select<'a> {
    let from = "sighting_result t JOIN record r ON r.id = t.record_id";
    let mut select = Select::new(tx, from, "CAST($1 AS bigint) IS NOT NULL");
    select.and("t.search_id = $?", filter.search);
    by_outcome(&mut select, "t.outcome", filter.outcome);
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

fn select_rows<'a>(tx: &Tx<'_>, filter: &'a ResultFilter) -> Select<'a> {
    let from = "sighting_needle n JOIN record r ON r.id = n.record_id";
    let mut select = Select::new(tx, from, "CAST($1 AS bigint) IS NOT NULL");
    select.and("n.search_id = $?", filter.search);
    by_outcome(&mut select, "n.outcome", filter.outcome);
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

/// What the newest searches that the viewer may know of found of a record.
///
/// # Errors
/// When the database fails.
pub fn of_record(tx: &mut Tx<'_>, record: i64, limit: u32) -> Result<Vec<SightingResult>> {
    tx.query(OF_RECORD, params![tx.viewer(), record, i64::from(limit)], read_result)
}
