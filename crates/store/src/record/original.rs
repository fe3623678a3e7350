//! Objects of documents as they came.

use std::collections::HashMap;

use model::Timestamp;

use super::{RECORD_COLUMNS, Record, read};
use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, statements, text_list, texts_in};
use crate::error::Result;
use crate::visibility::record_visible;

/// A record with the version in which its source told of it last.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The record.
    pub record: Record,
    /// When its source made that version; never, when no source gave it a version.
    pub modified: Timestamp,
}

statements! {
    ORIGINAL = "SELECT original FROM record_original WHERE record_id = $1";
}

/// The records with these public ids that the viewer may know of, each with its version.
///
/// # Errors
/// When the database fails.
pub fn versions(tx: &mut Tx<'_>, public_ids: &[String]) -> Result<HashMap<String, Versioned>> {
    let sql = format!(
        "SELECT {}, CAST(coalesce(o.modified_at, 0) AS bigint) FROM record r LEFT JOIN record_original o ON o.record_id = r.id
         WHERE {} AND r.public_id {}",
        record_columns!(),
        record_visible!("r"),
        texts_in(tx.engine(), 2)
    );
    let rows = tx.query(&sql, params![tx.viewer(), text_list(public_ids)], |row| {
        Ok(Versioned { record: read(row)?, modified: row.time(RECORD_COLUMNS)? })
    })?;
    Ok(rows.into_iter().map(|known| (known.record.public_id.clone(), known)).collect())
}

/// Keeps objects as they came, each at most once: record row, version, text.
///
/// # Errors
/// When the database fails.
pub fn put_originals(tx: &mut Tx<'_>, originals: &[(i64, Timestamp, &str)]) -> Result<()> {
    let mut values = Vec::with_capacity(originals.len() * 3);
    for (record, modified, original) in originals {
        values.extend([Value::from(*record), (*modified).into(), (*original).into()]);
    }
    let tail = "ON CONFLICT (record_id) DO UPDATE SET modified_at = excluded.modified_at, original = excluded.original";
    insert_rows(tx, "INSERT INTO record_original (record_id, modified_at, original)", 3, &values, tail)?;
    Ok(())
}

/// The object that a record came as, if it came in a document. The caller has found the record, and so may know of it.
///
/// # Errors
/// When the database fails.
pub fn original(tx: &mut Tx<'_>, record: i64) -> Result<Option<String>> {
    tx.query_opt(ORIGINAL, params![record], |row| row.text(0))
}

/// The objects that these records came as; those that came in no document are not in the answer.
///
/// # Errors
/// When the database fails.
pub fn originals(tx: &mut Tx<'_>, records: &[i64]) -> Result<HashMap<i64, String>> {
    let sql = format!("SELECT record_id, original FROM record_original WHERE record_id {}", ids_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![id_list(records)], |row| Ok((row.int(0)?, row.text(1)?)))?.into_iter().collect())
}
