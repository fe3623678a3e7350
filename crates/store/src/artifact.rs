//! Records in cases, where they came from, and whether they count.

mod holds;
mod list;
mod status;

use model::artifact::{ExclusionReason, OriginKind, Status};
use model::{Kind, Stamp, Timestamp};

pub use list::{Artifact, ArtifactFilter, decorate, list, matching_ids};
pub use status::{StatusChange, readd, restore, set_status, undo_add};

use crate::engine::{Tx, Value, case_rows_in, id_list, insert_rows, params, statements};
use crate::error::Result;

statements! {
    COUNTS = "SELECT kind, status, count FROM artifact_count WHERE case_id = $1 AND count > 0 ORDER BY kind, status";
    ADJUST_COUNT = "INSERT INTO artifact_count (case_id, kind, status, count) VALUES ($1, $2, $3, $4)
        ON CONFLICT (case_id, kind, status) DO UPDATE SET count = artifact_count.count + excluded.count";
    LAST_ID = "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM artifact";
    ORIGINS = "SELECT origin, ref, title, detail, added_by, added_at FROM artifact_origin
        WHERE case_id = $1 AND record_id = $2 AND undone_by = 0 ORDER BY id";
    FIND = "SELECT status, reason, comment, status_by, status_at, added_by, added_at FROM artifact WHERE case_id = $1 AND record_id = $2";
    INCLUDED_OBSERVABLES = "SELECT record_id FROM artifact WHERE case_id = $1 AND kind = $2 AND status = 1 ORDER BY record_id";
}

/// How many artifacts of a kind and status a case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The kind.
    pub kind: Kind,
    /// The status.
    pub status: Status,
    /// How many.
    pub count: i64,
}

/// Where an artifact came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// How it came.
    pub kind: OriginKind,
    /// From what: a record's, document's or search's public id; may be empty.
    pub reference: String,
    /// What that is called.
    pub title: String,
    /// Where in it: `offset 1,042`; may be empty.
    pub detail: String,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// A record's standing in one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether it counts.
    pub status: Status,
    /// Why it was excluded.
    pub reason: Option<ExclusionReason>,
    /// In the analyst's words.
    pub comment: String,
    /// Who excluded or included it.
    pub status_by: String,
    /// When.
    pub status_at: Timestamp,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// What adding did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// Rows of records that came in.
    pub added: Vec<i64>,
    /// Rows of records that were in already, and included.
    pub already: Vec<i64>,
    /// Rows of records that were in already, and stay excluded.
    pub excluded: Vec<i64>,
}

/// Puts records into a case under an operation. What is there already is left as it is.
///
/// # Errors
/// When the database fails.
pub fn add(tx: &mut Tx<'_>, case: i64, records: &[(i64, Kind)], operation: i64, stamp: &Stamp) -> Result<Added> {
    let ids: Vec<i64> = records.iter().map(|(id, _)| *id).collect();
    let sql = format!("SELECT record_id, status FROM artifact WHERE {}", case_rows_in(tx.engine(), 1, 2));
    let known: std::collections::HashMap<i64, Status> =
        tx.query(&sql, params![case, id_list(&ids)], |row| Ok((row.int(0)?, row.code(1, Status::from_code)?)))?.into_iter().collect();
    let mut outcome = Added::default();
    let mut values = Vec::new();
    let mut before = Vec::new();
    let mut counts = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (id, kind) in records {
        if !seen.insert(*id) {
            continue;
        }
        match known.get(id) {
            Some(Status::Included) => outcome.already.push(*id),
            Some(Status::Excluded) => outcome.excluded.push(*id),
            None => {
                values.extend([
                    Value::from(case),
                    (*id).into(),
                    kind.code().into(),
                    Status::Included.code().into(),
                    "".into(),
                    "".into(),
                    (&stamp.actor).into(),
                    stamp.at.into(),
                    (&stamp.actor).into(),
                    stamp.at.into(),
                    operation.into(),
                ]);
                before.extend([Value::from(operation), (*id).into(), 0.into(), "".into(), "".into(), "".into(), 0.into(), 0.into()]);
                counts.push((*kind, Status::Included, 1));
                outcome.added.push(*id);
            }
        }
    }
    insert_rows(tx, ARTIFACT_HEAD, 11, &values, "")?;
    insert_rows(tx, BEFORE_HEAD, 8, &before, "ON CONFLICT DO NOTHING")?;
    adjust_counts(tx, case, counts)?;
    Ok(outcome)
}

pub(crate) const ARTIFACT_HEAD: &str = "INSERT INTO artifact (case_id, record_id, kind, status, reason, comment, status_by, status_at,
    added_by, added_at, last_operation)";
/// What a row was before an operation; status 0 says that it was not there.
pub(crate) const BEFORE_HEAD: &str =
    "INSERT INTO operation_row (operation_id, record_id, status, reason, comment, status_by, status_at, last_operation)";

/// Says where records of a case came from; the same origin is kept once.
///
/// # Errors
/// When the database fails.
pub fn add_origins(tx: &mut Tx<'_>, case: i64, origins: &[(i64, Origin)], operation: i64) -> Result<()> {
    let mut values = Vec::with_capacity(origins.len() * 10);
    // One statement may not meet the same row twice.
    let mut seen = std::collections::HashSet::new();
    for (record, origin) in origins {
        if !seen.insert((record, origin.kind, &origin.reference, &origin.detail)) {
            continue;
        }
        values.extend([
            Value::from(case),
            (*record).into(),
            origin.kind.as_str().into(),
            (&origin.reference).into(),
            (&origin.title).into(),
            (&origin.detail).into(),
            (&origin.added_by).into(),
            origin.added_at.into(),
            operation.into(),
            0.into(),
        ]);
    }
    let head = "INSERT INTO artifact_origin (case_id, record_id, origin, ref, title, detail, added_by, added_at, operation, undone_by)";
    // The same origin again, after an undo, is back, and belongs to the operation that brought it back.
    let tail = "ON CONFLICT (case_id, record_id, origin, ref, detail) DO UPDATE SET undone_by = 0,
        operation = CASE WHEN artifact_origin.undone_by = 0 THEN artifact_origin.operation ELSE excluded.operation END";
    insert_rows(tx, head, 10, &values, tail)?;
    Ok(())
}

/// How many artifacts a case has, by kind and status.
///
/// # Errors
/// When the database fails.
pub fn counts(tx: &mut Tx<'_>, case: i64) -> Result<Vec<Count>> {
    tx.query(COUNTS, params![case], |row| {
        Ok(Count { kind: row.code(0, Kind::from_code)?, status: row.code(1, Status::from_code)?, count: row.int(2)? })
    })
}

/// Adds or takes away what came into a case or left it, once for each kind and status.
pub(crate) fn adjust_counts(tx: &mut Tx<'_>, case: i64, moved: impl IntoIterator<Item = (Kind, Status, i64)>) -> Result<()> {
    let mut by: std::collections::BTreeMap<(Kind, Status), i64> = std::collections::BTreeMap::new();
    for (kind, status, count) in moved {
        *by.entry((kind, status)).or_default() += count;
    }
    for ((kind, status), count) in by.into_iter().filter(|(_, count)| *count != 0) {
        adjust_count(tx, case, kind, status, count)?;
    }
    Ok(())
}

fn adjust_count(tx: &mut Tx<'_>, case: i64, kind: Kind, status: Status, by: i64) -> Result<()> {
    tx.execute(ADJUST_COUNT, params![case, kind.code(), status.code(), by]).map(|_| ())
}

/// The highest artifact row: a list answer's `as_of`.
///
/// # Errors
/// When the database fails.
pub fn last_id(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(LAST_ID, &[], |row| row.int(0))
}

/// Where a record of a case came from, oldest first.
///
/// # Errors
/// When the database fails.
pub fn origins(tx: &mut Tx<'_>, case: i64, record: i64) -> Result<Vec<Origin>> {
    tx.query(ORIGINS, params![case, record], |row| read_origin(row, 0))
}

pub(crate) fn read_origin(row: &crate::engine::Row<'_>, at: usize) -> Result<Origin> {
    Ok(Origin {
        kind: row.word(at)?,
        reference: row.text(at + 1)?,
        title: row.text(at + 2)?,
        detail: row.text(at + 3)?,
        added_by: row.text(at + 4)?,
        added_at: row.time(at + 5)?,
    })
}

/// A record's standing in a case that the caller has found.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, case: i64, record: i64) -> Result<Option<Standing>> {
    tx.query_opt(FIND, params![case, record], |row| {
        Ok(Standing {
            status: row.code(0, Status::from_code)?,
            reason: row.text(1)?.parse().ok(),
            comment: row.text(2)?,
            status_by: row.text(3)?,
            status_at: row.time(4)?,
            added_by: row.text(5)?,
            added_at: row.time(6)?,
        })
    })
}

/// The rows of a case's included records of a kind.
///
/// # Errors
/// When the database fails.
pub fn included(tx: &mut Tx<'_>, case: i64, kind: Kind) -> Result<Vec<i64>> {
    tx.query(INCLUDED_OBSERVABLES, params![case, kind.code()], |row| row.int(0))
}

/// Which of these records are in the case.
///
/// # Errors
/// When the database fails.
pub fn among(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<Vec<i64>> {
    let sql = format!("SELECT record_id FROM artifact WHERE {}", case_rows_in(tx.engine(), 1, 2));
    tx.query(&sql, params![case, id_list(records)], |row| row.int(0))
}

/// How those of these records that are in the case stand there.
///
/// # Errors
/// When the database fails.
pub fn statuses(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<Vec<(i64, Status)>> {
    let sql = format!("SELECT record_id, status FROM artifact WHERE {}", case_rows_in(tx.engine(), 1, 2));
    tx.query(&sql, params![case, id_list(records)], |row| Ok((row.int(0)?, row.code(1, Status::from_code)?)))
}
