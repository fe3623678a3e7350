//! Exclusion and its undoing. Nothing is deleted: what a row was is kept with the operation that changed it.

use model::artifact::Status;
use model::{Kind, Stamp};

use super::{ARTIFACT_HEAD, BEFORE_HEAD, adjust_counts};
use crate::engine::{Tx, Value, case_rows_in, id_list, ids_in, insert_rows, operation_rows_in, params};
use crate::error::Result;

/// What artifacts become.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// Whether they count from now on.
    pub status: Status,
    /// The reason's word; empty when included.
    pub reason: String,
    /// In the analyst's words.
    pub comment: String,
}

/// Sets the status of those of the records that do not have it yet, under an operation. Tells how many changed.
///
/// # Errors
/// When the database fails.
pub fn set_status(tx: &mut Tx<'_>, case: i64, records: &[i64], change: &StatusChange, operation: i64, stamp: &Stamp) -> Result<u64> {
    let among = case_rows_in(tx.engine(), 2, 4);
    let keep = format!(
        "INSERT INTO operation_row (operation_id, record_id, status, reason, comment, status_by, status_at, last_operation)
         SELECT CAST($1 AS bigint), record_id, status, reason, comment, status_by, status_at, last_operation FROM artifact
         WHERE {among} AND status <> $3 ON CONFLICT DO NOTHING"
    );
    let list = id_list(records);
    let changed = tx.execute(&keep, params![operation, case, change.status.code(), &list])?;
    let moved = format!(
        "SELECT kind, status, CAST(count(*) AS bigint) FROM artifact WHERE {} AND status <> $2 GROUP BY kind, status",
        case_rows_in(tx.engine(), 1, 3)
    );
    let moved = tx.query(&moved, params![case, change.status.code(), &list], |row| {
        Ok((row.code(0, Kind::from_code)?, row.code(1, Status::from_code)?, row.int(2)?))
    })?;
    let set = format!(
        "UPDATE artifact SET status = $1, reason = $2, comment = $3, status_by = $4, status_at = $5, last_operation = $6
         WHERE {} AND status <> $1",
        case_rows_in(tx.engine(), 7, 8)
    );
    let row = params![change.status.code(), &change.reason, &change.comment, &stamp.actor, stamp.at, operation, case, &list];
    tx.execute(&set, row)?;
    let moves = moved.into_iter().flat_map(|(kind, from, count)| [(kind, from, -count), (kind, change.status, count)]);
    adjust_counts(tx, case, moves)?;
    Ok(changed)
}

/// Puts artifacts back to what they were before `undone`, under the operation `undo`, where they are still as `undone`
/// left them. Tells which were restored.
///
/// # Errors
/// When the database fails.
pub fn restore(tx: &mut Tx<'_>, case: i64, undone: i64, undo: i64, records: &[i64]) -> Result<Vec<i64>> {
    let mine = format!(
        "SELECT w.record_id, a.kind, a.status, w.status FROM operation_row w JOIN artifact a ON a.record_id = w.record_id AND a.case_id = $1
         WHERE {} AND w.status > 0 AND a.last_operation = $2",
        operation_rows_in(tx.engine(), 2, 3)
    );
    let rows = tx.query(&mine, params![case, undone, id_list(records)], |row| {
        Ok((row.int(0)?, row.code(1, Kind::from_code)?, row.code(2, Status::from_code)?, row.code(3, Status::from_code)?))
    })?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let list = id_list(&ids);
    let keep = format!(
        "INSERT INTO operation_row (operation_id, record_id, status, reason, comment, status_by, status_at, last_operation)
         SELECT CAST($1 AS bigint), record_id, status, reason, comment, status_by, status_at, last_operation FROM artifact
         WHERE {} ON CONFLICT DO NOTHING",
        case_rows_in(tx.engine(), 2, 3)
    );
    tx.execute(&keep, params![undo, case, &list])?;
    let set = format!(
        "UPDATE artifact SET (status, reason, comment, status_by, status_at) =
            (SELECT w.status, w.reason, w.comment, w.status_by, w.status_at FROM operation_row w
             WHERE w.operation_id = $1 AND w.record_id = artifact.record_id),
         last_operation = $2 WHERE {}",
        case_rows_in(tx.engine(), 3, 4)
    );
    tx.execute(&set, params![undone, undo, case, &list])?;
    adjust_counts(tx, case, rows.into_iter().flat_map(|(_, kind, from, to)| [(kind, from, -1), (kind, to, 1)]))?;
    Ok(ids)
}

/// Takes what an operation added out of the case again, unless it was touched or annotated since. Tells which went.
///
/// # Errors
/// When the database fails.
pub fn undo_add(tx: &mut Tx<'_>, case: i64, undone: i64, undo: i64, records: &[i64]) -> Result<Vec<i64>> {
    let mine = format!(
        "SELECT a.record_id, a.kind, a.status FROM operation_row w JOIN artifact a ON a.record_id = w.record_id AND a.case_id = $1
         WHERE {} AND w.status = 0 AND a.last_operation = $2
         AND NOT EXISTS (SELECT 1 FROM annotation n WHERE n.record_id = a.record_id AND n.case_id = a.case_id AND n.withdrawn_at = 0)",
        operation_rows_in(tx.engine(), 2, 3)
    );
    let rows = tx.query(&mine, params![case, undone, id_list(records)], |row| {
        Ok((row.int(0)?, row.code(1, Kind::from_code)?, row.code(2, Status::from_code)?))
    })?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let list = id_list(&ids);
    let keep = format!(
        "INSERT INTO operation_row (operation_id, record_id, status, reason, comment, status_by, status_at, last_operation)
         SELECT CAST($1 AS bigint), record_id, status, reason, comment, status_by, status_at, last_operation FROM artifact
         WHERE {} ON CONFLICT DO NOTHING",
        case_rows_in(tx.engine(), 2, 3)
    );
    tx.execute(&keep, params![undo, case, &list])?;
    let delete = format!("DELETE FROM artifact WHERE {}", case_rows_in(tx.engine(), 1, 2));
    tx.execute(&delete, params![case, &list])?;
    // What stays in the case keeps its origins.
    let hide =
        format!("UPDATE artifact_origin SET undone_by = $1 WHERE case_id = $2 AND operation = $3 AND record_id {}", ids_in(tx.engine(), 4));
    tx.execute(&hide, params![undo, case, undone, &list])?;
    adjust_counts(tx, case, rows.into_iter().map(|(_, kind, status)| (kind, status, -1)))?;
    Ok(ids)
}

/// Puts back what an undo had taken out of the case, where it is still out. Tells which came back.
///
/// # Errors
/// When the database fails.
pub fn readd(tx: &mut Tx<'_>, case: i64, undone: i64, undo: i64, records: &[i64], stamp: &Stamp) -> Result<Vec<i64>> {
    let gone = format!(
        "SELECT w.record_id, r.kind, w.status FROM operation_row w JOIN record r ON r.id = w.record_id
         WHERE {} AND w.status > 0
         AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.case_id = $2 AND a.record_id = w.record_id)",
        operation_rows_in(tx.engine(), 1, 3)
    );
    let rows = tx.query(&gone, params![undone, case, id_list(records)], |row| {
        Ok((row.int(0)?, row.code(1, Kind::from_code)?, row.code(2, Status::from_code)?))
    })?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let list = id_list(&ids);
    let insert = format!(
        "{ARTIFACT_HEAD} SELECT CAST($1 AS bigint), w.record_id, r.kind, w.status, w.reason, w.comment, w.status_by, w.status_at,
         CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS bigint)
         FROM operation_row w JOIN record r ON r.id = w.record_id WHERE {}",
        operation_rows_in(tx.engine(), 5, 6)
    );
    tx.execute(&insert, params![case, &stamp.actor, stamp.at, undo, undone, &list])?;
    let mut before = Vec::with_capacity(ids.len() * 8);
    for id in &ids {
        before.extend([Value::from(undo), (*id).into(), 0.into(), "".into(), "".into(), "".into(), 0.into(), 0.into()]);
    }
    insert_rows(tx, BEFORE_HEAD, 8, &before, "ON CONFLICT DO NOTHING")?;
    // They belong to the operation that brought them back: undoing that one hides them again.
    let show = format!(
        "UPDATE artifact_origin SET undone_by = 0, operation = $1 WHERE case_id = $2 AND undone_by = $3 AND record_id {}",
        ids_in(tx.engine(), 4)
    );
    tx.execute(&show, params![undo, case, undone, &list])?;
    adjust_counts(tx, case, rows.into_iter().map(|(_, kind, status)| (kind, status, 1)))?;
    Ok(ids)
}
