//! Records of every kind, their identities and their relationships.

macro_rules! record_columns {
    () => {
        "r.id, r.public_id, r.kind, r.title, r.category, r.status, r.severity, r.finding, r.owner, r.first_seen, r.last_seen, \
         r.attributes, r.library, r.created_by, r.created_at, r.updated_by, r.updated_at, r.version, r.field_versions, r.field_sources"
    };
}
pub(crate) use record_columns;

pub(crate) mod around;
mod by_kind;
pub(crate) mod import;
mod link;
mod list;
pub(crate) mod original;
mod relationship;
mod reveal;

use std::collections::{BTreeMap, HashMap};

use model::artifact::{Finding, Severity};
use model::kind::{IdentityKey, KeyScheme, NewRecord};
use model::text::{fold, sha256_hex};
use model::{Kind, Stamp, Timestamp};
use serde_json::{Map, Value as Json};

pub use self::around::{Around, HoldingCase, around, cases, held, holders, holders_of, sources, titled};
pub use self::by_kind::{OfKind, by_kind};
pub use self::import::{Imported, add_sources, import_all, replace};
pub use link::{Link, link_versions, links_among, upsert_links};
pub(crate) use list::{MATCH_LIMIT, sort_column, sort_index, sort_key};
pub use list::{RecordFilter, list, matching_ids};
pub use original::{Versioned, original, originals, put_originals, versions};
pub use relationship::{Related, RelatedCount, brought_along, insert_relationships, related, related_counts};
pub use reveal::{Revealed, outside_library, reveal};

use crate::engine::{Row, Tx, Value, id_list, ids_in, insert_rows, params, statements, text_list, texts_in, to_json};
use crate::error::Result;
use crate::known_good;
use crate::visibility::record_visible;

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The kind.
    pub kind: Kind,
    /// What every list shows first.
    pub title: String,
    /// By kind.
    pub category: String,
    /// By kind.
    pub status: String,
    /// How grave.
    pub severity: Severity,
    /// What an analyst thinks of it.
    pub finding: Finding,
    /// Who it belongs to.
    pub owner: String,
    /// First seen in a log, or never.
    pub first_seen: Timestamp,
    /// Last seen in a log, or never.
    pub last_seen: Timestamp,
    /// The kind's own attributes.
    pub attributes: Map<String, Json>,
    /// Whether it arrived openly.
    pub library: bool,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// Counts changes.
    pub version: i64,
    /// The version at which each field was last changed.
    pub field_versions: BTreeMap<String, i64>,
    /// The import source whose word each field is; what is not here was written by hand.
    pub field_sources: BTreeMap<String, String>,
}

/// How many columns [`record_columns`] names.
pub(crate) const RECORD_COLUMNS: usize = 20;

const INSERT_HEAD: &str = "INSERT INTO record (public_id, kind, title, sort_title, category, status, severity, finding, owner, first_seen,
    last_seen, attributes, library, created_by, created_at, updated_by, updated_at, version, field_versions, field_sources, search_text)";
const INSERT_COLUMNS: usize = 21;
/// Rows of one insert: SQLite takes 32,766 parameters.
const INSERT_ROWS: usize = 1_000;

statements! {
    BY_PUBLIC_ID = concat!("SELECT ", record_columns!(), " FROM record r WHERE ", record_visible!("r"), " AND r.public_id = $2");
    SEEN = "UPDATE record SET
        first_seen = CASE WHEN first_seen = 0 OR first_seen > CAST($2 AS bigint) THEN $2 ELSE first_seen END,
        last_seen = CASE WHEN last_seen < CAST($3 AS bigint) THEN $3 ELSE last_seen END WHERE id = $1";
}

/// A row of [`record_columns`].
pub(crate) fn read(row: &Row<'_>) -> Result<Record> {
    Ok(Record {
        id: row.int(0)?,
        public_id: row.text(1)?,
        kind: row.code(2, Kind::from_code)?,
        title: row.text(3)?,
        category: row.text(4)?,
        status: row.text(5)?,
        severity: row.code(6, Severity::from_code)?,
        finding: row.code(7, Finding::from_code)?,
        owner: row.text(8)?,
        first_seen: row.time(9)?,
        last_seen: row.time(10)?,
        attributes: row.json(11)?,
        library: row.flag(12)?,
        created_by: row.text(13)?,
        created_at: row.time(14)?,
        updated_by: row.text(15)?,
        updated_at: row.time(16)?,
        version: row.int(17)?,
        field_versions: row.json(18)?,
        field_sources: row.json(19)?,
    })
}

/// What lists sort by: the folded title's first 80 characters.
#[must_use]
pub fn sort_title(title: &str) -> String {
    fold(title).chars().take(80).collect()
}

/// A key's value as it is stored: long ones by their hash, because an index entry holds about 2.7 kB on PostgreSQL.
pub(crate) fn key_value(value: &str) -> String {
    if value.len() > 600 { format!("sha256:{}", sha256_hex(value.as_bytes())) } else { value.to_owned() }
}

/// A record that is there after [`upsert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted {
    /// The row.
    pub id: i64,
    /// The kind.
    pub kind: Kind,
    /// Whether it is new to the viewer.
    pub created: bool,
}

/// What [`upsert`] did.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The records, each in its place.
    pub records: Vec<Upserted>,
    /// Those that came out of restricted cases, as they were there.
    pub revealed: Vec<Revealed>,
}

/// Stores records, or finds those that are there: by public id when the value decides it. Each comes back in its place.
///
/// With `library`, records arrive openly: those that were seen in restricted cases only become open to all, as they come
/// here (see [`reveal()`]).
///
/// # Errors
/// When the database fails.
pub fn upsert(tx: &mut Tx<'_>, records: &[NewRecord], library: bool, source: &str, stamp: &Stamp) -> Result<Stored> {
    let public_ids: Vec<String> = records
        .iter()
        .enumerate()
        .map(|(n, record)| {
            record.public_id.clone().unwrap_or_else(|| format!("{}--{}", record.kind.spec().id_prefix, stamp.uuid("record", n)))
        })
        .collect();
    let known = known_by_public_id(tx, &public_ids)?;
    let mut fresh: Vec<usize> = Vec::new();
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for (n, public_id) in public_ids.iter().enumerate() {
        if !known.contains_key(public_id) && seen.insert(public_id, ()).is_none() {
            fresh.push(n);
        }
    }
    let inserted = insert(tx, records, &public_ids, &fresh, library, source, stamp)?;
    insert_keys(tx, records, &public_ids, &fresh, &inserted, source)?;
    if fresh.iter().any(|n| records.get(*n).is_some_and(|record| record.kind == Kind::Observable)) {
        known_good::came_in(tx, stamp)?;
    }
    let mut revealed = Vec::new();
    if library {
        let outside = |(record, public_id)| known.get(public_id).filter(|known| !known.library).map(|known| (known.id, record));
        let outside: Vec<(i64, &NewRecord)> = records.iter().zip(&public_ids).filter_map(outside).collect();
        revealed = reveal(tx, &outside, source, stamp)?;
    }
    let outcome = records.iter().zip(&public_ids).map(|(record, public_id)| match (known.get(public_id), inserted.get(public_id)) {
        (Some(known), _) => Ok(Upserted { id: known.id, kind: record.kind, created: !known.visible }),
        (None, Some(id)) => Ok(Upserted { id: *id, kind: record.kind, created: true }),
        (None, None) => Err(crate::StoreError::Missing),
    });
    Ok(Stored { records: outcome.collect::<Result<_>>()?, revealed })
}

struct Known {
    id: i64,
    library: bool,
    visible: bool,
}

fn known_by_public_id(tx: &mut Tx<'_>, public_ids: &[String]) -> Result<HashMap<String, Known>> {
    let sql = format!(
        "SELECT r.id, r.public_id, r.library, CASE WHEN {} THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END
         FROM record r WHERE r.public_id {}",
        record_visible!("r"),
        texts_in(tx.engine(), 2)
    );
    let rows = tx.query(&sql, params![tx.viewer(), text_list(public_ids)], |row| {
        Ok((row.text(1)?, Known { id: row.int(0)?, library: row.flag(2)?, visible: row.flag(3)? }))
    })?;
    Ok(rows.into_iter().collect())
}

fn insert(
    tx: &mut Tx<'_>,
    records: &[NewRecord],
    public_ids: &[String],
    fresh: &[usize],
    library: bool,
    source: &str,
    stamp: &Stamp,
) -> Result<HashMap<String, i64>> {
    let mut inserted = HashMap::with_capacity(fresh.len());
    for chunk in fresh.chunks(INSERT_ROWS) {
        let mut values = Vec::with_capacity(chunk.len() * INSERT_COLUMNS);
        for (record, public_id) in chunk.iter().filter_map(|n| Some((records.get(*n)?, public_ids.get(*n)?))) {
            values.extend([
                Value::from(public_id),
                record.kind.code().into(),
                (&record.title).into(),
                sort_title(&record.title).into(),
                (&record.category).into(),
                (&record.status).into(),
                record.severity.code().into(),
                record.finding.code().into(),
                (&record.owner).into(),
                record.first_seen.into(),
                record.last_seen.into(),
                to_json(&record.attributes)?.into(),
                library.into(),
                (&stamp.actor).into(),
                stamp.at.into(),
                (&stamp.actor).into(),
                stamp.at.into(),
                1_i64.into(),
                "{}".into(),
                to_json(&told_by(record, source))?.into(),
                (&record.search_text).into(),
            ]);
        }
        let rows = crate::engine::value_rows(chunk.len(), INSERT_COLUMNS);
        let sql = format!("{INSERT_HEAD} VALUES {rows} RETURNING id, public_id");
        inserted.extend(tx.query(&sql, &values, |row| Ok((row.text(1)?, row.int(0)?)))?);
    }
    Ok(inserted)
}

/// The fields that are a source's word: those that it gave. What comes by hand is nobody's but the writer's.
fn told_by(record: &NewRecord, source: &str) -> BTreeMap<String, String> {
    if source.is_empty() || record.kind == Kind::Observable {
        return BTreeMap::new();
    }
    let given = |value: &Json| match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => true,
    };
    let fields = record.fields();
    fields.into_iter().filter(|(_, value)| given(value)).map(|(name, _)| (name, source.to_owned())).collect()
}

fn insert_keys(
    tx: &mut Tx<'_>,
    records: &[NewRecord],
    public_ids: &[String],
    fresh: &[usize],
    ids: &HashMap<String, i64>,
    source: &str,
) -> Result<()> {
    let mut values = Vec::new();
    for (record, id) in fresh.iter().filter_map(|n| Some((records.get(*n)?, *ids.get(public_ids.get(*n)?)?))) {
        push_keys(&mut values, id, record.kind, &record.keys, source);
    }
    insert_rows(tx, KEY_HEAD, KEY_COLUMNS, &values, "ON CONFLICT DO NOTHING")?;
    Ok(())
}

const KEY_HEAD: &str = "INSERT INTO record_key (scheme, value, record_id, kind, source)";
const KEY_COLUMNS: usize = 5;

fn push_keys<'a>(values: &mut Vec<Value<'a>>, id: i64, kind: Kind, keys: &[IdentityKey], source: &'a str) {
    for key in keys {
        values.extend([key.scheme.code().into(), key_value(&key.value).into(), id.into(), kind.code().into(), source.into()]);
    }
}

/// Widens the span in which a record was seen.
///
/// # Errors
/// When the database fails.
pub fn seen(tx: &mut Tx<'_>, record: i64, first: Timestamp, last: Timestamp) -> Result<()> {
    tx.execute(SEEN, params![record, first, last]).map(|_| ())
}

/// The record with a public id, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Record>> {
    tx.query_opt(BY_PUBLIC_ID, params![tx.viewer(), public_id], read)
}

/// The records with these public ids that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn find_all(tx: &mut Tx<'_>, public_ids: &[String]) -> Result<Vec<Record>> {
    let sql =
        format!("SELECT {} FROM record r WHERE {} AND r.public_id {}", record_columns!(), record_visible!("r"), texts_in(tx.engine(), 2));
    tx.query(&sql, params![tx.viewer(), text_list(public_ids)], read)
}

/// The records of these rows that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn find_by_rows(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Record>> {
    let sql = format!("SELECT {} FROM record r WHERE {} AND r.id {}", record_columns!(), record_visible!("r"), ids_in(tx.engine(), 2));
    tx.query(&sql, params![tx.viewer(), id_list(ids)], read)
}

/// A record found by an identity.
#[derive(Debug, Clone)]
pub struct Identified {
    /// The scheme by which it was found.
    pub scheme: KeyScheme,
    /// The value by which it was found.
    pub value: String,
    /// Where this identity was told; empty for "by hand".
    pub source: String,
    /// The record.
    pub record: Record,
}

/// Records of a kind that carry any of these identities and that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn identified(tx: &mut Tx<'_>, kind: Kind, keys: &[IdentityKey]) -> Result<Vec<Identified>> {
    let mut by_scheme: BTreeMap<KeyScheme, BTreeMap<String, &str>> = BTreeMap::new();
    for key in keys {
        by_scheme.entry(key.scheme).or_default().insert(key_value(&key.value), &key.value);
    }
    let sql = format!(
        "SELECT {}, k.value, k.source FROM record_key k JOIN record r ON r.id = k.record_id WHERE {} AND k.scheme = $2 AND k.kind = $3
         AND k.value {} ORDER BY r.id",
        record_columns!(),
        record_visible!("r"),
        texts_in(tx.engine(), 4)
    );
    let mut found = Vec::new();
    // One statement a scheme, of which there are seven.
    for (scheme, values) in by_scheme {
        let params = params![tx.viewer(), scheme.code(), kind.code(), text_list(values.keys())];
        found.extend(tx.query(&sql, params, |row| {
            let stored = row.text(RECORD_COLUMNS)?;
            Ok(Identified {
                scheme,
                value: values.get(&stored).map_or(stored, |asked| (*asked).to_owned()),
                source: row.text(RECORD_COLUMNS + 1)?,
                record: read(row)?,
            })
        })?);
    }
    Ok(found)
}
