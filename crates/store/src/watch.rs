//! Cases whose observables are looked for in logs as they come in, and asked of outside sources by the clock.

use model::case::CaseState;
use model::sighting::UrlMatch;
use model::{Kind, Stamp, Timestamp};

use crate::engine::{Row, Tx, case_rows_in, id_list, ids_in, params, statements};
use crate::error::Result;
use crate::sighting::Needle;

/// The states of open cases come before those of others; this is the last of them.
const LAST_OPEN: CaseState = CaseState::Review;

statements! {
    SET = "INSERT INTO sighting_watch (case_id, created_by, created_at, looked_to, look_job, every, sources, next_at, asked_at, asked_to,
        error, ask_job, news, news_at, urls)
        SELECT CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS bigint), coalesce(max(a.id), 0), 0, 0, '[]', 0, 0, 0, '', 0, '', 0, 'whole'
        FROM artifact a WHERE a.case_id = $1
        ON CONFLICT (case_id) DO NOTHING";
    UNSET = "DELETE FROM sighting_watch WHERE case_id = $1";
    FIND = "SELECT created_by, created_at, looked_to, every, sources, next_at, asked_at, asked_to, error, news, news_at, urls
        FROM sighting_watch WHERE case_id = $1";
    CASES = "SELECT w.case_id FROM sighting_watch w JOIN security_case c ON c.id = w.case_id WHERE c.state <= CAST($1 AS bigint)
        ORDER BY w.case_id";
    OBSERVABLES = "SELECT a.record_id, r.category, r.title FROM artifact a JOIN record r ON r.id = a.record_id
        WHERE a.case_id = $1 AND a.kind = $2 AND a.status = 1 AND a.record_id > $3 ORDER BY a.record_id LIMIT $4";
    ADDED = "SELECT a.id, a.status, a.record_id, r.category, r.title FROM artifact a JOIN record r ON r.id = a.record_id
        WHERE a.case_id = $1 AND a.kind = $2 AND a.id > $3 ORDER BY a.id LIMIT $4";
    TO_LOOK = "SELECT w.case_id, w.created_by, c.number FROM sighting_watch w JOIN security_case c ON c.id = w.case_id
        WHERE c.state <= CAST($3 AS bigint)
        AND EXISTS (SELECT 1 FROM artifact a WHERE a.case_id = w.case_id AND a.kind = $1 AND a.id > w.looked_to)
        AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = w.look_job AND j.state IN ('queued', 'running')) ORDER BY w.case_id LIMIT $2";
    LOOKED = "UPDATE sighting_watch SET looked_to = $2 WHERE case_id = $1 AND looked_to < $2";
    MATCH_URLS = "UPDATE sighting_watch SET urls = $2 WHERE case_id = $1";
    SCHEDULE = "UPDATE sighting_watch SET every = $2, sources = $3, next_at = $4, error = '' WHERE case_id = $1";
    TO_ASK = "SELECT w.created_by, w.created_at, w.looked_to, w.every, w.sources, w.next_at, w.asked_at, w.asked_to, w.error, w.news, w.news_at,
        w.urls, w.case_id FROM sighting_watch w JOIN security_case c ON c.id = w.case_id
        WHERE w.every > 0 AND w.next_at <= $1 AND c.state <= CAST($3 AS bigint)
        AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = w.ask_job AND j.state IN ('queued', 'running')) ORDER BY w.next_at, w.case_id LIMIT $2";
    ASKS = "UPDATE sighting_watch SET ask_job = $2, next_at = $3 WHERE case_id = $1";
    ASKED = "UPDATE sighting_watch SET asked_at = $2, error = $3 WHERE case_id = $1";
    COVERED = "UPDATE sighting_watch SET asked_to = $2 WHERE case_id = $1 AND asked_to < $2";
    NEWS = "UPDATE sighting_watch SET news = $2, news_at = $3 WHERE case_id = $1";
}

/// That a case watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Who asked for it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Up to which artifact's row the kept logs were looked through.
    pub looked_to: i64,
    /// Every how many minutes outside sources are asked, 0 for never.
    pub every: i64,
    /// Which, as JSON; an empty list for all.
    pub sources: String,
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// When they are asked next, or never.
    pub next_at: Timestamp,
    /// When they were last asked, or never.
    pub asked_at: Timestamp,
    /// Up to when all of them answered, or never.
    pub asked_to: Timestamp,
    /// What went wrong the last time; empty when nothing did.
    pub error: String,
    /// What was seen last, as JSON; may be empty.
    pub news: String,
    /// When, or never.
    pub news_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Watch> {
    Ok(Watch {
        created_by: row.text(0)?,
        created_at: row.time(1)?,
        looked_to: row.int(2)?,
        every: row.int(3)?,
        sources: row.text(4)?,
        next_at: row.time(5)?,
        asked_at: row.time(6)?,
        asked_to: row.time(7)?,
        error: row.text(8)?,
        news: row.text(9)?,
        news_at: row.time(10)?,
        urls: row.word(11)?,
    })
}

/// Lets a case watch from now on; whether it did not already. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn set(tx: &mut Tx<'_>, case: i64, stamp: &Stamp) -> Result<bool> {
    Ok(tx.execute(SET, params![case, &stamp.actor, stamp.at])? > 0)
}

/// Ends a case's watching; whether it did. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn unset(tx: &mut Tx<'_>, case: i64) -> Result<bool> {
    Ok(tx.execute(UNSET, params![case])? > 0)
}

/// Whether a case watches. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, case: i64) -> Result<Option<Watch>> {
    tx.query_opt(FIND, params![case], read)
}

/// Sets how much of a URL has to stand in an event. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn match_urls(tx: &mut Tx<'_>, case: i64, urls: UrlMatch) -> Result<()> {
    tx.execute(MATCH_URLS, params![case, urls.as_str()]).map(|_| ())
}

/// The rows of all open cases that watch, for the jobs that look at new logs.
///
/// # Errors
/// When the database fails.
pub fn cases(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    tx.query(CASES, params![LAST_OPEN.code()], |row| row.int(0))
}

/// The included observables of a case, by row, at most `limit` after one.
///
/// # Errors
/// When the database fails.
pub fn observables(tx: &mut Tx<'_>, case: i64, after: i64, limit: i64) -> Result<Vec<Needle>> {
    tx.query(OBSERVABLES, params![case, Kind::Observable.code(), after, limit], |row| {
        Ok(Needle { record: row.int(0)?, category: row.text(1)?, value: row.text(2)? })
    })
}

/// Those of these records that are included observables of a case.
///
/// # Errors
/// When the database fails.
pub fn included(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<Vec<Needle>> {
    let sql = format!(
        "SELECT record_id, r.category, r.title FROM artifact JOIN record r ON r.id = record_id
         WHERE artifact.kind = $3 AND artifact.status = 1 AND {} ORDER BY record_id",
        case_rows_in(tx.engine(), 1, 2)
    );
    tx.query(&sql, params![case, id_list(records), Kind::Observable.code()], |row| {
        Ok(Needle { record: row.int(0)?, category: row.text(1)?, value: row.text(2)? })
    })
}

/// An observable that came into a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// What it is.
    pub needle: Needle,
    /// Whether it counts.
    pub included: bool,
}

/// Observables that came into a case after an artifact's row, at most `limit`, and up to which row that is; no row when there
/// are none.
///
/// # Errors
/// When the database fails.
pub fn added(tx: &mut Tx<'_>, case: i64, after: i64, limit: i64) -> Result<(Vec<Added>, Option<i64>)> {
    let mut last = None;
    let added = tx.query(ADDED, params![case, Kind::Observable.code(), after, limit], |row| {
        last = Some(row.int(0)?);
        let needle = Needle { record: row.int(2)?, category: row.text(3)?, value: row.text(4)? };
        Ok(Added { needle, included: row.int(1)? == 1 })
    })?;
    Ok((added, last))
}

/// A case for which the kept logs are to be looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToLook {
    /// Its row.
    pub case: i64,
    /// Who asked for it.
    pub created_by: String,
    /// The case's number.
    pub number: i64,
}

/// At most so many open cases that watch and have observables for which the kept logs were not looked through.
///
/// # Errors
/// When the database fails.
pub fn to_look(tx: &mut Tx<'_>, at_most: i64) -> Result<Vec<ToLook>> {
    tx.query(TO_LOOK, params![Kind::Observable.code(), at_most, LAST_OPEN.code()], |row| {
        Ok(ToLook { case: row.int(0)?, created_by: row.text(1)?, number: row.int(2)? })
    })
}

/// Says which jobs look through the kept logs: cases, each with its job.
///
/// # Errors
/// When the database fails.
pub fn looks(tx: &mut Tx<'_>, jobs: &[(i64, i64)]) -> Result<()> {
    let (cases, jobs): (Vec<i64>, Vec<i64>) = jobs.iter().copied().unzip();
    let engine = tx.engine();
    let sql = format!(
        "UPDATE sighting_watch SET look_job = (SELECT max(j.id) FROM job j WHERE j.case_id = sighting_watch.case_id AND j.id {})
         WHERE case_id {}",
        ids_in(engine, 2),
        ids_in(engine, 1)
    );
    tx.execute(&sql, params![id_list(&cases), id_list(&jobs)]).map(|_| ())
}

/// Says up to which artifact's row the kept logs were looked through.
///
/// # Errors
/// When the database fails.
pub fn looked(tx: &mut Tx<'_>, case: i64, to: i64) -> Result<()> {
    tx.execute(LOOKED, params![case, to]).map(|_| ())
}

/// Says how often outside sources are asked, which, and when next.
///
/// # Errors
/// When the database fails.
pub fn schedule(tx: &mut Tx<'_>, case: i64, every: i64, sources: &str, next_at: Timestamp) -> Result<()> {
    tx.execute(SCHEDULE, params![case, every, sources, next_at]).map(|_| ())
}

/// At most so many open cases whose outside sources are to be asked by now, by row; those first that wait longest.
///
/// # Errors
/// When the database fails.
pub fn to_ask(tx: &mut Tx<'_>, now: Timestamp, at_most: i64) -> Result<Vec<(i64, Watch)>> {
    tx.query(TO_ASK, params![now, at_most, LAST_OPEN.code()], |row| Ok((row.int(12)?, read(row)?)))
}

/// Says which job asks outside sources, or 0 for none, and when they are asked after that.
///
/// # Errors
/// When the database fails.
pub fn asks(tx: &mut Tx<'_>, case: i64, job: i64, next_at: Timestamp) -> Result<()> {
    tx.execute(ASKS, params![case, job, next_at]).map(|_| ())
}

/// Says when outside sources were asked and what went wrong; without a gap up to `covered`, where they all answered.
///
/// # Errors
/// When the database fails.
pub fn asked(tx: &mut Tx<'_>, case: i64, now: Timestamp, error: &str, covered: Option<Timestamp>) -> Result<()> {
    tx.execute(ASKED, params![case, now, error])?;
    if let Some(to) = covered {
        tx.execute(COVERED, params![case, to])?;
    }
    Ok(())
}

/// Keeps what was seen last.
///
/// # Errors
/// When the database fails.
pub fn set_news(tx: &mut Tx<'_>, case: i64, news: &str, now: Timestamp) -> Result<()> {
    tx.execute(NEWS, params![case, news, now]).map(|_| ())
}
