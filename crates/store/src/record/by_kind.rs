//! What a search finds among records, kind by kind.

use model::Kind;
use model::list::{COUNT_LIMIT, SortColumn};

use super::list::{MATCH_LIMIT, RecordFilter, led, rows, scanned};
use super::{Record, find_by_rows};
use crate::engine::{Engine, Tx};
use crate::error::Result;
use crate::select::Select;
use crate::text::{self, Indexed, Pairs, RECORD_TEXT, TRIED, Words, first_of, rows_of};

/// The records of a kind that a search finds.
#[derive(Debug, Clone)]
pub struct OfKind {
    /// The kind.
    pub kind: Kind,
    /// How many there are, counted to one more than [`COUNT_LIMIT`].
    pub total: i64,
    /// The newest of them, newest first.
    pub newest: Vec<Record>,
}

/// What is known of a kind's matches before their records are read.
struct Matches {
    kind: Kind,
    total: i64,
    /// The rows of the newest, when it is known which they are.
    newest: Option<Vec<i64>>,
}

/// The records that hold the words of `filter` and that the viewer may know of, kind by kind, with the newest `each` of each;
/// kinds without any are left out. Of the filter, only the words and the kind count, and the order is that of a list that
/// is not sorted otherwise.
///
/// # Errors
/// When the database fails.
pub fn by_kind(tx: &mut Tx<'_>, filter: &RecordFilter, each: u32) -> Result<Vec<OfKind>> {
    debug_assert_eq!((filter.sort.column, filter.sort.descending), (SortColumn::Added, true));
    let words = Words::of(tx, RECORD_TEXT, &filter.q)?;
    let found = match &words {
        Words::Nowhere => Vec::new(),
        Words::Indexed(words) => indexed(tx, filter, words, each as usize)?,
        Words::Scanned(words) if tx.engine() == Engine::Postgres => match few(tx, filter, words, each as usize)? {
            Some(found) => found,
            None => one_by_one(tx, filter, words)?,
        },
        Words::Scanned(words) => one_by_one(tx, filter, words)?,
    };
    let ids: Vec<i64> = found.iter().filter_map(|matches| matches.newest.as_ref()).flatten().copied().collect();
    let mut known = if ids.is_empty() { Vec::new() } else { find_by_rows(tx, &ids)? };
    known.sort_by_key(|record| std::cmp::Reverse(record.id));
    let mut out = Vec::with_capacity(found.len());
    for Matches { kind, total, newest } in found {
        let newest = if newest.is_some() || each == 0 {
            known.iter().filter(|record| record.kind == kind).cloned().collect()
        } else {
            let of_kind = RecordFilter { kind: Some(kind), limit: each, ..filter.clone() };
            let mut newest = rows(tx, &of_kind, &words, total)?;
            newest.truncate(each as usize);
            newest
        };
        out.push(OfKind { kind, total, newest });
    }
    Ok(out)
}

/// Walks the text index from kind to kind: of each it reads no more matches than are counted, and then goes to the next.
fn indexed(tx: &mut Tx<'_>, filter: &RecordFilter, words: &Indexed, each: usize) -> Result<Vec<Matches>> {
    let (mut from, end) = rows_of(filter.kind);
    let mut found: Vec<(Kind, Vec<i64>)> = Vec::new();
    loop {
        let rows = matches_from(tx, filter, words, (from, end), COUNT_LIMIT + 1)?;
        let ended = rows.len() as i64 <= COUNT_LIMIT;
        let last = rows.last().copied();
        push(&mut found, rows);
        let Some(((kind, ids), last)) = found.last_mut().zip(last).filter(|_| !ended) else { break };
        let missing = COUNT_LIMIT + 1 - ids.len() as i64;
        let (_, last_of_kind) = rows_of(Some(*kind));
        if missing > 0 {
            let rest = matches_from(tx, filter, words, (last + 1, last_of_kind), missing)?;
            ids.extend(rest.into_iter().map(|row| row - first_of(*kind)));
        }
        from = last_of_kind + 1;
    }
    Ok(found.into_iter().map(|(kind, ids)| newest_of(kind, ids, each)).collect())
}

fn matches_from(tx: &mut Tx<'_>, filter: &RecordFilter, words: &Indexed, within: (i64, i64), limit: i64) -> Result<Vec<i64>> {
    let select = led(tx, filter, within, words);
    select.first(tx, "record_text.rowid", ("record_text.rowid", false), u32::try_from(limit).unwrap_or(u32::MAX), |row| row.int(0))
}

/// Sorts rows of the text index, which are in its order, by their kind.
fn push(found: &mut Vec<(Kind, Vec<i64>)>, rows: Vec<i64>) {
    for row in rows {
        let Some(kind) = Kind::from_code(row >> 40) else { continue };
        match found.last_mut() {
            Some((last, ids)) if *last == kind => ids.push(row - first_of(kind)),
            _ => found.push((kind, vec![row - first_of(kind)])),
        }
    }
}

/// `ids` ascend, and are all there are when there are no more than are counted.
fn newest_of(kind: Kind, ids: Vec<i64>, each: usize) -> Matches {
    let total = ids.len() as i64;
    let newest = (total <= COUNT_LIMIT).then(|| ids.into_iter().rev().take(each).collect());
    Matches { kind, total, newest }
}

/// All matches at once, when they are few: PostgreSQL finds them by its text index.
fn few(tx: &mut Tx<'_>, filter: &RecordFilter, words: &[String], each: usize) -> Result<Option<Vec<Matches>>> {
    let mut select = scanned(tx, filter, filter.kind, words, "record r");
    if let Some(pairs) = Pairs::of(words) {
        if is_common(tx, words)? {
            return Ok(None);
        }
        pairs.lead(&mut select);
    }
    let rows = select.any(tx, "r.kind, r.id", MATCH_LIMIT + 1, |row| Ok((row.code(0, Kind::from_code)?, row.int(1)?)))?;
    if rows.len() as i64 > MATCH_LIMIT {
        return Ok(None);
    }
    let mut by_kind: std::collections::BTreeMap<Kind, Vec<i64>> = std::collections::BTreeMap::new();
    for (kind, id) in rows {
        by_kind.entry(kind).or_default().push(id);
    }
    let newest = |(kind, mut ids): (Kind, Vec<i64>)| {
        ids.sort_unstable();
        let total = (ids.len() as i64).min(COUNT_LIMIT + 1);
        Matches { kind, total, newest: Some(ids.into_iter().rev().take(each).collect()) }
    };
    Ok(Some(by_kind.into_iter().map(newest).collect()))
}

/// Whether the words are in many of the newest records: the planner of PostgreSQL takes every word for equally rare.
fn is_common(tx: &mut Tx<'_>, words: &[String]) -> Result<bool> {
    let tried = format!("(SELECT search_text FROM record ORDER BY id DESC LIMIT {TRIED}) AS tried");
    let tried = Select::new(tx, &tried, "CAST($1 AS bigint) IS NOT NULL");
    text::is_common(tx, tried, words)
}

/// Looks at each kind's texts until enough are counted: right where nearly every text matches.
fn one_by_one(tx: &mut Tx<'_>, filter: &RecordFilter, words: &[String]) -> Result<Vec<Matches>> {
    let mut found = Vec::new();
    // One statement a kind, none a row.
    for kind in filter.kind.as_ref().map_or(Kind::ALL, std::slice::from_ref) {
        let total = scanned(tx, filter, Some(*kind), words, "record r").count(tx, COUNT_LIMIT)?;
        if total > 0 {
            found.push(Matches { kind: *kind, total, newest: None });
        }
    }
    Ok(found)
}
