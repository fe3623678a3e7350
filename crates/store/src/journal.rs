//! The journal, append-only and hash-chained, and the activities of cases, which are views of it.

use std::collections::HashMap;

use model::journal::{Anchor, Entry, GENESIS, canonical, details_hash};
use model::{Stamp, Timestamp};
use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::{Tx, Value, id_list, ids_in, insert_rows, params, statements};
use crate::error::{Result, StoreError};
use crate::visibility::case_visible;

statements! {
    HEAD = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1";
    INSERT_ACTIVITY = "INSERT INTO activity (case_id, seq) VALUES ($1, $2)";
    INSERT_ACTIVITY_OF_RECORD = "INSERT INTO activity (case_id, seq)
        SELECT a.case_id, CAST($2 AS bigint) FROM artifact a WHERE a.record_id = $1";
    ACTIVITY = concat!("SELECT j.seq, j.at, j.actor, j.verb, j.object, d.details
        FROM activity a JOIN security_case c ON c.id = a.case_id JOIN journal j ON j.seq = a.seq
        LEFT JOIN journal_detail d ON d.seq = j.seq
        WHERE ", case_visible!("c"), " AND a.case_id = $2 AND a.seq < $3 ORDER BY a.seq DESC LIMIT $4");
    CHUNK = "SELECT j.seq, j.at, j.actor, j.verb, j.object, j.details, j.prev, j.hash, d.salt, d.details
        FROM journal j LEFT JOIN journal_detail d ON d.seq = j.seq WHERE j.seq > $1 ORDER BY j.seq LIMIT $2";
}

/// What a verb did, for the journal.
#[derive(Debug)]
pub struct Deed<'a, D: Serialize> {
    /// `case.create`, `artifact.exclude`, …
    pub verb: &'a str,
    /// The public id of what it was done to.
    pub object: &'a str,
    /// What exactly: kept beside the chain, shown in activities.
    pub details: D,
}

/// Where the activity of a deed shows.
#[derive(Debug, Clone, Copy)]
pub enum ShownIn {
    /// In the journal only.
    Journal,
    /// In one case.
    Case(i64),
    /// In every case that holds this record.
    CasesOfRecord(i64),
}

/// Appends an entry.
///
/// # Errors
/// When the database fails.
pub fn append<D: Serialize>(tx: &mut Tx<'_>, stamp: &Stamp, deed: &Deed<'_, D>, shown: ShownIn) -> Result<i64> {
    let (last, prev) = last(tx)?;
    let link = Link::after(last, prev, stamp, deed)?;
    insert(tx, std::slice::from_ref(&link))?;
    match shown {
        ShownIn::Journal => {}
        ShownIn::Case(case) => {
            tx.execute(INSERT_ACTIVITY, params![case, link.entry.seq])?;
        }
        ShownIn::CasesOfRecord(record) => {
            tx.execute(INSERT_ACTIVITY_OF_RECORD, params![record, link.entry.seq])?;
        }
    }
    Ok(link.entry.seq)
}

/// Appends an entry for each of many records, shown in every case that holds the record: a few statements for all.
///
/// # Errors
/// When the database fails.
pub fn append_of_records<D: Serialize>(tx: &mut Tx<'_>, stamp: &Stamp, deeds: &[(i64, Deed<'_, D>)]) -> Result<()> {
    let (mut last, mut prev) = last(tx)?;
    let mut links = Vec::with_capacity(deeds.len());
    for (_, deed) in deeds {
        let link = Link::after(last, prev, stamp, deed)?;
        (last, prev) = (link.entry.seq, link.hash.clone());
        links.push(link);
    }
    insert(tx, &links)?;
    let mut entries: HashMap<i64, Vec<i64>> = HashMap::new();
    for ((record, _), link) in deeds.iter().zip(&links) {
        entries.entry(*record).or_default().push(link.entry.seq);
    }
    let records: Vec<i64> = entries.keys().copied().collect();
    let holders = format!("SELECT record_id, case_id FROM artifact WHERE record_id {} ORDER BY record_id, case_id", ids_in(tx.engine(), 1));
    let mut activities = Vec::new();
    for (record, case) in tx.query(&holders, params![id_list(&records)], |row| Ok((row.int(0)?, row.int(1)?)))? {
        for seq in entries.get(&record).into_iter().flatten() {
            activities.extend([Value::from(case), (*seq).into()]);
        }
    }
    insert_rows(tx, "INSERT INTO activity (case_id, seq)", 2, &activities, "").map(|_| ())
}

/// The last entry's number and hash, or those that the first follows.
fn last(tx: &mut Tx<'_>) -> Result<(i64, String)> {
    Ok(tx.query_opt(HEAD, &[], |row| Ok((row.int(0)?, row.text(1)?)))?.unwrap_or((0, GENESIS.to_owned())))
}

/// An entry with what lies beside it.
struct Link {
    entry: Entry,
    hash: String,
    salt: Vec<u8>,
    details: String,
}

impl Link {
    fn after<D: Serialize>(last: i64, prev: String, stamp: &Stamp, deed: &Deed<'_, D>) -> Result<Self> {
        let seq = last + 1;
        let salt = stamp.salt(seq);
        let details = canonical(&deed.details).map_err(not_canonical)?;
        let entry = Entry {
            seq,
            at: stamp.at.micros(),
            actor: stamp.actor.clone(),
            verb: deed.verb.to_owned(),
            object: deed.object.to_owned(),
            details: details_hash(&salt, &details),
            prev,
        };
        let hash = entry.hash().map_err(not_canonical)?;
        Ok(Self { entry, hash, salt: salt.to_vec(), details })
    }
}

fn insert(tx: &mut Tx<'_>, links: &[Link]) -> Result<()> {
    let (mut entries, mut details) = (Vec::with_capacity(links.len() * 8), Vec::with_capacity(links.len() * 3));
    for Link { entry, hash, salt, details: beside } in links {
        entries.extend([
            Value::from(entry.seq),
            entry.at.into(),
            (&entry.actor).into(),
            (&entry.verb).into(),
            (&entry.object).into(),
            (&entry.details).into(),
            (&entry.prev).into(),
            hash.into(),
        ]);
        details.extend([Value::from(entry.seq), salt.as_slice().into(), beside.into()]);
    }
    insert_rows(tx, "INSERT INTO journal (seq, at, actor, verb, object, details, prev, hash)", 8, &entries, "")?;
    insert_rows(tx, "INSERT INTO journal_detail (seq, salt, details)", 3, &details, "").map(|_| ())
}

fn not_canonical(error: model::journal::NotCanonical) -> StoreError {
    StoreError::Database(error.to_string())
}

/// The last entry, if any.
///
/// # Errors
/// When the database fails.
pub fn head(tx: &mut Tx<'_>) -> Result<Option<Anchor>> {
    tx.query_opt(HEAD, &[], |row| Ok(Anchor { seq: row.int(0)?, hash: row.text(1)? }))
}

/// One line of a case's activities.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The journal's number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub verb: String,
    /// To what.
    pub object: String,
    /// What exactly; null after an erasure.
    pub details: Json,
}

/// A case's activities before entry `before`, newest first.
///
/// # Errors
/// When the database fails.
pub fn activity(tx: &mut Tx<'_>, case: i64, before: i64, limit: u32) -> Result<Vec<Activity>> {
    let params = params![tx.viewer(), case, before, i64::from(limit)];
    tx.query(ACTIVITY, params, |row| {
        let details = row.opt_text(5)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Activity { seq: row.int(0)?, at: row.time(1)?, actor: row.text(2)?, verb: row.text(3)?, object: row.text(4)?, details })
    })
}

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// How many entries fit, from the first on.
    pub entries: i64,
    /// How many of them have had their details erased.
    pub erased: i64,
    /// The last entry that fits, as `seq:hash`.
    pub head: Option<String>,
    /// The first entry that does not fit, and why.
    pub broken: Option<Broken>,
}

/// The first entry that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

/// Walks the chain from the first entry; with an anchor, also checks that its entry has its hash.
///
/// # Errors
/// When the database fails.
pub fn verify(tx: &mut Tx<'_>, anchor: Option<&Anchor>) -> Result<Verification> {
    const CHUNK_SIZE: i64 = 5_000;
    let mut found = Verification { entries: 0, erased: 0, head: None, broken: None };
    let mut prev = GENESIS.to_owned();
    loop {
        let chunk = tx.query(CHUNK, params![found.entries, CHUNK_SIZE], |row| {
            let entry = Entry {
                seq: row.int(0)?,
                at: row.int(1)?,
                actor: row.text(2)?,
                verb: row.text(3)?,
                object: row.text(4)?,
                details: row.text(5)?,
                prev: row.text(6)?,
            };
            let details = row.opt_text(9)?;
            let salt = if details.is_some() { row.bytes(8)? } else { Vec::new() };
            Ok((entry, row.text(7)?, details.map(|details| (salt, details))))
        })?;
        if chunk.is_empty() {
            break;
        }
        for (entry, hash, details) in chunk {
            if let Err(why) = check(&entry, &hash, details.as_ref(), found.entries + 1, &prev, anchor) {
                found.broken = Some(Broken { seq: entry.seq, why });
                return Ok(found);
            }
            found.entries += 1;
            found.erased += i64::from(details.is_none());
            found.head = Some(format!("{}:{hash}", entry.seq));
            prev = hash;
        }
    }
    if let Some(anchor) = anchor.filter(|anchor| anchor.seq > found.entries) {
        found.broken = Some(Broken { seq: anchor.seq, why: "the journal ends before the anchor".to_owned() });
    }
    Ok(found)
}

fn check(
    entry: &Entry,
    hash: &str,
    details: Option<&(Vec<u8>, String)>,
    expected: i64,
    prev: &str,
    anchor: Option<&Anchor>,
) -> Result<(), String> {
    if entry.seq != expected {
        return Err(format!("entry {expected} is missing"));
    }
    if entry.prev != prev {
        return Err("it does not follow the entry before it".to_owned());
    }
    if entry.hash().map_err(|error| error.to_string())? != hash {
        return Err("its fields do not give its hash".to_owned());
    }
    if details.is_some_and(|(salt, details)| details_hash(salt, details) != entry.details) {
        return Err("its details were changed".to_owned());
    }
    if anchor.is_some_and(|anchor| anchor.seq == entry.seq && anchor.hash != hash) {
        return Err("its hash is not the anchor's: the chain was written anew".to_owned());
    }
    Ok(())
}
