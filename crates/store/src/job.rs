//! Jobs: long work as rows, claimed, heart-beaten and resumed after a crash.

use model::job::JobState;
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements, text_list, texts_in, value_rows};
use crate::error::Result;
use crate::visibility::made_in_visible;

/// A piece of long work.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// Which work.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What to do, as JSON. Of one that was queued by [`queue_large`] only when it was claimed: it may hold a million ids, which
    /// no view shows.
    pub payload: String,
    /// The case it is for, or 0.
    pub case: i64,
    /// That case's number.
    pub case_number: Option<i64>,
    /// How much is done.
    pub done: i64,
    /// Of how much; 0 while unknown.
    pub total: i64,
    /// What came out, as JSON; empty until then.
    pub result: String,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// How often it was started.
    pub attempts: i64,
    /// Whether someone asked it to stop.
    pub cancel: bool,
    /// Who started it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last claimed, or never.
    pub started_at: Timestamp,
    /// When it ended, or never.
    pub finished_at: Timestamp,
}

/// A running job whose heart has not beaten for so many seconds is taken up again.
pub const ABANDONED_AFTER_SECONDS: i64 = 30;

macro_rules! columns {
    () => {
        columns!("j.payload")
    };
    ($payload:literal) => {
        concat!(
            "j.id, j.public_id, j.kind, j.state, ",
            $payload,
            ", j.case_id, j.done, j.total, j.result, j.error, j.attempts, j.cancel, j.created_by, j.created_at, j.started_at, j.finished_at, \
             (SELECT c.number FROM security_case c WHERE c.id = j.case_id)"
        )
    };
}

macro_rules! insert_head {
    () => {
        "INSERT INTO job (public_id, kind, state, payload, case_id, done, total, result, error, attempts, cancel, heartbeat_at, \
         created_by, created_at, started_at, finished_at)"
    };
}

const INSERT_HEAD: &str = insert_head!();
const INSERT_COLUMNS: usize = 16;

statements! {
    INSERT = concat!(insert_head!(), " VALUES ($1, $2, 'queued', $3, $4, 0, $5, '', '', 0, 0, 0, $6, $7, 0, 0) RETURNING id");
    INSERT_LOAD = "INSERT INTO job_load (job_id, payload) VALUES ($1, $2)";
    UNLOAD = "DELETE FROM job_load WHERE job_id = $1";
    CLAIM = "UPDATE job SET state = 'running', attempts = attempts + 1, started_at = $2, heartbeat_at = $2 WHERE id = $1";
    BEAT = "UPDATE job SET done = $2, total = $3, heartbeat_at = $4 WHERE id = $1 AND state = 'running' RETURNING cancel";
    HEART = "UPDATE job SET heartbeat_at = $2 WHERE id = $1 AND state = 'running' RETURNING cancel";
    GIVE_BACK = "UPDATE job SET state = 'queued', error = $2, attempts = attempts - CAST($3 AS bigint), heartbeat_at = $4 WHERE id = $1";
    FINISH = "UPDATE job SET state = $2, result = $3, error = $4, finished_at = $5 WHERE id = $1";
    CANCEL = "UPDATE job SET cancel = 1 WHERE id = $1 AND state IN ('queued', 'running')";
    REQUEUE_RUNNING = "UPDATE job SET heartbeat_at = 0 WHERE state = 'running'";
    BUSY = concat!("SELECT CAST(count(CASE WHEN j.state = 'queued' THEN 1 END) AS bigint), CAST(count(CASE WHEN j.state = 'running' THEN 1 END) AS bigint)
        FROM job j WHERE ", made_in_visible!("j.case_id"), " AND j.state IN ('queued', 'running')");
    FIND = concat!("SELECT ", columns!(), " FROM job j WHERE ", made_in_visible!("j.case_id"), " AND j.public_id = $2");
    FIND_BY_ROW = concat!("SELECT ", columns!(), " FROM job j WHERE ", made_in_visible!("j.case_id"), " AND j.id = $2");
    UNFINISHED = "SELECT CAST(count(*) AS bigint) FROM job WHERE state IN ('queued', 'running')";
    RECENT = concat!("SELECT ", columns!(), " FROM job j WHERE ", made_in_visible!("j.case_id"), " AND j.id < $2 ORDER BY j.id DESC LIMIT $3");
    COUNT = concat!("SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM job j WHERE ", made_in_visible!("j.case_id"), " LIMIT $2) AS counted");
}

fn read(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: row.int(0)?,
        public_id: row.text(1)?,
        kind: row.text(2)?,
        state: row.word(3)?,
        payload: row.text(4)?,
        case: row.int(5)?,
        done: row.int(6)?,
        total: row.int(7)?,
        result: row.text(8)?,
        error: row.text(9)?,
        attempts: row.int(10)?,
        cancel: row.flag(11)?,
        created_by: row.text(12)?,
        created_at: row.time(13)?,
        started_at: row.time(14)?,
        finished_at: row.time(15)?,
        case_number: row.opt_int(16)?,
    })
}

/// Queues a job in the transaction of the change that it follows. Tells its row and id.
///
/// # Errors
/// When the database fails.
pub fn queue(tx: &mut Tx<'_>, kind: &str, payload: &impl serde::Serialize, case: i64, total: i64, stamp: &Stamp) -> Result<(i64, String)> {
    let payload = crate::engine::to_json(payload)?;
    insert(tx, kind, &payload, case, total, stamp)
}

/// [`queue`] for what may be megabytes: it is kept apart, so that no step of the job writes it again, and only until the job ends.
///
/// # Errors
/// When the database fails.
pub fn queue_large(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &impl serde::Serialize,
    case: i64,
    total: i64,
    stamp: &Stamp,
) -> Result<(i64, String)> {
    let payload = crate::engine::to_json(payload)?;
    let (id, public_id) = insert(tx, kind, "", case, total, stamp)?;
    tx.execute(INSERT_LOAD, params![id, &payload])?;
    Ok((id, public_id))
}

fn insert(tx: &mut Tx<'_>, kind: &str, payload: &str, case: i64, total: i64, stamp: &Stamp) -> Result<(i64, String)> {
    let public_id = stamp.uuid(&format!("job:{kind}"), 0);
    let id = tx.query_one(INSERT, params![&public_id, kind, payload, case, total, &stamp.actor, stamp.at], |row| row.int(0))?;
    Ok((id, public_id))
}

/// Queues the same job for each of these cases, in one statement: each is seen by those alone who may know of its case.
///
/// # Errors
/// When the database fails.
pub fn queue_for_cases(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &impl serde::Serialize,
    cases: &[i64],
    total: i64,
    stamp: &Stamp,
) -> Result<()> {
    let payload = crate::engine::to_json(payload)?;
    let mut values = Vec::with_capacity(cases.len() * INSERT_COLUMNS);
    for (n, case) in cases.iter().enumerate() {
        push(&mut values, kind, n, &payload, *case, total, &stamp.actor, stamp);
    }
    insert_rows(tx, INSERT_HEAD, INSERT_COLUMNS, &values, "").map(|_| ())
}

/// A job of a case, with what it has to know and in whose name.
#[derive(Debug, Clone)]
pub struct OfCase {
    /// The case's row.
    pub case: i64,
    /// What the job has to know, as JSON.
    pub payload: String,
    /// A login name.
    pub actor: String,
}

/// Queues a job for each of these cases, no case twice, in one statement: at most some hundred. Tells cases and the rows of
/// their jobs, in no order.
///
/// # Errors
/// When the database fails.
pub fn queue_each(tx: &mut Tx<'_>, kind: &str, jobs: &[OfCase], stamp: &Stamp) -> Result<Vec<(i64, i64)>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = Vec::with_capacity(jobs.len() * INSERT_COLUMNS);
    for (n, job) in jobs.iter().enumerate() {
        push(&mut values, kind, n, &job.payload, job.case, 0, &job.actor, stamp);
    }
    let sql = format!("{INSERT_HEAD} VALUES {} RETURNING case_id, id", value_rows(jobs.len(), INSERT_COLUMNS));
    tx.query(&sql, &values, |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Puts a job's row among the values of an insert.
#[allow(clippy::too_many_arguments, reason = "a row's columns")]
fn push<'v>(
    values: &mut Vec<Value<'v>>,
    kind: &'v str,
    n: usize,
    payload: &'v String,
    case: i64,
    total: i64,
    actor: &'v String,
    stamp: &Stamp,
) {
    let public_id = stamp.uuid(&format!("job:{kind}"), n);
    let queued = JobState::Queued.as_str();
    values.extend([Value::from(public_id), kind.into(), queued.into(), payload.into(), case.into(), 0.into(), total.into()]);
    values.extend([Value::from(""), "".into(), 0.into(), 0.into(), 0.into(), actor.into(), stamp.at.into(), 0.into(), 0.into()]);
}

/// What can be claimed: queued and not waiting to be tried again, or running with a worker that is gone.
const CLAIMABLE: &str = "((j.state = 'queued' AND j.heartbeat_at <= $1) OR (j.state = 'running' AND j.heartbeat_at < $2))";

/// Claims the next job: the oldest queued one, or one whose worker is gone.
///
/// # Errors
/// When the database fails.
pub fn claim(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Job>> {
    claim_except(tx, now, &[])
}

/// [`claim`], but none of these kinds: so that long work of one kind does not keep every worker.
///
/// # Errors
/// When the database fails.
pub fn claim_except(tx: &mut Tx<'_>, now: Timestamp, kinds: &[&str]) -> Result<Option<Job>> {
    let (columns, others) =
        (columns!("coalesce((SELECT l.payload FROM job_load l WHERE l.job_id = j.id), j.payload)"), texts_in(tx.engine(), 3));
    let sql = format!("SELECT {columns} FROM job j WHERE {CLAIMABLE} AND NOT j.kind {others} ORDER BY j.id LIMIT 1");
    let params = params![now, now.plus_seconds(-ABANDONED_AFTER_SECONDS), text_list(kinds)];
    let Some(job) = tx.query_opt(&sql, params, read)? else { return Ok(None) };
    tx.execute(CLAIM, params![job.id, now])?;
    Ok(Some(Job { state: JobState::Running, attempts: job.attempts + 1, started_at: now, ..job }))
}

/// Whether there is a job that [`claim_except`] would give out: a look that does not keep the writer.
///
/// # Errors
/// When the database fails.
pub fn waits(tx: &mut Tx<'_>, now: Timestamp, kinds: &[&str]) -> Result<bool> {
    let sql = format!("SELECT 1 FROM job j WHERE {CLAIMABLE} AND NOT j.kind {} LIMIT 1", texts_in(tx.engine(), 3));
    Ok(tx.query_opt(&sql, params![now, now.plus_seconds(-ABANDONED_AFTER_SECONDS), text_list(kinds)], |_| Ok(()))?.is_some())
}

/// Tells that a job is alive and how far it is; answers whether it was asked to stop.
///
/// # Errors
/// When the database fails.
pub fn beat(tx: &mut Tx<'_>, job: i64, done: i64, total: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.query_opt(BEAT, params![job, done, total, now], |row| row.flag(0))?.unwrap_or(true))
}

/// Tells that a job is alive, and nothing of how far it is; answers whether it was asked to stop.
///
/// # Errors
/// When the database fails.
pub fn heart(tx: &mut Tx<'_>, job: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.query_opt(HEART, params![job, now], |row| row.flag(0))?.unwrap_or(true))
}

/// Puts a claimed job back, to be claimed from `not_before` on. With `unused`, the attempt does not count.
///
/// # Errors
/// When the database fails.
pub fn give_back(tx: &mut Tx<'_>, job: i64, error: &str, unused: bool, not_before: Timestamp) -> Result<()> {
    tx.execute(GIVE_BACK, params![job, error, unused, not_before]).map(|_| ())
}

/// Ends a job as done, failed or cancelled.
///
/// # Errors
/// When the database fails.
pub fn finish(tx: &mut Tx<'_>, job: i64, state: JobState, result: &str, error: &str, now: Timestamp) -> Result<()> {
    tx.execute(UNLOAD, params![job])?;
    tx.execute(FINISH, params![job, state.as_str(), result, error, now]).map(|_| ())
}

/// Asks a job to stop.
///
/// # Errors
/// When the database fails.
pub fn cancel(tx: &mut Tx<'_>, job: i64) -> Result<()> {
    tx.execute(CANCEL, params![job]).map(|_| ())
}

/// Lets every running job be claimed at once: its worker ended with the process that held the directory before.
///
/// # Errors
/// When the database fails.
pub fn take_over(tx: &mut Tx<'_>) -> Result<u64> {
    tx.execute(REQUEUE_RUNNING, &[])
}

/// The job with an id, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Job>> {
    tx.query_opt(FIND, params![tx.viewer(), public_id], read)
}

/// The job of a row, if the viewer may know of its case.
///
/// # Errors
/// When the database fails.
pub fn find_by_row(tx: &mut Tx<'_>, id: i64) -> Result<Option<Job>> {
    tx.query_opt(FIND_BY_ROW, params![tx.viewer(), id], read)
}

/// The jobs of these rows whose cases the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn find_by_rows(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Job>> {
    let sql = format!("SELECT {} FROM job j WHERE {} AND j.id {}", columns!(), made_in_visible!("j.case_id"), ids_in(tx.engine(), 2));
    tx.query(&sql, params![tx.viewer(), id_list(ids)], read)
}

/// The jobs before a row that the viewer may know of, newest first.
///
/// # Errors
/// When the database fails.
pub fn recent(tx: &mut Tx<'_>, before: i64, limit: u32) -> Result<Vec<Job>> {
    tx.query(RECENT, params![tx.viewer(), before, i64::from(limit)], read)
}

/// How many jobs the viewer may know of, counted up to `at_most`.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, at_most: i64) -> Result<i64> {
    tx.query_one(COUNT, params![tx.viewer(), at_most], |row| row.int(0))
}

/// How many jobs wait and how many run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Busy {
    /// Those that wait to be taken up.
    pub queued: i64,
    /// Those that are being worked on.
    pub running: i64,
}

/// How many jobs that the viewer may know of are not done.
///
/// # Errors
/// When the database fails.
pub fn busy(tx: &mut Tx<'_>) -> Result<Busy> {
    tx.query_one(BUSY, params![tx.viewer()], |row| Ok(Busy { queued: row.int(0)?, running: row.int(1)? }))
}

/// How many jobs wait or run.
///
/// # Errors
/// When the database fails.
pub fn unfinished(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(UNFINISHED, &[], |row| row.int(0))
}
