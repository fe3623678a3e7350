//! Known-good lists of others.

use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;

/// A list of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The id outside.
    pub public_id: String,
    /// What it calls itself; each name once.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// As its file tells.
    pub version: i64,
    /// How it matches: `string`, `substring`, `hostname`, `cidr` or `regex`.
    pub sort: String,
    /// MISP's attribute types that it is for, as JSON.
    pub attributes: String,
    /// How many entries it has.
    pub entries: i64,
    /// How many of its entries can't be used.
    pub skipped: i64,
    /// Whether it is asked.
    pub enabled: bool,
    /// Whether it is asked for its attribute types only.
    pub own_types: bool,
    /// The file that holds it.
    pub sha256: String,
    /// Who brought this version in.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

macro_rules! columns {
    () => {
        "public_id, name, description, version, type, attributes, entries, skipped, enabled, own_types, sha256, created_by, created_at"
    };
}

statements! {
    ALL = concat!("SELECT ", columns!(), " FROM known_good_list ORDER BY name");
    ENABLED = concat!("SELECT ", columns!(), " FROM known_good_list WHERE enabled = 1 ORDER BY name");
    FIND = concat!("SELECT ", columns!(), " FROM known_good_list WHERE public_id = $1");
    PUT = concat!("INSERT INTO known_good_list (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 0, $9, $10, $11)
        ON CONFLICT (name) DO UPDATE SET description = excluded.description, version = excluded.version, type = excluded.type,
        attributes = excluded.attributes, entries = excluded.entries, skipped = excluded.skipped, sha256 = excluded.sha256,
        created_by = excluded.created_by, created_at = excluded.created_at");
    SET = "UPDATE known_good_list SET enabled = $2, own_types = $3 WHERE public_id = $1";
    REMOVE = "DELETE FROM known_good_list WHERE public_id = $1";
}

fn read(row: &Row<'_>) -> Result<List> {
    Ok(List {
        public_id: row.text(0)?,
        name: row.text(1)?,
        description: row.text(2)?,
        version: row.int(3)?,
        sort: row.text(4)?,
        attributes: row.text(5)?,
        entries: row.int(6)?,
        skipped: row.int(7)?,
        enabled: row.flag(8)?,
        own_types: row.flag(9)?,
        sha256: row.text(10)?,
        created_by: row.text(11)?,
        created_at: row.time(12)?,
    })
}

/// All lists, by name; only those that are asked, with `enabled`.
///
/// # Errors
/// When the database fails.
pub fn lists(tx: &mut Tx<'_>, enabled: bool) -> Result<Vec<List>> {
    tx.query(if enabled { ENABLED } else { ALL }, &[], read)
}

/// A list by its id.
///
/// # Errors
/// When the database fails.
pub fn find_list(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<List>> {
    tx.query_opt(FIND, params![public_id], read)
}

/// Brings a list in, or its newer version: then it stays as enabled and as limited as it was.
///
/// # Errors
/// When the database fails.
pub fn put_list(tx: &mut Tx<'_>, list: &List, stamp: &Stamp) -> Result<()> {
    let row = params![
        &list.public_id,
        &list.name,
        &list.description,
        list.version,
        &list.sort,
        &list.attributes,
        list.entries,
        list.skipped,
        &list.sha256,
        &stamp.actor,
        stamp.at
    ];
    tx.execute(PUT, row).map(|_| ())
}

/// Says whether a list is asked, and whether for its attribute types only. Tells whether it is there.
///
/// # Errors
/// When the database fails.
pub fn set_list(tx: &mut Tx<'_>, public_id: &str, enabled: bool, own_types: bool) -> Result<bool> {
    Ok(tx.execute(SET, params![public_id, enabled, own_types])? > 0)
}

/// Removes a list. Tells whether it was there.
///
/// # Errors
/// When the database fails.
pub fn remove_list(tx: &mut Tx<'_>, public_id: &str) -> Result<bool> {
    Ok(tx.execute(REMOVE, params![public_id])? > 0)
}
