//! What an export reads, for some records at a time: how they stand in the case, what is said of them, how they are joined.
//!
//! Of what was made in cases, an export of a case takes what was made in that case, openly, or in no case at all: what its
//! reader knows from other restricted cases does not leave with it.

use std::collections::HashMap;

use model::relationship::RelationshipType;
use model::sighting::Outcome;
use model::{Kind, Timestamp};

use crate::annotation::{self, Annotation};
use crate::artifact::{Origin, Standing, read_origin};
use crate::engine::{Tx, case_rows_in, id_list, ids_in, params};
use crate::error::Result;
use crate::record::Link;
use crate::visibility::{case_visible, made_in_visible, record_visible};

/// A record, as far as links need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The row.
    pub id: i64,
    /// The id outside.
    pub public_id: String,
    /// The kind.
    pub kind: Kind,
    /// An observable's type.
    pub category: String,
    /// What it is called.
    pub title: String,
}

/// A record with the object that it came as.
#[derive(Debug, Clone)]
pub struct Came {
    /// The record.
    pub end: End,
    /// Of an observable: its object's text; empty otherwise.
    pub original: String,
}

/// A relationship with both of its ends.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The row.
    pub id: i64,
    /// From which.
    pub from: End,
    /// To which.
    pub to: End,
    /// The rest.
    pub link: Link,
    /// When it was made known here.
    pub created_at: Timestamp,
}

/// What a source told of an observable in the newest search of a case that asked for it.
#[derive(Debug, Clone)]
pub struct Told {
    /// 1001 for `SIGHT0001001`.
    pub search: i64,
    /// The source's name.
    pub source: String,
    /// Events, in whatever spelling.
    pub hits: i64,
    /// False when there are more.
    pub count_is_exact: bool,
    /// First seen, or never.
    pub first_at: Timestamp,
    /// Last seen, or never.
    pub last_at: Timestamp,
    /// When the search ended.
    pub finished_at: Timestamp,
}

fn end(row: &crate::Row<'_>, at: usize) -> Result<End> {
    Ok(End {
        id: row.int(at)?,
        public_id: row.text(at + 1)?,
        kind: row.code(at + 2, Kind::from_code)?,
        category: row.text(at + 3)?,
        title: row.text(at + 4)?,
    })
}

fn gather<T>(rows: Vec<(i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut by_record: HashMap<i64, Vec<T>> = HashMap::new();
    for (record, one) in rows {
        by_record.entry(record).or_default().push(one);
    }
    by_record
}

/// Those of these records that the viewer may know of; observables with the objects that they came as.
///
/// # Errors
/// When the database fails.
pub fn came(tx: &mut Tx<'_>, records: &[i64]) -> Result<Vec<Came>> {
    let sql = format!(
        "SELECT r.id, r.public_id, r.kind, r.category, r.title, coalesce(o.original, '')
         FROM record r LEFT JOIN record_original o ON o.record_id = r.id AND r.kind = $3
         WHERE {} AND r.id {} ORDER BY r.id",
        record_visible!("r"),
        ids_in(tx.engine(), 2)
    );
    tx.query(&sql, params![tx.viewer(), id_list(records), Kind::Observable.code()], |row| {
        Ok(Came { end: end(row, 0)?, original: row.text(5)? })
    })
}

/// How those of these records that are in the case stand there, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub fn standings(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<HashMap<i64, Standing>> {
    let sql = format!(
        "SELECT record_id, status, reason, comment, status_by, status_at, added_by, added_at FROM artifact
         WHERE {} AND {}",
        made_in_visible!("artifact.case_id"),
        case_rows_in(tx.engine(), 2, 3)
    );
    let rows = tx.query(&sql, params![tx.viewer(), case, id_list(records)], |row| {
        let standing = Standing {
            status: row.code(1, model::artifact::Status::from_code)?,
            reason: row.text(2)?.parse().ok(),
            comment: row.text(3)?,
            status_by: row.text(4)?,
            status_at: row.time(5)?,
            added_by: row.text(6)?,
            added_at: row.time(7)?,
        };
        Ok((row.int(0)?, standing))
    })?;
    Ok(rows.into_iter().collect())
}

/// Where these records of the case came from, oldest first, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub fn origins(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<HashMap<i64, Vec<Origin>>> {
    let sql = format!(
        "SELECT origin, ref, title, detail, added_by, added_at, record_id FROM artifact_origin
         WHERE {} AND case_id = $2 AND record_id {} AND undone_by = 0 ORDER BY id",
        made_in_visible!("artifact_origin.case_id"),
        ids_in(tx.engine(), 3)
    );
    Ok(gather(tx.query(&sql, params![tx.viewer(), case, id_list(records)], |row| Ok((row.int(6)?, read_origin(row, 0)?)))?))
}

/// What was written of these records in a case, or, without one, in any that the viewer may read; oldest first.
///
/// # Errors
/// When the database fails.
pub fn annotations(tx: &mut Tx<'_>, case: Option<i64>, records: &[i64]) -> Result<HashMap<i64, Vec<Annotation>>> {
    let sql = format!(
        "SELECT {} FROM annotation n JOIN security_case c ON c.id = n.case_id JOIN record r ON r.id = n.record_id
         WHERE {} AND n.record_id {} AND n.withdrawn_at = 0 AND (CAST($3 AS bigint) = 0 OR n.case_id = $3) ORDER BY n.id",
        annotation::COLUMNS,
        case_visible!("c"),
        ids_in(tx.engine(), 2)
    );
    let params = params![tx.viewer(), id_list(records), case.unwrap_or_default()];
    Ok(gather(tx.query(&sql, params, |row| annotation::read(row, 0).map(|one| (one.record, one)))?))
}

/// What our own sources told of these observables when they were last looked for in the case, if the viewer may know of it:
/// seen, and not seen.
///
/// # Errors
/// When the database fails.
pub fn sightings(tx: &mut Tx<'_>, case: i64, records: &[i64]) -> Result<HashMap<i64, Vec<Told>>> {
    let sql = format!(
        "SELECT t.record_id, s.number, t.source, t.hits, t.count_is_exact, t.first_at, t.last_at, s.finished_at FROM (
            SELECT d.record_id, max(d.search_id) AS search_id FROM sighting_needle d JOIN sighting_search q ON q.id = d.search_id
            WHERE {} AND q.case_id = $2 AND q.state = 'done' AND d.record_id {} GROUP BY d.record_id
         ) AS d JOIN sighting_result t ON t.search_id = d.search_id AND t.record_id = d.record_id
         JOIN sighting_search s ON s.id = d.search_id
         WHERE t.external = 0 AND (t.outcome = $4 OR t.outcome = $5) ORDER BY t.id",
        made_in_visible!("q.case_id"),
        ids_in(tx.engine(), 3)
    );
    let params = params![tx.viewer(), case, id_list(records), Outcome::Seen.code(), Outcome::NotSeen.code()];
    let rows = tx.query(&sql, params, |row| {
        let told = Told {
            search: row.int(1)?,
            source: row.text(2)?,
            hits: row.int(3)?,
            count_is_exact: row.flag(4)?,
            first_at: row.time(5)?,
            last_at: row.time(6)?,
            finished_at: row.time(7)?,
        };
        Ok((row.int(0)?, told))
    })?;
    Ok(gather(rows))
}

/// What of relationships, by the case that they were made in, goes out with a case: `$2` is its row, 0 for none.
macro_rules! goes_out {
    () => {
        concat!(
            made_in_visible!("l.case_id"),
            " AND l.revoked = 0 AND (l.case_id = 0 OR l.case_id = CAST($2 AS bigint)",
            " OR EXISTS (SELECT 1 FROM security_case k WHERE k.id = l.case_id AND k.restricted = 0))"
        )
    };
}

/// The relationships from these records, after a row, in the order of their rows, at most `limit`. `case` is the row of the
/// case that is exported, or 0.
///
/// # Errors
/// When the database fails.
pub fn links(tx: &mut Tx<'_>, case: i64, records: &[i64], after: i64, limit: i64) -> Result<Vec<Joined>> {
    let sql = format!(
        "SELECT l.id, l.type, l.public_id, l.confidence, l.first_seen, l.last_seen, l.modified_at, l.original, l.created_at,
            r.id, r.public_id, r.kind, r.category, r.title, e.id, e.public_id, e.kind, e.category, e.title
         FROM relationship l JOIN record r ON r.id = l.from_id JOIN record e ON e.id = l.to_id
         WHERE {} AND {} AND {} AND l.from_id {} AND l.id > $4 ORDER BY l.id LIMIT $5",
        goes_out!(),
        record_visible!("r"),
        record_visible!("e"),
        ids_in(tx.engine(), 3)
    );
    tx.query(&sql, params![tx.viewer(), case, id_list(records), after, limit], |row| {
        let (from, to) = (end(row, 9)?, end(row, 14)?);
        let link = Link {
            from: from.id,
            relationship: row.word(1)?,
            to: to.id,
            public_id: row.text(2)?,
            confidence: u8::try_from(row.int(3)?).ok(),
            first_seen: row.time(4)?,
            last_seen: row.time(5)?,
            modified: row.time(6)?,
            revoked: false,
            original: row.text(7)?,
        };
        Ok(Joined { id: row.int(0)?, from, to, link, created_at: row.time(8)? })
    })
}

/// The pairs of a record and one of these records that a relationship leads to, in the order of its rows: at most `limit` behind
/// a row, each with its own.
///
/// # Errors
/// When the database fails.
pub fn pairs(
    tx: &mut Tx<'_>,
    case: i64,
    relationship: &RelationshipType,
    to: &[i64],
    (after, limit): (i64, i64),
) -> Result<Vec<(i64, (i64, i64))>> {
    let sql = format!(
        "SELECT l.id, l.from_id, l.to_id FROM relationship l WHERE {} AND l.type = $4 AND l.to_id {} AND l.id > $5 ORDER BY l.id LIMIT $6",
        goes_out!(),
        ids_in(tx.engine(), 3)
    );
    let asked = params![tx.viewer(), case, id_list(to), relationship.as_str(), after, limit];
    tx.query(&sql, asked, |row| Ok((row.int(0)?, (row.int(1)?, row.int(2)?))))
}
