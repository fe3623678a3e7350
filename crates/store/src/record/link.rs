//! Relationships that documents tell of: with ids, versions and texts of their own.

use std::collections::{HashMap, HashSet};

use model::relationship::RelationshipType;
use model::{Stamp, Timestamp};

use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, text_list, texts_in};
use crate::error::Result;
use crate::visibility::made_in_visible;

/// A relationship between two rows as a document tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// A record's row.
    pub from: i64,
    /// How.
    pub relationship: RelationshipType,
    /// Another record's row.
    pub to: i64,
    /// The id that the document gives it; empty when it is a property of one of the two.
    pub public_id: String,
    /// 0 to 100, or none.
    pub confidence: Option<u8>,
    /// Since when.
    pub first_seen: Timestamp,
    /// Until when.
    pub last_seen: Timestamp,
    /// When this version of it was made.
    pub modified: Timestamp,
    /// Whether its source took it back.
    pub revoked: bool,
    /// Its text as it came; empty for a property.
    pub original: String,
}

impl Link {
    /// A relationship of which no more is known than that it is there.
    #[must_use]
    pub fn plain(from: i64, relationship: RelationshipType, to: i64) -> Self {
        Self {
            from,
            relationship,
            to,
            public_id: String::new(),
            confidence: None,
            first_seen: Timestamp::NEVER,
            last_seen: Timestamp::NEVER,
            modified: Timestamp::NEVER,
            revoked: false,
            original: String::new(),
        }
    }
}

const HEAD: &str = "INSERT INTO relationship (from_id, type, to_id, case_id, public_id, source, confidence, first_seen, last_seen,
    modified_at, revoked, original, created_by, created_at)";
const COLUMNS: usize = 14;
const TAIL: &str = "ON CONFLICT (from_id, type, to_id, case_id, public_id) DO UPDATE SET confidence = excluded.confidence,
    first_seen = excluded.first_seen, last_seen = excluded.last_seen, modified_at = excluded.modified_at, revoked = excluded.revoked,
    original = excluded.original WHERE excluded.modified_at > relationship.modified_at";

/// The versions of the relationships with these ids that were made in a case (or in none), as far as they are known.
///
/// # Errors
/// When the database fails.
pub fn link_versions(tx: &mut Tx<'_>, public_ids: &[&str], case: i64) -> Result<HashMap<String, Timestamp>> {
    let sql = format!(
        "SELECT l.public_id, l.modified_at FROM relationship l WHERE {} AND l.case_id = $2 AND l.public_id {}",
        made_in_visible!("l.case_id"),
        texts_in(tx.engine(), 3)
    );
    let params = params![tx.viewer(), case, text_list(public_ids)];
    Ok(tx.query(&sql, params, |row| Ok((row.text(0)?, row.time(1)?)))?.into_iter().collect())
}

/// Joins records as a document tells; of those that come twice the first counts, newer versions replace older ones. `case` is the
/// case in which it was done, or 0. Tells how many rows were written.
///
/// # Errors
/// When the database fails.
pub fn upsert_links(tx: &mut Tx<'_>, links: &[Link], case: i64, source: &str, stamp: &Stamp) -> Result<u64> {
    let mut values = Vec::with_capacity(links.len() * COLUMNS);
    let mut seen = HashSet::with_capacity(links.len());
    // PostgreSQL refuses a batch that would write one row twice.
    for link in links.iter().filter(|link| seen.insert((link.from, link.relationship.as_str(), link.to, link.public_id.as_str()))) {
        values.extend([
            Value::from(link.from),
            link.relationship.as_str().into(),
            link.to.into(),
            case.into(),
            (&link.public_id).into(),
            source.into(),
            link.confidence.map_or(-1_i64, i64::from).into(),
            link.first_seen.into(),
            link.last_seen.into(),
            link.modified.into(),
            link.revoked.into(),
            (&link.original).into(),
            (&stamp.actor).into(),
            stamp.at.into(),
        ]);
    }
    insert_rows(tx, HEAD, COLUMNS, &values, TAIL)
}

/// Every relationship between two of these records that the viewer may know of, oldest first: what an export of them holds.
///
/// # Errors
/// When the database fails.
pub fn links_among(tx: &mut Tx<'_>, records: &[i64]) -> Result<Vec<Link>> {
    let sql = format!(
        "SELECT l.from_id, l.type, l.to_id, l.public_id, l.confidence, l.first_seen, l.last_seen, l.modified_at, l.revoked, l.original
         FROM relationship l WHERE {} AND l.revoked = 0 AND l.from_id {among} AND l.to_id {among} ORDER BY l.id",
        made_in_visible!("l.case_id"),
        among = ids_in(tx.engine(), 2)
    );
    tx.query(&sql, params![tx.viewer(), id_list(records)], |row| {
        Ok(Link {
            from: row.int(0)?,
            relationship: row.word(1)?,
            to: row.int(2)?,
            public_id: row.text(3)?,
            confidence: u8::try_from(row.int(4)?).ok(),
            first_seen: row.time(5)?,
            last_seen: row.time(6)?,
            modified: row.time(7)?,
            revoked: row.flag(8)?,
            original: row.text(9)?,
        })
    })
}
