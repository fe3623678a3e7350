//! Sources of logs and their files. The events themselves lie in the log index, a file a batch.

use model::sighting::LogFileState;
use model::{Stamp, Timestamp};

use crate::engine::{Engine, Row, Tx, id_list, ids_in, params, statements};
use crate::error::Result;

/// A source of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// The row, by which the log index knows it.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// How many files are searchable.
    pub files: i64,
    /// How many are being read.
    pub indexing: i64,
    /// Bytes of the searchable files.
    pub bytes: i64,
    /// The format that a person chose last for its files; empty when their content tells.
    pub format: String,
    /// Seconds that are added to the times of its files.
    pub clock_offset: i64,
    /// Days that its events are kept: 0 for good, none as is set for all sources.
    pub kept_days: Option<i64>,
}

/// A log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The row, which is its batch in the log index.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The source's row.
    pub source: i64,
    /// The source's name.
    pub source_name: String,
    /// The job that reads it, or 0.
    pub job: i64,
    /// The file's name, as it was given.
    pub name: String,
    /// SHA-256 of its bytes, under which they are kept.
    pub sha256: String,
    /// How many bytes.
    pub bytes: i64,
    /// Events in it that can be searched.
    pub events: i64,
    /// How many more it had, which retention took.
    pub expired: i64,
    /// When it last took some, or never.
    pub expired_at: Timestamp,
    /// The earliest time, or never.
    pub first_at: Timestamp,
    /// The latest time, or never.
    pub last_at: Timestamp,
    /// Where it stands.
    pub state: LogFileState,
    /// What was read, as JSON; empty until then.
    pub report: String,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

macro_rules! file_columns {
    () => {
        "f.id, f.public_id, f.source_id, s.name, f.job_id, f.name, f.sha256, f.bytes, f.events, f.first_at, f.last_at, f.state, f.report, \
         f.error, f.created_by, f.created_at, f.expired, f.expired_at FROM log_file f JOIN log_source s ON s.id = f.source_id"
    };
}

macro_rules! source_columns {
    () => {
        "s.id, s.name, s.created_by, s.created_at, s.format, s.clock_offset, s.kept_days, \
         CAST(coalesce(sum(CASE WHEN f.state = 'indexed' THEN 1 ELSE 0 END), 0) AS bigint), \
         CAST(coalesce(sum(CASE WHEN f.state = 'indexing' THEN 1 ELSE 0 END), 0) AS bigint), \
         CAST(coalesce(sum(CASE WHEN f.state = 'indexed' THEN f.bytes ELSE 0 END), 0) AS bigint) \
         FROM log_source s LEFT JOIN log_file f ON f.source_id = s.id WHERE s.deleted_at = 0"
    };
}

statements! {
    ENSURE = "INSERT INTO log_source (name, format, clock_offset, kept_days, created_by, created_at, deleted_at)
        VALUES ($1, '', 0, -1, $2, $3, 0) ON CONFLICT (name) DO UPDATE SET deleted_at = log_source.deleted_at RETURNING id";
    REVIVE = "UPDATE log_source SET format = '', clock_offset = 0, kept_days = -1, created_by = $2, created_at = $3, deleted_at = 0
        WHERE id = $1 AND deleted_at > 0";
    LIST = concat!("SELECT ", source_columns!(), " GROUP BY s.id, s.name, s.created_by, s.created_at, s.format, s.clock_offset, s.kept_days ORDER BY s.name");
    FIND = concat!("SELECT ", source_columns!(), " AND s.name = $1 GROUP BY s.id, s.name, s.created_by, s.created_at, s.format, s.clock_offset, s.kept_days");
    REMEMBER = "UPDATE log_source SET format = $2, clock_offset = $3 WHERE id = $1";
    KEEP = "UPDATE log_source SET kept_days = $2 WHERE id = $1";
    DELETE = "UPDATE log_source SET deleted_at = $2 WHERE id = $1";
    INSERT_FILE = "INSERT INTO log_file (public_id, source_id, job_id, name, sha256, bytes, events, expired, expired_at, first_at, last_at, state,
        report, error, created_by, created_at) VALUES ($1, $2, 0, $3, $4, $5, 0, 0, 0, 0, 0, 'indexing', '', '', $6, $7) RETURNING id";
    SET_JOB = "UPDATE log_file SET job_id = $2 WHERE id = $1";
    FIND_FILE = concat!("SELECT ", file_columns!(), " WHERE f.public_id = $1 AND f.state <> 'deleted'");
    FILE_BY_ROW = concat!("SELECT ", file_columns!(), " WHERE f.id = $1");
    FILES = concat!("SELECT ", file_columns!(), " WHERE f.source_id = $1 AND f.state <> 'deleted' AND f.id < $2 ORDER BY f.id DESC LIMIT $3");
    COUNT_FILES = "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM log_file WHERE source_id = $1 AND state <> 'deleted' LIMIT $2) AS counted";
    SAME_BYTES = concat!("SELECT ", file_columns!(),
        " WHERE f.sha256 = $1 AND f.source_id = $2 AND f.state IN ('indexing', 'indexed') AND NOT (f.events = 0 AND f.expired > 0) ORDER BY f.id LIMIT 1");
    INDEXED = "UPDATE log_file SET state = 'indexed', events = $2, first_at = $3, last_at = $4, report = $5, error = '' WHERE id = $1
        AND state = 'indexing'";
    FAILED = "UPDATE log_file SET state = 'failed', error = $2 WHERE id = $1 AND state = 'indexing'";
    DELETE_FILE = "UPDATE log_file SET state = 'deleted' WHERE id = $1";
    ROWS_OF_SOURCE = "SELECT id FROM log_file WHERE source_id = $1 AND state <> 'deleted' ORDER BY id";
    DELETE_FILES = "UPDATE log_file SET state = 'deleted' WHERE source_id = $1";
}

fn read_source(row: &Row<'_>) -> Result<LogSource> {
    Ok(LogSource {
        id: row.int(0)?,
        name: row.text(1)?,
        created_by: row.text(2)?,
        created_at: row.time(3)?,
        format: row.text(4)?,
        clock_offset: row.int(5)?,
        kept_days: Some(row.int(6)?).filter(|days| *days >= 0),
        files: row.int(7)?,
        indexing: row.int(8)?,
        bytes: row.int(9)?,
    })
}

fn read_file(row: &Row<'_>) -> Result<LogFile> {
    Ok(LogFile {
        id: row.int(0)?,
        public_id: row.text(1)?,
        source: row.int(2)?,
        source_name: row.text(3)?,
        job: row.int(4)?,
        name: row.text(5)?,
        sha256: row.text(6)?,
        bytes: row.int(7)?,
        events: row.int(8)?,
        first_at: row.time(9)?,
        last_at: row.time(10)?,
        state: row.word(11)?,
        report: row.text(12)?,
        error: row.text(13)?,
        created_by: row.text(14)?,
        created_at: row.time(15)?,
        expired: row.int(16)?,
        expired_at: row.time(17)?,
    })
}

/// The source of a name, made if it is not there. One that was deleted is made anew in the same row: nothing that was set for it
/// holds. Tells its row.
///
/// # Errors
/// When the database fails.
pub fn ensure(tx: &mut Tx<'_>, name: &str, stamp: &Stamp) -> Result<i64> {
    let id = tx.query_one(ENSURE, params![name, &stamp.actor, stamp.at], |row| row.int(0))?;
    tx.execute(REVIVE, params![id, &stamp.actor, stamp.at])?;
    Ok(id)
}

/// Remembers how a source's files are to be read.
///
/// # Errors
/// When the database fails.
pub fn remember(tx: &mut Tx<'_>, source: i64, format: &str, clock_offset: i64) -> Result<()> {
    tx.execute(REMEMBER, params![source, format, clock_offset]).map(|_| ())
}

/// Sets how many days a source's events are kept: 0 for good, none as is set for all sources.
///
/// # Errors
/// When the database fails.
pub fn keep(tx: &mut Tx<'_>, source: i64, days: Option<i64>) -> Result<()> {
    tx.execute(KEEP, params![source, days.unwrap_or(-1)]).map(|_| ())
}

/// Notes what retention took of files: the files as they are from then on.
///
/// # Errors
/// When the database fails.
pub fn expired(tx: &mut Tx<'_>, files: &[LogFile]) -> Result<()> {
    let of = |file: &LogFile| [file.id, file.events, file.expired, file.expired_at.micros(), file.first_at.micros(), file.last_at.micros()];
    let rows = crate::engine::to_json(&files.iter().map(of).collect::<Vec<_>>())?;
    let column = |n: usize| match tx.engine() {
        Engine::Sqlite => format!("json_extract(value, '$[{n}]')"),
        Engine::Postgres => format!("CAST(value ->> {n} AS bigint)"),
    };
    let list = match tx.engine() {
        Engine::Sqlite => "json_each($1)",
        Engine::Postgres => "json_array_elements(CAST(CAST($1 AS text) AS json))",
    };
    let sql = format!(
        "UPDATE log_file SET events = v.events, expired = v.expired, expired_at = v.expired_at, first_at = v.first_at, last_at = v.last_at
         FROM (SELECT {} AS id, {} AS events, {} AS expired, {} AS expired_at, {} AS first_at, {} AS last_at FROM {list}) v
         WHERE log_file.id = v.id",
        column(0),
        column(1),
        column(2),
        column(3),
        column(4),
        column(5)
    );
    tx.execute(&sql, params![&rows]).map(|_| ())
}

/// All sources, by name.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<LogSource>> {
    tx.query(LIST, &[], read_source)
}

/// The source of a name.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<LogSource>> {
    tx.query_opt(FIND, params![name], read_source)
}

/// Deletes a source and its files; their rows stay, so that their numbers are never used again. Tells the files' rows,
/// whose batches are to be removed from the log index.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, source: i64, stamp: &Stamp) -> Result<Vec<i64>> {
    let rows = tx.query(ROWS_OF_SOURCE, params![source], |row| row.int(0))?;
    tx.execute(DELETE_FILES, params![source])?;
    tx.execute(DELETE, params![source, stamp.at])?;
    Ok(rows)
}

/// A log file that comes in.
#[derive(Debug, Clone)]
pub struct NewLogFile<'a> {
    /// The source's row.
    pub source: i64,
    /// The file's name.
    pub name: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: &'a str,
    /// How many bytes.
    pub bytes: i64,
}

/// Notes a log file that is to be read, and tells its row and id.
///
/// # Errors
/// When the database fails.
pub fn insert_file(tx: &mut Tx<'_>, file: &NewLogFile<'_>, stamp: &Stamp) -> Result<(i64, String)> {
    let public_id = stamp.uuid("log_file", 0);
    let row = params![&public_id, file.source, file.name, file.sha256, file.bytes, &stamp.actor, stamp.at];
    let id = tx.query_one(INSERT_FILE, row, |row| row.int(0))?;
    Ok((id, public_id))
}

/// Says which job reads a file.
///
/// # Errors
/// When the database fails.
pub fn set_job(tx: &mut Tx<'_>, file: i64, job: i64) -> Result<()> {
    tx.execute(SET_JOB, params![file, job]).map(|_| ())
}

/// The file with an id, unless it was deleted.
///
/// # Errors
/// When the database fails.
pub fn find_file(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<LogFile>> {
    tx.query_opt(FIND_FILE, params![public_id], read_file)
}

/// The file of a row, deleted or not.
///
/// # Errors
/// When the database fails.
pub fn file_by_row(tx: &mut Tx<'_>, id: i64) -> Result<Option<LogFile>> {
    tx.query_opt(FILE_BY_ROW, params![id], read_file)
}

/// The files of these rows, deleted or not.
///
/// # Errors
/// When the database fails.
pub fn files_by_rows(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<LogFile>> {
    let sql = format!("SELECT {} WHERE f.id {}", file_columns!(), ids_in(tx.engine(), 1));
    tx.query(&sql, params![id_list(ids)], read_file)
}

/// A source's files before row `before`, newest first.
///
/// # Errors
/// When the database fails.
pub fn files(tx: &mut Tx<'_>, source: i64, before: i64, limit: u32) -> Result<Vec<LogFile>> {
    tx.query(FILES, params![source, before, i64::from(limit)], read_file)
}

/// How many files a source has, counted up to `at_most`.
///
/// # Errors
/// When the database fails.
pub fn count_files(tx: &mut Tx<'_>, source: i64, at_most: i64) -> Result<i64> {
    tx.query_one(COUNT_FILES, params![source, at_most], |row| row.int(0))
}

/// The file of a source that has these bytes already: being read, or searchable.
///
/// # Errors
/// When the database fails.
pub fn same_bytes(tx: &mut Tx<'_>, sha256: &str, source: i64) -> Result<Option<LogFile>> {
    tx.query_opt(SAME_BYTES, params![sha256, source], read_file)
}

/// Says that a file is searchable from now on.
///
/// # Errors
/// When the database fails.
pub fn indexed(tx: &mut Tx<'_>, file: i64, events: i64, first: Timestamp, last: Timestamp, report: &str) -> Result<bool> {
    Ok(tx.execute(INDEXED, params![file, events, first, last, report])? > 0)
}

/// Says that a file could not be read.
///
/// # Errors
/// When the database fails.
pub fn failed(tx: &mut Tx<'_>, file: i64, error: &str) -> Result<()> {
    tx.execute(FAILED, params![file, error]).map(|_| ())
}

/// Deletes a file; its row stays, so that its number is never used again.
///
/// # Errors
/// When the database fails.
pub fn delete_file(tx: &mut Tx<'_>, file: i64) -> Result<()> {
    tx.execute(DELETE_FILE, params![file]).map(|_| ())
}
