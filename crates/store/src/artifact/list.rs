//! A tab of a case: its artifacts of a kind.

use std::collections::HashMap;

use model::artifact::{ExclusionReason, Status, StatusFilter};
use model::list::{COUNT_LIMIT, Cursor, Page, Sort, SortColumn};
use model::text::search_words;
use model::{Kind, Timestamp};

use super::{Origin, counts, last_id, read_origin};
use crate::engine::{Engine, Tx, id_list, ids_in, params};
use crate::error::Result;
use crate::record::{self, RECORD_COLUMNS, Record, Words, record_columns};
use crate::select::{Order, Select};
use crate::visibility::{case_visible, made_in_visible};

/// Up to so many artifacts, looking at each is faster than asking the text index first.
const SMALL_CASE: i64 = 5_000;

/// What a tab shows. The caller has found the case.
#[derive(Debug, Clone)]
pub struct ArtifactFilter {
    /// The case's row.
    pub case: i64,
    /// One kind, or all.
    pub kind: Option<Kind>,
    /// Included, excluded or all.
    pub status: StatusFilter,
    /// Keywords, refanged; each must occur.
    pub q: String,
    /// One of these categories, when any.
    pub categories: Vec<String>,
    /// One of these findings' codes, when any.
    pub findings: Vec<i64>,
    /// The order.
    pub sort: Sort<SortColumn>,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
    /// Only rows up to this one.
    pub as_of: Option<i64>,
}

/// An artifact in a list.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The artifact's row.
    pub id: i64,
    /// The record.
    pub record: Record,
    /// Whether it counts.
    pub status: Status,
    /// Why it was excluded.
    pub reason: Option<ExclusionReason>,
    /// In the analyst's words.
    pub comment: String,
    /// Who excluded or included it.
    pub status_by: String,
    /// When.
    pub status_at: Timestamp,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// Where it came from, oldest first, at most five.
    pub origins: Vec<Origin>,
    /// How many annotations the viewer may read.
    pub annotations: i64,
    /// In how many cases that the viewer may know of.
    pub cases: i64,
    /// What the newest sightings search in this case counted, if any.
    pub sighted: Option<i64>,
}

fn select<'a>(tx: &mut Tx<'_>, filter: &'a ArtifactFilter) -> Result<Select<'a>> {
    let engine = tx.engine();
    let total: i64 = counts(tx, filter.case)?.iter().map(|count| count.count).sum();
    let words = if total <= SMALL_CASE { Words::Scanned(search_words(&filter.q)) } else { Words::of(tx, &filter.q)? };
    // CROSS JOIN keeps SQLite from reordering: the case's index leads, or the text index does. `$1` is the viewer in every
    // list; the caller has found the case.
    const JOINED: &str = "r.id = a.record_id AND CAST($1 AS bigint) IS NOT NULL";
    let mut select = match words {
        Words::Indexed(words) => {
            let mut select = Select::new(tx, "record r CROSS JOIN artifact a", JOINED);
            words.lead(&mut select);
            select
        }
        Words::Scanned(words) => {
            let from = if engine == Engine::Sqlite { "artifact a CROSS JOIN record r" } else { "artifact a, record r" };
            let mut select = Select::new(tx, from, JOINED);
            select.all_words(engine, "r.search_text", words);
            select
        }
    };
    select.and("a.case_id = $?", filter.case);
    if let Some(kind) = filter.kind {
        select.and("a.kind = $?", kind.code());
    }
    match filter.status {
        StatusFilter::Included => select.and("a.status = $?", Status::Included.code()),
        StatusFilter::Excluded => select.and("a.status = $?", Status::Excluded.code()),
        StatusFilter::All => {}
    }
    if let Some(as_of) = filter.as_of {
        select.and("a.id <= $?", as_of);
    }
    select.any_text("r.category", &filter.categories);
    select.any_int("r.finding", &filter.findings);
    Ok(select)
}

fn total(tx: &mut Tx<'_>, filter: &ArtifactFilter) -> Result<(i64, bool)> {
    let plain = filter.q.trim().is_empty() && filter.categories.is_empty() && filter.findings.is_empty();
    if plain {
        let kept = |status: Status| match filter.status {
            StatusFilter::Included => status == Status::Included,
            StatusFilter::Excluded => status == Status::Excluded,
            StatusFilter::All => true,
        };
        let counts = counts(tx, filter.case)?;
        let total = counts.iter().filter(|c| filter.kind.is_none_or(|kind| kind == c.kind) && kept(c.status)).map(|c| c.count).sum();
        return Ok((total, true));
    }
    let counted = select(tx, filter)?.count(tx, COUNT_LIMIT)?;
    Ok((counted.min(COUNT_LIMIT), counted <= COUNT_LIMIT))
}

/// One page of a tab.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &ArtifactFilter) -> Result<Page<Artifact>> {
    let (total, total_is_exact) = total(tx, filter)?;
    let column = record::sort_column(filter.sort.column, "a.id");
    let order = Order { column, id: "a.id", descending: filter.sort.descending, after: filter.cursor.as_ref() };
    let columns = concat!(record_columns!(), ", a.id, a.status, a.reason, a.comment, a.status_by, a.status_at, a.added_by, a.added_at");
    let mut items = select(tx, filter)?.page(tx, columns, &order, filter.limit + 1, |row| {
        let at = RECORD_COLUMNS;
        Ok(Artifact {
            record: record::read(row)?,
            id: row.int(at)?,
            status: row.code(at + 1, Status::from_code)?,
            reason: row.text(at + 2)?.parse().ok(),
            comment: row.text(at + 3)?,
            status_by: row.text(at + 4)?,
            status_at: row.time(at + 5)?,
            added_by: row.text(at + 6)?,
            added_at: row.time(at + 7)?,
            origins: Vec::new(),
            annotations: 0,
            cases: 0,
            sighted: None,
        })
    })?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| Cursor { key: record::sort_key(&last.record, filter.sort.column, last.id), id: last.id }.to_string());
    decorate(tx, filter.case, &mut items)?;
    let as_of = last_id(tx)?.to_string();
    Ok(Page { items, next_cursor, total, total_is_exact, as_of })
}

/// Adds what hangs on the artifacts of one page: one statement each for origins, annotations, cases and sightings.
///
/// # Errors
/// When the database fails.
pub fn decorate(tx: &mut Tx<'_>, case: i64, items: &mut [Artifact]) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = items.iter().map(|item| item.record.id).collect();
    let (list, among) = (id_list(&ids), ids_in(tx.engine(), 2));
    let sql = format!(
        "SELECT origin, ref, title, detail, added_by, added_at, record_id FROM artifact_origin
         WHERE case_id = $1 AND record_id {among} AND undone_by = 0 ORDER BY id"
    );
    let mut origins: HashMap<i64, Vec<Origin>> = HashMap::new();
    for (record, origin) in tx.query(&sql, params![case, &list], |row| Ok((row.int(6)?, read_origin(row, 0)?)))? {
        let of_record = origins.entry(record).or_default();
        if of_record.len() < 5 {
            of_record.push(origin);
        }
    }
    let annotations = count_by_record(
        tx,
        &format!(
            "SELECT n.record_id, CAST(count(*) AS bigint) FROM annotation n WHERE {} AND n.withdrawn_at = 0 AND n.record_id {among}
             GROUP BY n.record_id",
            made_in_visible!("n.case_id")
        ),
        &list,
    )?;
    let cases = count_by_record(
        tx,
        &format!(
            "SELECT b.record_id, CAST(count(*) AS bigint) FROM artifact b JOIN security_case c ON c.id = b.case_id
             WHERE {} AND b.record_id {among} GROUP BY b.record_id",
            case_visible!("c")
        ),
        &list,
    )?;
    let sightings = sighted(tx, case, &list, &among)?;
    for item in items {
        let id = item.record.id;
        item.origins = origins.remove(&id).unwrap_or_default();
        item.annotations = annotations.get(&id).copied().unwrap_or_default();
        item.cases = cases.get(&id).copied().unwrap_or_default();
        item.sighted = sightings.get(&id).copied();
    }
    Ok(())
}

fn count_by_record(tx: &mut Tx<'_>, sql: &str, list: &str) -> Result<HashMap<i64, i64>> {
    Ok(tx.query(sql, params![tx.viewer(), list], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect())
}

/// What the newest finished search of the case that asked for a record counted.
fn sighted(tx: &mut Tx<'_>, case: i64, list: &str, among: &str) -> Result<HashMap<i64, i64>> {
    let sql = format!(
        "SELECT d.record_id, CAST(coalesce(sum(t.hits), 0) AS bigint) FROM (
            SELECT d.record_id, max(d.search_id) AS search_id FROM sighting_needle d JOIN sighting_search s ON s.id = d.search_id
            WHERE s.case_id = $1 AND s.state = 'done' AND d.record_id {among} GROUP BY d.record_id
         ) AS d LEFT JOIN sighting_result t ON t.search_id = d.search_id AND t.record_id = d.record_id
         GROUP BY d.record_id"
    );
    Ok(tx.query(&sql, params![case, list], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect())
}

/// The record rows of all artifacts that match, at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn matching_ids(tx: &mut Tx<'_>, filter: &ArtifactFilter, limit: i64) -> Result<Vec<i64>> {
    select(tx, filter)?.ids(tx, "a.record_id", limit)
}
