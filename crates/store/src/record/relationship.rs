//! How records are joined.

use model::relationship::RelationshipType;
use model::{Kind, Stamp};

use super::{Link, RECORD_COLUMNS, Record, read, upsert_links};
use crate::engine::{Tx, id_list, ids_in, params, text_list, texts_in};
use crate::error::Result;
use crate::visibility::{made_in_visible, record_visible};

/// A record at the other end of a relationship.
#[derive(Debug, Clone)]
pub struct Related {
    /// The relationship's type.
    pub relationship: RelationshipType,
    /// Whether it leads from the record that was asked about.
    pub outgoing: bool,
    /// The record at the other end.
    pub record: Record,
}

/// How many related records of a kind there are.
#[derive(Debug, Clone, Copy)]
pub struct RelatedCount {
    /// The kind.
    pub kind: Kind,
    /// How many records.
    pub count: i64,
}

/// What a vulnerable item stands between: of a configuration item the vulnerabilities, of a vulnerability the configuration
/// items. The configuration item `has` them, as STIX says of infrastructure.
macro_rules! through_vulnerable_items {
    () => {
        concat!(
            "SELECT f.to_id AS other, CAST('has' AS text) AS type,
             CAST(CASE WHEN n.type = 'found-on' THEN 1 ELSE 0 END AS bigint) AS outgoing, max(f.id) AS id
             FROM relationship n JOIN record v ON v.id = n.from_id JOIN relationship f ON f.from_id = n.from_id
             WHERE n.to_id = $2 AND n.revoked = 0 AND f.revoked = 0
             AND (n.type = 'found-on' AND f.type = 'instance-of' OR n.type = 'instance-of' AND f.type = 'found-on') AND ",
            made_in_visible!("n.case_id"),
            " AND ",
            made_in_visible!("f.case_id"),
            " AND ",
            record_visible!("v"),
            " GROUP BY f.to_id, n.type"
        )
    };
}

/// Joins records; what is joined already stays so. `case` is the case in which it was done, or 0.
///
/// # Errors
/// When the database fails.
pub fn insert_relationships(
    tx: &mut Tx<'_>,
    joined: &[(i64, RelationshipType, i64)],
    case: i64,
    source: &str,
    stamp: &Stamp,
) -> Result<u64> {
    let links: Vec<Link> = joined.iter().map(|(from, relationship, to)| Link::plain(*from, relationship.clone(), *to)).collect();
    upsert_links(tx, &links, case, source, stamp)
}

/// The records related to one, both ways, of one kind or all; first those joined last.
///
/// # Errors
/// When the database fails.
pub fn related(tx: &mut Tx<'_>, record: i64, kind: Option<Kind>, limit: u32) -> Result<Vec<Related>> {
    const SQL: &str = concat!(
        "SELECT ",
        record_columns!(),
        ", l.type, l.outgoing FROM (
            SELECT o.to_id AS other, o.type, CAST(1 AS bigint) AS outgoing, max(o.id) AS id FROM relationship o
            WHERE o.from_id = $2 AND o.revoked = 0 AND ",
        made_in_visible!("o.case_id"),
        " GROUP BY o.to_id, o.type
            UNION ALL
            SELECT i.from_id, i.type, CAST(0 AS bigint), max(i.id) FROM relationship i
            WHERE i.to_id = $2 AND i.revoked = 0 AND ",
        made_in_visible!("i.case_id"),
        " GROUP BY i.from_id, i.type
            UNION ALL ",
        through_vulnerable_items!(),
        "
        ) AS l JOIN record r ON r.id = l.other
        WHERE ",
        record_visible!("r"),
        " AND (CAST($3 AS bigint) = 0 OR r.kind = $3)
        ORDER BY l.id DESC LIMIT $4"
    );
    let params = params![tx.viewer(), record, kind.map_or(0, Kind::code), i64::from(limit)];
    tx.query(SQL, params, |row| {
        Ok(Related { record: read(row)?, relationship: row.word(RECORD_COLUMNS)?, outgoing: row.flag(RECORD_COLUMNS + 1)? })
    })
}

/// How many related records of each kind the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn related_counts(tx: &mut Tx<'_>, record: i64) -> Result<Vec<RelatedCount>> {
    const SQL: &str = concat!(
        "SELECT r.kind, CAST(count(DISTINCT r.id) AS bigint) FROM (
            SELECT to_id AS other, case_id FROM relationship WHERE from_id = $2 AND revoked = 0
            UNION ALL
            SELECT from_id, case_id FROM relationship WHERE to_id = $2 AND revoked = 0
            UNION ALL SELECT t.other, CAST(0 AS bigint) FROM (",
        through_vulnerable_items!(),
        ") AS t
        ) AS l JOIN record r ON r.id = l.other
        WHERE ",
        record_visible!("r"),
        " AND ",
        made_in_visible!("l.case_id"),
        " GROUP BY r.kind ORDER BY r.kind"
    );
    tx.query(SQL, params![tx.viewer(), record], |row| Ok(RelatedCount { kind: row.code(0, Kind::from_code)?, count: row.int(1)? }))
}

/// What comes along when records of a kind enter a case: pairs of (record that brings, record brought). Only what everybody
/// who may read that case may know of: what other restricted cases know of the records does not follow them.
///
/// # Errors
/// When the database fails.
pub fn brought_along(tx: &mut Tx<'_>, case: i64, kind: Kind, records: &[i64]) -> Result<Vec<(i64, Record)>> {
    let types = kind.spec().brings_along;
    if types.is_empty() || records.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {}, l.from_id FROM relationship l JOIN record r ON r.id = l.to_id
         WHERE {} AND {} AND l.revoked = 0 AND l.from_id {} AND l.type {}
         AND (l.case_id = 0 OR l.case_id = $4 OR EXISTS (SELECT 1 FROM security_case o WHERE o.id = l.case_id AND o.restricted = 0))
         AND (r.library = 1 OR EXISTS (SELECT 1 FROM artifact b JOIN security_case o ON o.id = b.case_id
             WHERE b.record_id = r.id AND (b.case_id = $4 OR o.restricted = 0)))
         ORDER BY l.id",
        record_columns!(),
        record_visible!("r"),
        made_in_visible!("l.case_id"),
        ids_in(tx.engine(), 2),
        texts_in(tx.engine(), 3)
    );
    let types = text_list(types.iter().map(|t| t.as_str()));
    tx.query(&sql, params![tx.viewer(), id_list(records), types, case], |row| Ok((row.int(RECORD_COLUMNS)?, read(row)?)))
}
