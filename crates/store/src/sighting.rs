//! Sightings searches: what was asked, over which time and sources, and what came out, negatives among it.

pub(crate) mod compare;
pub mod comparison;
pub(crate) mod name;
pub(crate) mod result;
pub mod standing;

use std::collections::HashMap;

use model::job::JobState;
use model::sighting::{Outcome, UrlMatch};
use model::{Kind, Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::Result;
use crate::visibility::case_visible;

pub use compare::{Blind, ChangeTotal, Changed, CompareFilter, NewName, Pair, changes, changes_of, new_names};
pub use name::{LoggedName, Named, SeenName, SeenWith, add_names, count_seen_with, names_of, seen_with};
pub use result::{
    NewResult, ResultFilter, SightingResult, SightingRow, count_of_record, of_record, result_page, results, results_of, rows, store,
};

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
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// The names of the sources that are asked, as JSON.
    pub sources: String,
    /// How many observables, and indicators with patterns.
    pub observables: i64,
    /// How many of them are indicators.
    pub patterns: i64,
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
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// The names of the sources, as JSON.
    pub sources: &'a str,
    /// How many of what is asked for are indicators, whose patterns are evaluated.
    pub patterns: i64,
}

/// An indicator of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The record's row.
    pub record: i64,
    /// Its STIX pattern.
    pub pattern: String,
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

macro_rules! search_columns {
    () => {
        "s.id, s.number, s.case_id, c.number, s.state, s.window_text, s.window_from, s.window_to, s.all_data, s.sources, s.observables, \
         s.job_id, s.coverage, s.hosts, s.accounts, s.error, s.created_by, s.created_at, s.finished_at, s.urls, s.patterns \
         FROM sighting_search s JOIN security_case c ON c.id = s.case_id"
    };
}

statements! {
    INSERT = "INSERT INTO sighting_search (number, case_id, state, window_text, window_from, window_to, all_data, sources, observables,
        job_id, coverage, hosts, accounts, error, created_by, created_at, finished_at, urls, patterns)
        VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, 0, '', '', '', '', $9, $10, 0, $11, $12) RETURNING id";
    SET_JOB = "UPDATE sighting_search SET job_id = $2 WHERE id = $1";
    BEGIN = "UPDATE sighting_search SET state = 'running', coverage = $2 WHERE id = $1";
    COVERAGE = "UPDATE sighting_search SET coverage = $2 WHERE id = $1";
    PART = "SELECT record_id FROM sighting_needle WHERE search_id = $1 AND record_id > $2 ORDER BY record_id LIMIT $3";
    RESET = "UPDATE sighting_needle SET outcome = $2, hits = 0, first_at = 0, last_at = 0
        WHERE search_id = $1 AND record_id BETWEEN $3 AND $4 AND outcome <> $2";
    END = "UPDATE sighting_search SET state = $2, hosts = $3, accounts = $4, error = $5, finished_at = $6 WHERE id = $1";
    COUNT_OUTCOMES = "INSERT INTO sighting_outcome (search_id, outcome, count)
        SELECT search_id, outcome, CAST(count(*) AS bigint) FROM sighting_needle WHERE search_id = $1 GROUP BY search_id, outcome";
    GIVE_UP = "UPDATE sighting_search SET state = $2, error = $3, finished_at = $4 WHERE id = $1";
    FIND = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.number = $2");
    FIND_BY_ROW = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.id = $2");
    LIST = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.case_id = $2 AND s.number > 0 AND s.id < $3
        ORDER BY s.id DESC LIMIT $4");
    EARLIER = concat!("SELECT ", search_columns!(), " WHERE ", case_visible!("c"), " AND s.case_id = $2 AND s.number > 0 AND s.id < $3
        AND s.state = 'done' ORDER BY s.id DESC LIMIT $4");
    COUNT = "SELECT CAST(count(*) AS bigint) FROM sighting_search WHERE case_id = $1 AND number > 0";
    NEEDLES = "SELECT n.record_id, r.category, r.title FROM sighting_needle n JOIN record r ON r.id = n.record_id
        WHERE n.search_id = $1 AND n.record_id > $2 AND r.kind = $4 ORDER BY n.record_id LIMIT $3";
    PATTERNS = "SELECT n.record_id, r.attributes FROM sighting_needle n JOIN record r ON r.id = n.record_id
        WHERE n.search_id = $1 AND n.record_id > $2 AND r.kind = $4 ORDER BY n.record_id LIMIT $3";
    PATTERNS_OF_CASE = "SELECT a.record_id, r.attributes FROM artifact a JOIN record r ON r.id = a.record_id
        WHERE a.case_id = $1 AND a.kind = $2 AND a.status = 1 ORDER BY a.record_id";
}

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
        urls: row.word(19)?,
        patterns: row.int(20)?,
    })
}

/// Stores a search for so many observables and tells its row. What it asks for is added by [`add_needles`].
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, search: &NewSearch<'_>, observables: i64, stamp: &Stamp) -> Result<i64> {
    let row = params![
        search.number,
        search.case,
        search.window_text,
        search.window_from,
        search.window_to,
        search.all_data,
        search.sources,
        observables,
        &stamp.actor,
        stamp.at,
        search.urls.as_str(),
        search.patterns,
    ];
    tx.query_one(INSERT, row, |row| row.int(0))
}

/// Adds observables to what a search asks for; those that are there stay as they are.
///
/// # Errors
/// When the database fails.
pub fn add_needles(tx: &mut Tx<'_>, search: i64, records: &[i64]) -> Result<()> {
    let mut values = Vec::with_capacity(records.len() * 6);
    for record in records {
        values.extend([Value::from(search), (*record).into(), Outcome::Pending.code().into(), 0.into(), 0.into(), 0.into()]);
    }
    let head = "INSERT INTO sighting_needle (search_id, record_id, outcome, hits, first_at, last_at)";
    insert_rows(tx, head, 6, &values, "ON CONFLICT (search_id, record_id) DO NOTHING").map(|_| ())
}

/// Says which job carries a search out.
///
/// # Errors
/// When the database fails.
pub fn set_job(tx: &mut Tx<'_>, search: i64, job: i64) -> Result<()> {
    tx.execute(SET_JOB, params![search, job]).map(|_| ())
}

/// Forgets what an interrupted attempt had stored of at most so many observables after a row: up to which row that is, none
/// when there are no more.
///
/// # Errors
/// When the database fails.
pub fn begin_again(tx: &mut Tx<'_>, search: i64, after: i64, at_most: i64) -> Result<Option<i64>> {
    let part = part(tx, search, after, at_most)?;
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return Ok(None) };
    forget(tx, search, &part)?;
    tx.execute(RESET, params![search, Outcome::Pending.code(), *first, *last])?;
    Ok(Some(*last))
}

/// At most so many of a search's observables after a row, in order.
fn part(tx: &mut Tx<'_>, search: i64, after: i64, at_most: i64) -> Result<Vec<i64>> {
    tx.query(PART, params![search, after, at_most], |row| row.int(0))
}

/// Forgets what a search found of observables of one [`part`]: by their rows, since an index over all that it found would be
/// read from its start for each part.
fn forget(tx: &mut Tx<'_>, search: i64, part: &[i64]) -> Result<()> {
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return Ok(()) };
    let sql = format!("DELETE FROM sighting_result WHERE search_id = $1 AND record_id {}", ids_in(tx.engine(), 2));
    tx.execute(&sql, params![search, id_list(part)])?;
    name::forget(tx, search, *first, *last)
}

/// Begins a search. One that was begun before is begun again with [`begin_again`] first.
///
/// # Errors
/// When the database fails.
pub fn begin(tx: &mut Tx<'_>, search: i64, coverage: &str) -> Result<()> {
    tx.execute(BEGIN, params![search, coverage]).map(|_| ())
}

/// Says what the sources have in the window, as they tell it one after the other.
///
/// # Errors
/// When the database fails.
pub fn set_coverage(tx: &mut Tx<'_>, search: i64, coverage: &str) -> Result<()> {
    tx.execute(COVERAGE, params![search, coverage]).map(|_| ())
}

/// Ends a search that came to its end.
///
/// # Errors
/// When the database fails.
pub fn end(tx: &mut Tx<'_>, search: i64, hosts: &str, accounts: &str, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(COUNT_OUTCOMES, params![search])?;
    tx.execute(END, params![search, JobState::Done.as_str(), hosts, accounts, error, now]).map(|_| ())
}

/// Ends a search that did not come to its end. What it found until then stays.
///
/// # Errors
/// When the database fails.
pub fn give_up(tx: &mut Tx<'_>, search: i64, state: JobState, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(COUNT_OUTCOMES, params![search])?;
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

/// A case's searches before a row, newest first.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, case: i64, before: i64, limit: u32) -> Result<Vec<Search>> {
    tx.query(LIST, params![tx.viewer(), case, before, i64::from(limit)], read)
}

/// The newest searches of the same case before this one that came to their end.
///
/// # Errors
/// When the database fails.
pub fn earlier(tx: &mut Tx<'_>, search: &Search, limit: u32) -> Result<Vec<Search>> {
    tx.query(EARLIER, params![tx.viewer(), search.case, search.id, i64::from(limit)], read)
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
    tx.query(NEEDLES, params![search, after, limit, Kind::Observable.code()], |row| {
        Ok(Needle { record: row.int(0)?, category: row.text(1)?, value: row.text(2)? })
    })
}

/// The indicators of a search that the caller has found, in order, after a record's row.
///
/// # Errors
/// When the database fails.
pub fn patterns(tx: &mut Tx<'_>, search: i64, after: i64, limit: i64) -> Result<Vec<Pattern>> {
    tx.query(PATTERNS, params![search, after, limit, Kind::Indicator.code()], |row| {
        Ok(Pattern { record: row.int(0)?, pattern: stix_pattern(&row.text(1)?).unwrap_or_default() })
    })
}

/// The rows of the included indicators of a case that have a STIX pattern. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn with_patterns(tx: &mut Tx<'_>, case: i64) -> Result<Vec<i64>> {
    let all = tx.query(PATTERNS_OF_CASE, params![case, Kind::Indicator.code()], |row| {
        let record = row.int(0)?;
        Ok(stix_pattern(&row.text(1)?).map(|_| record))
    })?;
    Ok(all.into_iter().flatten().collect())
}

/// The STIX pattern among an indicator's attributes. Where no type is told, its beginning tells.
fn stix_pattern(attributes: &str) -> Option<String> {
    let attributes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(attributes).ok()?;
    let word = |name: &str| attributes.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().trim();
    let pattern = word("pattern");
    let of_stix = match word("pattern_type") {
        "" => pattern.starts_with(['[', '(']),
        of_type => of_type.eq_ignore_ascii_case("stix"),
    };
    (of_stix && !pattern.is_empty()).then(|| pattern.to_owned())
}

/// How many observables of these searches came out how: written down for those that have ended, counted for the others.
///
/// # Errors
/// When the database fails.
pub fn totals(tx: &mut Tx<'_>, searches: &[i64]) -> Result<HashMap<i64, Vec<(Outcome, i64)>>> {
    let sql = format!(
        "SELECT search_id, outcome, count FROM sighting_outcome WHERE search_id {among} UNION ALL
         SELECT n.search_id, n.outcome, CAST(count(*) AS bigint) FROM sighting_search s JOIN sighting_needle n ON n.search_id = s.id
         WHERE s.id {among} AND s.finished_at = 0 GROUP BY n.search_id, n.outcome",
        among = ids_in(tx.engine(), 1)
    );
    let rows = tx.query(&sql, params![id_list(searches)], |row| Ok((row.int(0)?, row.code(1, Outcome::from_code)?, row.int(2)?)))?;
    let mut totals: HashMap<i64, Vec<(Outcome, i64)>> = HashMap::new();
    for (search, outcome, count) in rows {
        totals.entry(search).or_default().push((outcome, count));
    }
    Ok(totals)
}
