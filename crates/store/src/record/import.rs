//! Writing records anew: one that was changed by hand, and many that an import changed.

use model::kind::{IdentityKey, KeyScheme, NewRecord};
use model::{Kind, Stamp, Timestamp};

use super::{KEY_COLUMNS, KEY_HEAD, Record, push_keys, sort_title};
use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, statements, to_json};
use crate::error::Result;

statements! {
    UPDATE_BY_HAND = "UPDATE record SET title = $2, sort_title = $3, category = $4, status = $5, severity = $6, finding = $7, owner = $8,
        attributes = $9, updated_by = $10, updated_at = $11, version = $12, field_versions = $13, field_sources = $14,
        search_text = $15, first_seen = $16, last_seen = $17 WHERE id = $1";
    DELETE_OLD_KEYS = "DELETE FROM record_key WHERE record_id = $1 AND (scheme <> $2 OR source = '')";
}

/// Writes a record's fields as they are given by hand, with `record`'s version, and its identities anew: what a person took
/// out no longer identifies, whoever told it.
///
/// # Errors
/// When the database fails.
pub fn replace(tx: &mut Tx<'_>, record: &Record, content: &NewRecord) -> Result<()> {
    let (first_seen, last_seen) = seen(record, content);
    let row = params![
        record.id,
        &content.title,
        sort_title(&content.title),
        &content.category,
        &content.status,
        content.severity.code(),
        content.finding.code(),
        &content.owner,
        to_json(&content.attributes)?,
        &record.updated_by,
        record.updated_at,
        record.version,
        to_json(&record.field_versions)?,
        to_json(&record.field_sources)?,
        &content.search_text,
        first_seen,
        last_seen,
    ];
    tx.execute(UPDATE_BY_HAND, row)?;
    // By their own natural keys, sources go on knowing the record.
    tx.execute(DELETE_OLD_KEYS, params![record.id, KeyScheme::Natural.code()])?;
    let mut values = Vec::new();
    push_keys(&mut values, record.id, record.kind, &content.keys, "");
    insert_rows(tx, KEY_HEAD, KEY_COLUMNS, &values, "ON CONFLICT DO NOTHING")?;
    Ok(())
}

/// A known record as an import leaves it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The record, with the version, times and sources of fields that it is to have.
    pub record: Record,
    /// Its fields as they are to be.
    pub content: NewRecord,
}

const IMPORT_HEAD: &str = "INSERT INTO record (id, public_id, kind, title, sort_title, category, status, severity, finding, owner,
    first_seen, last_seen, attributes, library, created_by, created_at, updated_by, updated_at, version, field_versions, field_sources,
    search_text)";
const IMPORT_COLUMNS: usize = 22;
/// Every row is there, so that each insert becomes an update: many rows in one statement, on both engines.
const IMPORT_TAIL: &str = "ON CONFLICT (id) DO UPDATE SET title = excluded.title, sort_title = excluded.sort_title,
    category = excluded.category, status = excluded.status, severity = excluded.severity, finding = excluded.finding,
    owner = excluded.owner, attributes = excluded.attributes, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
    updated_by = excluded.updated_by, updated_at = excluded.updated_at, version = excluded.version, field_versions = excluded.field_versions, field_sources = excluded.field_sources,
    search_text = excluded.search_text";
/// All columns that can differ, of a record that comes into the open.
pub(super) const REVEAL_TAIL: &str = "ON CONFLICT (id) DO UPDATE SET title = excluded.title, sort_title = excluded.sort_title,
    category = excluded.category, status = excluded.status, severity = excluded.severity, finding = excluded.finding,
    owner = excluded.owner, first_seen = excluded.first_seen, last_seen = excluded.last_seen, attributes = excluded.attributes,
    library = excluded.library, created_by = excluded.created_by, created_at = excluded.created_at,
    updated_by = excluded.updated_by, updated_at = excluded.updated_at, version = excluded.version,
    field_versions = excluded.field_versions, field_sources = excluded.field_sources, search_text = excluded.search_text";

/// When a record was first and last seen: of observables the logs tell, of all others their source.
fn seen(record: &Record, content: &NewRecord) -> (Timestamp, Timestamp) {
    if record.kind == Kind::Observable { (record.first_seen, record.last_seen) } else { (content.first_seen, content.last_seen) }
}

/// Writes what an import changed in records that are there, each at most once.
///
/// # Errors
/// When the database fails.
pub fn import_all(tx: &mut Tx<'_>, changed: &[Imported]) -> Result<()> {
    write_all(tx, changed, IMPORT_TAIL)
}

/// Writes records that are there, each at most once; the tail says which columns are taken.
pub(super) fn write_all(tx: &mut Tx<'_>, changed: &[Imported], tail: &str) -> Result<()> {
    let mut values = Vec::with_capacity(changed.len() * IMPORT_COLUMNS);
    for Imported { record, content } in changed {
        let (first_seen, last_seen) = seen(record, content);
        values.extend([
            Value::from(record.id),
            (&record.public_id).into(),
            record.kind.code().into(),
            (&content.title).into(),
            sort_title(&content.title).into(),
            (&content.category).into(),
            (&content.status).into(),
            content.severity.code().into(),
            content.finding.code().into(),
            (&content.owner).into(),
            first_seen.into(),
            last_seen.into(),
            to_json(&content.attributes)?.into(),
            record.library.into(),
            (&record.created_by).into(),
            record.created_at.into(),
            (&record.updated_by).into(),
            record.updated_at.into(),
            record.version.into(),
            to_json(&record.field_versions)?.into(),
            to_json(&record.field_sources)?.into(),
            (&content.search_text).into(),
        ]);
    }
    insert_rows(tx, IMPORT_HEAD, IMPORT_COLUMNS, &values, tail)?;
    Ok(())
}

/// Says that a source told of records, by these identities; what it told of them before no longer identifies.
///
/// # Errors
/// When the database fails.
pub fn add_sources(tx: &mut Tx<'_>, records: &[(i64, Kind, &[IdentityKey])], source: &str, stamp: &Stamp) -> Result<()> {
    let mut sources = Vec::with_capacity(records.len() * 3);
    let mut keys = Vec::new();
    for (id, kind, identities) in records {
        sources.extend([Value::from(*id), source.into(), stamp.at.into()]);
        push_keys(&mut keys, *id, *kind, identities, source);
    }
    insert_rows(tx, "INSERT INTO record_source (record_id, source, at)", 3, &sources, "ON CONFLICT DO NOTHING")?;
    let ids: Vec<i64> = records.iter().map(|(id, ..)| *id).collect();
    let sql = format!("DELETE FROM record_key WHERE source = $1 AND record_id {}", ids_in(tx.engine(), 2));
    tx.execute(&sql, params![source, id_list(&ids)])?;
    insert_rows(tx, KEY_HEAD, KEY_COLUMNS, &keys, "ON CONFLICT DO NOTHING")?;
    Ok(())
}
