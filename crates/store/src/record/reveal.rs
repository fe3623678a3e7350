//! Records that only restricted cases knew, on their way into the open.
//!
//! What was written of them in secret stays there: in the open they are what they came as, as if nobody had known them.

use std::collections::{BTreeMap, HashMap};

use model::kind::NewRecord;
use model::{Stamp, Timestamp};

use super::import::{Imported, REVEAL_TAIL, write_all};
use super::{KEY_COLUMNS, KEY_HEAD, Record, push_keys, read, told_by};
use crate::engine::{Tx, id_list, ids_in, insert_rows, params};
use crate::error::Result;
use crate::visibility::record_visible;

/// A record that came into the open: what it was in restricted cases, and what it is now.
#[derive(Debug, Clone)]
pub struct Revealed {
    /// As those in the restricted cases knew it.
    pub before: Record,
    /// As everybody knows it from now on.
    pub now: NewRecord,
    /// The rows of the restricted cases that hold it.
    pub cases: Vec<i64>,
}

/// Those of these records that are outside of the library and that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn outside_library(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Record>> {
    let sql = format!(
        "SELECT {} FROM record r WHERE {} AND r.library = 0 AND r.id {} ORDER BY r.id",
        record_columns!(),
        record_visible!("r"),
        ids_in(tx.engine(), 2)
    );
    tx.query(&sql, params![tx.viewer(), id_list(ids)], read)
}

/// Puts records into the library, each as it comes. Those that everybody knew from an open case stay as they are; the
/// others become what comes now, at this time and by this person, and are handed back as they were.
///
/// # Errors
/// When the database fails.
pub fn reveal(tx: &mut Tx<'_>, arriving: &[(i64, &NewRecord)], source: &str, stamp: &Stamp) -> Result<Vec<Revealed>> {
    if arriving.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = arriving.iter().map(|(id, _)| *id).collect();
    let revealed = secret(tx, arriving, &ids)?;
    let mut written = Vec::with_capacity(revealed.len());
    for Revealed { before, now, .. } in &revealed {
        let record = Record {
            first_seen: Timestamp::NEVER,
            last_seen: Timestamp::NEVER,
            library: true,
            created_by: stamp.actor.clone(),
            created_at: stamp.at,
            updated_by: stamp.actor.clone(),
            updated_at: stamp.at,
            version: 1,
            field_versions: BTreeMap::new(),
            field_sources: told_by(now, source),
            ..before.clone()
        };
        written.push(Imported { record, content: now.clone() });
    }
    write_all(tx, &written, REVEAL_TAIL)?;
    let told: Vec<i64> = revealed.iter().map(|one| one.before.id).collect();
    for table in ["record_key", "record_source", "record_original"] {
        tx.execute(&format!("DELETE FROM {table} WHERE record_id {}", ids_in(tx.engine(), 1)), params![id_list(&told)])?;
    }
    let mut keys = Vec::new();
    for Revealed { before, now, .. } in &revealed {
        push_keys(&mut keys, before.id, before.kind, &now.keys, source);
    }
    insert_rows(tx, KEY_HEAD, KEY_COLUMNS, &keys, "ON CONFLICT DO NOTHING")?;
    let rest = format!("UPDATE record SET library = 1 WHERE library = 0 AND id {}", ids_in(tx.engine(), 1));
    tx.execute(&rest, params![id_list(&ids)])?;
    Ok(revealed)
}

/// Those of the records that are known in restricted cases only, whoever asks: what is told of them goes to those cases.
fn secret(tx: &mut Tx<'_>, arriving: &[(i64, &NewRecord)], ids: &[i64]) -> Result<Vec<Revealed>> {
    let list = id_list(ids);
    let among = ids_in(tx.engine(), 1);
    let records = format!(
        "SELECT {} FROM record r WHERE r.id {among} AND r.library = 0 AND NOT EXISTS (SELECT 1 FROM artifact a
         JOIN security_case c ON c.id = a.case_id WHERE a.record_id = r.id AND c.restricted = 0) ORDER BY r.id",
        record_columns!()
    );
    let records = tx.query(&records, params![&list], read)?;
    let mut cases: HashMap<i64, Vec<i64>> = HashMap::new();
    let holders = format!("SELECT record_id, case_id FROM artifact WHERE record_id {among} ORDER BY case_id");
    for (record, case) in tx.query(&holders, params![&list], |row| Ok((row.int(0)?, row.int(1)?)))? {
        cases.entry(record).or_default().push(case);
    }
    // Of one that comes twice, the first is what it comes as.
    let mut contents: HashMap<i64, &NewRecord> = HashMap::with_capacity(arriving.len());
    for (id, content) in arriving {
        contents.entry(*id).or_insert(content);
    }
    let revealed = records.into_iter().filter_map(|before| {
        let now = (*contents.get(&before.id)?).clone();
        Some(Revealed { cases: cases.remove(&before.id).unwrap_or_default(), before, now })
    });
    Ok(revealed.collect())
}
