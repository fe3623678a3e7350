//! Machines and accounts that the logs name, and in which searches and with which observables they were seen: so that the
//! details of a configuration item or user can tell it without reading any result.
//!
//! Names are kept as the logs write them, each once, with the identities that they may stand for. Who that is, is looked up
//! when it is shown, as whoever looks.

use std::collections::{BTreeMap, HashMap};

use model::Timestamp;
use model::kind::IdentityKey;

use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, statements, text_list, texts_in};
use crate::error::Result;
use crate::record::{self, RECORD_COLUMNS, Record, key_value, record_columns};
use crate::visibility::case_visible;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A machine.
    Host,
    /// An account.
    Account,
}

impl Named {
    fn code(self) -> i64 {
        match self {
            Self::Host => 1,
            Self::Account => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Host),
            2 => Some(Self::Account),
            _ => None,
        }
    }
}

/// A machine or account in the events that hold an observable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenName {
    /// What it is.
    pub what: Named,
    /// As the logs write it.
    pub name: String,
    /// What it may be known by.
    pub keys: Vec<IdentityKey>,
    /// The observable's row.
    pub record: i64,
    /// In how many events.
    pub count: i64,
}

/// A name of the logs that a record may go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedName {
    /// The row.
    pub id: i64,
    /// As the logs write it.
    pub name: String,
}

/// An observable that a search saw together with a name.
#[derive(Debug, Clone)]
pub struct SeenWith {
    /// The observable.
    pub record: Record,
    /// The search's row.
    pub search: i64,
    /// The name's row.
    pub name: i64,
    /// In how many events the two stand together.
    pub count: i64,
    /// When the search saw the observable first, on whatever machine; or never.
    pub first_at: Timestamp,
    /// When last; or never.
    pub last_at: Timestamp,
}

statements! {
    FORGET = "DELETE FROM sighting_name WHERE search_id = $1 AND record_id BETWEEN $2 AND $3";
    NAMES_OF = "SELECT DISTINCT n.id, n.name FROM record_key k JOIN logged_name_key m ON m.scheme = k.scheme AND m.value = k.value
        JOIN logged_name n ON n.id = m.name_id WHERE k.record_id = $1 AND n.what = $2 ORDER BY n.id DESC LIMIT $3";
}

/// Adds names that a search saw. What is told of one name and observable several times, by several sources, is added up.
///
/// # Errors
/// When the database fails.
pub fn add_names(tx: &mut Tx<'_>, search: i64, seen: &[SeenName]) -> Result<()> {
    let mut counts: BTreeMap<(Named, &str, i64), i64> = BTreeMap::new();
    let mut keys: BTreeMap<(Named, &str), &[IdentityKey]> = BTreeMap::new();
    for one in seen {
        let count = counts.entry((one.what, &one.name, one.record)).or_default();
        *count = count.saturating_add(one.count);
        keys.insert((one.what, &one.name), &one.keys);
    }
    let rows = rows_of_names(tx, &keys)?;
    let mut values = Vec::with_capacity(counts.len() * 4);
    for ((what, name, record), count) in counts {
        if let Some(row) = rows.get(&(what, name)) {
            values.extend([Value::from(*row), search.into(), record.into(), count.into()]);
        }
    }
    let tail = "ON CONFLICT (name_id, search_id, record_id) DO UPDATE SET count = sighting_name.count + excluded.count";
    insert_rows(tx, "INSERT INTO sighting_name (name_id, search_id, record_id, count)", 4, &values, tail).map(|_| ())
}

/// The rows of names; of those that are new, made with their keys.
fn rows_of_names<'a>(tx: &mut Tx<'_>, keys: &BTreeMap<(Named, &'a str), &[IdentityKey]>) -> Result<HashMap<(Named, &'a str), i64>> {
    let mut rows = find_names(tx, keys.keys().copied())?;
    let new: Vec<(Named, &str)> = keys.keys().copied().filter(|name| !rows.contains_key(name)).collect();
    let mut values = Vec::with_capacity(new.len() * 3);
    for (what, name) in &new {
        values.extend([Value::from(what.code()), key_value(name).into(), (*name).into()]);
    }
    insert_rows(tx, "INSERT INTO logged_name (what, name_key, name)", 3, &values, "ON CONFLICT (what, name_key) DO NOTHING")?;
    rows.extend(find_names(tx, new.iter().copied())?);
    let mut values = Vec::new();
    for name in &new {
        let (Some(row), Some(keys)) = (rows.get(name), keys.get(name)) else { continue };
        for key in *keys {
            values.extend([Value::from(key.scheme.code()), key_value(&key.value).into(), (*row).into()]);
        }
    }
    insert_rows(tx, "INSERT INTO logged_name_key (scheme, value, name_id)", 3, &values, "ON CONFLICT (scheme, value, name_id) DO NOTHING")?;
    Ok(rows)
}

fn find_names<'a>(tx: &mut Tx<'_>, names: impl Iterator<Item = (Named, &'a str)>) -> Result<HashMap<(Named, &'a str), i64>> {
    let mut of_kind: BTreeMap<Named, BTreeMap<String, &'a str>> = BTreeMap::new();
    for (what, name) in names {
        of_kind.entry(what).or_default().insert(key_value(name), name);
    }
    let sql = format!("SELECT n.name_key, n.id FROM logged_name n WHERE n.what = $1 AND n.name_key {}", texts_in(tx.engine(), 2));
    let mut rows = HashMap::new();
    for (what, names) in of_kind {
        for (key, row) in tx.query(&sql, params![what.code(), text_list(names.keys())], |row| Ok((row.text(0)?, row.int(1)?)))? {
            if let Some(name) = names.get(&key) {
                rows.insert((what, *name), row);
            }
        }
    }
    Ok(rows)
}

/// Forgets the names that were seen with the observables of these rows.
pub(super) fn forget(tx: &mut Tx<'_>, search: i64, first: i64, last: i64) -> Result<()> {
    tx.execute(FORGET, params![search, first, last]).map(|_| ())
}

/// Names of the logs that share an identity with a record that the caller has found; those that were first seen last come first.
/// Whether the record is meant, the caller has to judge.
///
/// # Errors
/// When the database fails.
pub fn names_of(tx: &mut Tx<'_>, record: i64, what: Named, limit: u32) -> Result<Vec<LoggedName>> {
    tx.query(NAMES_OF, params![record, what.code(), i64::from(limit)], |row| Ok(LoggedName { id: row.int(0)?, name: row.text(1)? }))
}

/// The observables that finished searches in cases that the viewer may know of saw with any of these names: newest searches first,
/// and those with most events first, after one: its search's row, its events, its observable's row, its name's row.
///
/// # Errors
/// When the database fails.
pub fn seen_with(tx: &mut Tx<'_>, names: &[i64], after: [i64; 4], limit: u32) -> Result<Vec<SeenWith>> {
    let [search, count, record, name] = after;
    let sql = format!(
        "SELECT {}, t.search_id, t.name_id, t.count, d.first_at, d.last_at FROM sighting_name t
         JOIN sighting_search s ON s.id = t.search_id JOIN security_case c ON c.id = s.case_id JOIN record r ON r.id = t.record_id
         JOIN sighting_needle d ON d.search_id = t.search_id AND d.record_id = t.record_id
         WHERE {} AND s.state = 'done' AND t.name_id {} AND (t.search_id < $3 OR (t.search_id = $3 AND (t.count < $4
            OR (t.count = $4 AND (t.record_id > $5 OR (t.record_id = $5 AND t.name_id > $6))))))
         ORDER BY t.search_id DESC, t.count DESC, t.record_id, t.name_id LIMIT $7",
        record_columns!(),
        case_visible!("c"),
        ids_in(tx.engine(), 2)
    );
    let params = params![tx.viewer(), id_list(names), search, count, record, name, i64::from(limit)];
    tx.query(&sql, params, |row| {
        let at = RECORD_COLUMNS;
        Ok(SeenWith {
            record: record::read(row)?,
            search: row.int(at)?,
            name: row.int(at + 1)?,
            count: row.int(at + 2)?,
            first_at: row.time(at + 3)?,
            last_at: row.time(at + 4)?,
        })
    })
}

/// How many sightings [`seen_with`] lists, counted up to `at_most`.
///
/// # Errors
/// When the database fails.
pub fn count_seen_with(tx: &mut Tx<'_>, names: &[i64], at_most: i64) -> Result<i64> {
    let sql = format!(
        "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM sighting_name t JOIN sighting_search s ON s.id = t.search_id
         JOIN security_case c ON c.id = s.case_id WHERE {} AND s.state = 'done' AND t.name_id {} LIMIT $3) AS counted",
        case_visible!("c"),
        ids_in(tx.engine(), 2)
    );
    tx.query_one(&sql, params![tx.viewer(), id_list(names), at_most], |row| row.int(0))
}
