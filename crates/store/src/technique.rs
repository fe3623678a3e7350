//! ATT&CK techniques of cases: those that people associated, and those that artifacts tell of.

use model::artifact::Status;
use model::kind::KeyScheme;
use model::{Kind, Stamp, Timestamp};

use crate::engine::{Tx, Value, insert_rows, params, statements, text_list, texts_in};
use crate::error::Result;
use crate::record::{RECORD_COLUMNS, Record, read, record_columns};
use crate::visibility::{made_in_visible, record_visible};

/// A technique that a person associated with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// `T1059.001`.
    pub technique: String,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// A technique that an included artifact tells of.
#[derive(Debug, Clone)]
pub struct RolledUp {
    /// The technique.
    pub technique: Record,
    /// The artifact that tells of it: its public id, title and kind. The technique itself, when it is an artifact.
    pub artifact: (String, String, Kind),
}

statements! {
    BY_HAND = "SELECT technique, added_by, added_at FROM case_technique WHERE case_id = $1 ORDER BY technique";
}

/// Kinds whose relationships tell of techniques: all but those of which cases hold very many, and which never do.
fn telling() -> String {
    let silent = [Kind::Observable, Kind::ConfigurationItem, Kind::User, Kind::VulnerableItem, Kind::CourseOfAction, Kind::AttackPattern];
    let codes: Vec<String> = Kind::ALL.iter().filter(|kind| !silent.contains(kind)).map(|kind| kind.code().to_string()).collect();
    codes.join(", ")
}

/// The techniques that people associated with a case. The caller has found the case.
///
/// # Errors
/// When the database fails.
pub fn by_hand(tx: &mut Tx<'_>, case: i64) -> Result<Vec<ByHand>> {
    tx.query(BY_HAND, params![case], |row| Ok(ByHand { technique: row.text(0)?, added_by: row.text(1)?, added_at: row.time(2)? }))
}

/// Associates techniques with a case; those that are there stay as they are.
///
/// # Errors
/// When the database fails.
pub fn associate(tx: &mut Tx<'_>, case: i64, techniques: &[String], stamp: &Stamp) -> Result<()> {
    let mut values = Vec::with_capacity(techniques.len() * 4);
    for technique in techniques {
        values.extend([Value::from(case), technique.into(), (&stamp.actor).into(), stamp.at.into()]);
    }
    insert_rows(tx, "INSERT INTO case_technique (case_id, technique, added_by, added_at)", 4, &values, "ON CONFLICT DO NOTHING")?;
    Ok(())
}

/// Takes techniques off a case.
///
/// # Errors
/// When the database fails.
pub fn dissociate(tx: &mut Tx<'_>, case: i64, techniques: &[String]) -> Result<()> {
    let sql = format!("DELETE FROM case_technique WHERE case_id = $1 AND technique {}", texts_in(tx.engine(), 2));
    tx.execute(&sql, params![case, text_list(techniques)]).map(|_| ())
}

/// The techniques that the case's included artifacts are or tell of, at most `limit` pairs.
///
/// # Errors
/// When the database fails.
pub fn rolled_up(tx: &mut Tx<'_>, case: i64, limit: i64) -> Result<Vec<RolledUp>> {
    let columns = record_columns!();
    let sql = format!(
        "SELECT {columns}, o.public_id, o.title, o.kind
         FROM artifact a JOIN record o ON o.id = a.record_id JOIN relationship l ON l.from_id = o.id JOIN record r ON r.id = l.to_id
         WHERE a.case_id = $2 AND a.status = $3 AND a.kind IN ({telling}) AND l.revoked = 0 AND r.kind = $4 AND {visible} AND {made}
         UNION ALL
         SELECT {columns}, r.public_id, r.title, r.kind FROM artifact a JOIN record r ON r.id = a.record_id
         WHERE a.case_id = $2 AND a.status = $3 AND a.kind = $4 AND {visible} LIMIT $5",
        telling = telling(),
        visible = record_visible!("r"),
        made = made_in_visible!("l.case_id"),
    );
    let params = params![tx.viewer(), case, Status::Included.code(), Kind::AttackPattern.code(), limit];
    tx.query(&sql, params, |row| {
        let artifact = (row.text(RECORD_COLUMNS)?, row.text(RECORD_COLUMNS + 1)?, row.code(RECORD_COLUMNS + 2, Kind::from_code)?);
        Ok(RolledUp { technique: read(row)?, artifact })
    })
}

/// How many techniques a case has that the caller has found: those of [`by_hand`] and those of [`rolled_up`], each once.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, case: i64) -> Result<i64> {
    let sql = format!(
        "SELECT CAST(count(*) AS bigint) FROM (
         SELECT coalesce((SELECT min(k.value) FROM record_key k WHERE k.record_id = t.id AND k.scheme = $5), t.public_id) AS id FROM (
             SELECT r.id, r.public_id
             FROM artifact a JOIN relationship l ON l.from_id = a.record_id JOIN record r ON r.id = l.to_id
             WHERE a.case_id = $2 AND a.status = $3 AND a.kind IN ({telling}) AND l.revoked = 0 AND r.kind = $4 AND {visible} AND {made}
             UNION
             SELECT r.id, r.public_id FROM artifact a JOIN record r ON r.id = a.record_id
             WHERE a.case_id = $2 AND a.status = $3 AND a.kind = $4 AND {visible}) AS t
         UNION SELECT lower(h.technique) FROM case_technique h WHERE h.case_id = $2) AS u",
        telling = telling(),
        visible = record_visible!("r"),
        made = made_in_visible!("l.case_id"),
    );
    let params = params![tx.viewer(), case, Status::Included.code(), Kind::AttackPattern.code(), KeyScheme::Attack.code()];
    tx.query_one(&sql, params, |row| row.int(0))
}
