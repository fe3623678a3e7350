//! A tab of a case: its artifacts of a kind.

use std::collections::HashMap;

use model::artifact::{ExclusionReason, Status, StatusFilter};
use model::list::{COUNT_LIMIT, Cursor, Page, Sort, SortColumn};
use model::text::search_words;
use model::{Kind, Timestamp};

use super::holds;
use super::{Count, Origin, counts, last_id, read_origin};
use crate::engine::{Engine, Tx, id_list, ids_in, params};
use crate::error::Result;
use crate::known_good;
use crate::record::{self, MATCH_LIMIT, RECORD_COLUMNS, Record, record_columns};
use crate::select::{Order, Select};
use crate::text::{Indexed, RECORD_OF_TEXT, RECORD_TEXT, Words};
use crate::visibility::{case_visible, made_in_visible};

/// Up to so many artifacts, looking at each is faster than asking the text index first.
const SMALL_CASE: i64 = 5_000;
/// So many records that hold the keywords are asked for once, and then by their ids.
const FEW: i64 = 1_000;
/// From so many artifacts of a kind on, a page is found sooner in the order of all records than by sorting those of the
/// case: of a million, in a millisecond instead of two seconds.
const LARGE_CASE: i64 = 100_000;

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
    /// Those that are known to be good, or those that are not.
    pub marked: Option<bool>,
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
    /// Why it is known to be good; empty when it is not.
    pub known_good: String,
}

/// Whether an artifact is known to be good.
const MARKED: &str = "EXISTS (SELECT 1 FROM known_good_mark m WHERE m.record_id = a.record_id)";

/// What leads a list of artifacts.
enum Lead<'w> {
    /// The artifacts of the case, whose texts are looked at for these words.
    Case(&'w [String]),
    /// The records of the library in the order of a column, which the case must hold.
    Order(&'static str, &'w [String]),
    /// SQLite's text index.
    Text(&'w Indexed),
    /// The few records that it was found to hold, as a list of ids; and the words that each is looked at for.
    Few(&'w str, &'w [String]),
    /// What is known to be good, whose texts are looked at for these words.
    Marked(&'w [String]),
}

/// The list; the caller has found the case. `$1` is the viewer in every list, though nothing here depends on it.
///
/// CROSS JOIN keeps SQLite from reordering.
fn select<'a>(tx: &Tx<'_>, filter: &'a ArtifactFilter, lead: &Lead<'_>) -> Select<'a> {
    const JOINED: &str = "r.id = a.record_id AND CAST($1 AS bigint) IS NOT NULL";
    let engine = tx.engine();
    let mut select = match lead {
        Lead::Case(words) => {
            let from = match engine {
                Engine::Sqlite => "artifact a CROSS JOIN record r",
                // Each artifact's text is looked at in the order of the list: OFFSET keeps the planner from asking the text
                // index, of which it thinks that every word is rare.
                Engine::Postgres => "artifact a CROSS JOIN LATERAL (SELECT * FROM record x WHERE x.id = a.record_id OFFSET 0) AS r",
            };
            let mut select = Select::new(tx, from, JOINED);
            select.all_words(engine, "r.search_text", words.to_vec());
            select
        }
        Lead::Order(index, words) => {
            let from = match engine {
                Engine::Sqlite => format!("record r INDEXED BY {index} CROSS JOIN artifact a"),
                Engine::Postgres => "record r, artifact a".to_owned(),
            };
            let mut select = Select::new(tx, &from, JOINED);
            select.all_words(engine, "r.search_text", words.to_vec());
            if let Some(kind) = filter.kind {
                select.and("r.kind = $?", kind.code());
            }
            select
        }
        Lead::Text(words) => {
            let mut select = Select::new(tx, "record_text CROSS JOIN artifact a CROSS JOIN record r", JOINED);
            select.and_plain(&format!("a.record_id = {RECORD_OF_TEXT}"));
            words.lead(&mut select, RECORD_TEXT, "r.search_text");
            select
        }
        Lead::Few(ids, words) => {
            let mut select = Select::new(tx, "artifact a CROSS JOIN record r", JOINED);
            select.and(&format!("a.record_id {}", ids_in(engine, 0).replace("$0", "$?")), (*ids).to_owned());
            select.all_words(engine, "r.search_text", words.to_vec());
            select
        }
        Lead::Marked(words) => {
            let from = match engine {
                Engine::Sqlite => "known_good_mark m CROSS JOIN artifact a CROSS JOIN record r",
                Engine::Postgres => "known_good_mark m, artifact a, record r",
            };
            let mut select = Select::new(tx, from, JOINED);
            select.and_plain("m.record_id = a.record_id");
            select.all_words(engine, "r.search_text", words.to_vec());
            select
        }
    };
    match filter.marked {
        Some(true) if !matches!(lead, Lead::Marked(_)) => select.and_plain(MARKED),
        Some(false) => select.and_plain(&format!("NOT {MARKED}")),
        Some(true) | None => {}
    }
    // As `case_rows_in` tells: a few records are looked up by themselves.
    let of_few = engine == Engine::Postgres && matches!(lead, Lead::Few(..));
    select.and(if of_few { "a.case_id + 0 = $?" } else { "a.case_id = $?" }, filter.case);
    if let Some(kind) = filter.kind {
        // A plus keeps SQLite from the index by kind where it is to look a record up.
        let column = if engine == Engine::Sqlite && !matches!(lead, Lead::Case(_)) { "+a.kind" } else { "a.kind" };
        select.and(&format!("{column} = $?"), kind.code());
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
    select
}

/// How many artifacts of the kind and status there are.
fn held(filter: &ArtifactFilter, counts: &[Count]) -> i64 {
    let kept = |status: Status| match filter.status {
        StatusFilter::Included => status == Status::Included,
        StatusFilter::Excluded => status == Status::Excluded,
        StatusFilter::All => true,
    };
    counts.iter().filter(|c| filter.kind.is_none_or(|kind| kind == c.kind) && kept(c.status)).map(|c| c.count).sum()
}

/// The keywords of a tab, and whether the text index is to lead its rows, and its count.
struct Plan {
    words: Words,
    /// The records that hold them, when they are few.
    few: Option<String>,
    /// On PostgreSQL, the first records that hold them, when they are many.
    some: Option<String>,
    rows_led: bool,
    count_led: bool,
    /// Whether what is known to be good leads: asked for, and fewer than the case holds.
    marked: bool,
}

impl Plan {
    /// What leads when the text index does, or was asked already.
    fn led<'w>(&'w self, words: &'w Indexed) -> Lead<'w> {
        self.few.as_ref().map_or(Lead::Text(words), |ids| Lead::Few(ids, &words.frequent))
    }

    /// What leads when the text index does not.
    fn scanned<'w>(&self, words: &'w [String]) -> Lead<'w> {
        if self.marked { Lead::Marked(words) } else { Lead::Case(words) }
    }
}

/// Whether there are at most so many marks.
fn few_marks(tx: &mut Tx<'_>, most: i64) -> Result<bool> {
    let sql = "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 AS one FROM known_good_mark LIMIT $1) AS marks";
    Ok(tx.query_one(sql, params![most.saturating_add(1)], |row| row.int(0))? <= most)
}

fn plan(tx: &mut Tx<'_>, filter: &ArtifactFilter, counts: &[Count]) -> Result<Plan> {
    let total: i64 = counts.iter().map(|count| count.count).sum();
    if total <= SMALL_CASE {
        return Ok(Plan {
            words: Words::Scanned(search_words(&filter.q)),
            few: None,
            some: None,
            rows_led: false,
            count_led: false,
            marked: false,
        });
    }
    let marked = filter.marked == Some(true) && few_marks(tx, held(filter, counts))?;
    let words = Words::of(tx, RECORD_TEXT, &filter.q)?;
    if let Words::Scanned(asked) = &words
        && !marked
        && holds::can_be_asked(tx, asked)
        && !holds::is_common(tx, filter, asked)?
    {
        let found = holds::first(tx, asked, FEW)?;
        let list = Some(id_list(&found));
        let words = asked.clone();
        return Ok(if found.len() as i64 <= FEW {
            let words = Words::Indexed(Indexed { query: String::new(), frequent: Vec::new(), words });
            Plan { words, few: list, some: None, rows_led: true, count_led: true, marked }
        } else {
            Plan { words: Words::Scanned(words), few: None, some: list, rows_led: false, count_led: false, marked }
        });
    }
    let Words::Indexed(indexed) = &words else {
        return Ok(Plan { words, few: None, some: None, rows_led: false, count_led: false, marked });
    };
    let (found, about) = indexed.first(tx, filter.kind, FEW)?;
    let few = (found.len() as i64 <= FEW).then(|| id_list(&found));
    let rows_led = about <= MATCH_LIMIT;
    // Beyond, whichever is expected to have the fewer rows is counted.
    Ok(Plan { few, some: None, rows_led, count_led: rows_led || (about <= held(filter, counts) && !marked), marked, words })
}

fn total(tx: &mut Tx<'_>, filter: &ArtifactFilter, plan: &Plan, counts: &[Count]) -> Result<(i64, bool)> {
    if filter.q.trim().is_empty() && filter.categories.is_empty() && filter.findings.is_empty() && filter.marked.is_none() {
        return Ok((held(filter, counts), true));
    }
    if let Some(some) = &plan.some
        && select(tx, filter, &Lead::Few(some, &[])).count(tx, COUNT_LIMIT)? > COUNT_LIMIT
    {
        return Ok((COUNT_LIMIT, false));
    }
    let counted = match &plan.words {
        Words::Nowhere => 0,
        Words::Indexed(words) if plan.count_led => select(tx, filter, &plan.led(words)).count(tx, COUNT_LIMIT)?,
        Words::Indexed(Indexed { words, .. }) | Words::Scanned(words) => select(tx, filter, &plan.scanned(words)).count(tx, COUNT_LIMIT)?,
    };
    Ok((counted.min(COUNT_LIMIT), counted <= COUNT_LIMIT))
}

/// One page of a tab.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &ArtifactFilter) -> Result<Page<Artifact>> {
    let counts = counts(tx, filter.case)?;
    let plan = plan(tx, filter, &counts)?;
    let (total, total_is_exact) = total(tx, filter, &plan, &counts)?;
    let column = record::sort_column(filter.sort.column, "a.id");
    // Ties are in the order of that table whose column it is, so that an index gives both.
    let id = if filter.sort.column == SortColumn::Added { "a.id" } else { "r.id" };
    let order = Order { column, id, descending: filter.sort.descending, after: filter.cursor.as_ref() };
    let large = filter.kind.is_some() && filter.sort.column != SortColumn::Added && held(filter, &counts) >= LARGE_CASE;
    let lead = match &plan.words {
        Words::Indexed(words) if plan.rows_led => plan.led(words),
        // What is counted to its end is few rows among many: they are sooner sorted than met.
        Words::Indexed(Indexed { words, .. }) | Words::Scanned(words)
            if large && !plan.marked && !(total_is_exact && total <= COUNT_LIMIT) =>
        {
            Lead::Order(record::sort_index(filter.sort.column), words)
        }
        Words::Indexed(Indexed { words, .. }) | Words::Scanned(words) => plan.scanned(words),
        Words::Nowhere => {
            return Ok(Page { items: Vec::new(), next_cursor: None, total, total_is_exact, as_of: last_id(tx)?.to_string() });
        }
    };
    let columns = concat!(record_columns!(), ", a.id, a.status, a.reason, a.comment, a.status_by, a.status_at, a.added_by, a.added_at");
    let mut items = select(tx, filter, &lead).page(tx, columns, &order, filter.limit + 1, |row| {
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
            known_good: String::new(),
        })
    })?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor(last, filter.sort.column).to_string());
    decorate(tx, filter.case, &mut items)?;
    let as_of = last_id(tx)?.to_string();
    Ok(Page { items, next_cursor, total, total_is_exact, as_of })
}

fn cursor(last: &Artifact, column: SortColumn) -> Cursor {
    let id = if column == SortColumn::Added { last.id } else { last.record.id };
    Cursor { key: record::sort_key(&last.record, column, last.id), id }
}

/// Adds what hangs on the artifacts of one page: one statement each for origins, annotations, cases, sightings and marks.
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
    let mut marks = known_good::marks_of(tx, &ids)?;
    for item in items {
        let id = item.record.id;
        item.origins = origins.remove(&id).unwrap_or_default();
        item.annotations = annotations.get(&id).copied().unwrap_or_default();
        item.cases = cases.get(&id).copied().unwrap_or_default();
        item.sighted = sightings.get(&id).copied();
        item.known_good = marks.remove(&id).unwrap_or_default();
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
    let counts = counts(tx, filter.case)?;
    let plan = plan(tx, filter, &counts)?;
    let lead = match &plan.words {
        Words::Nowhere => return Ok(Vec::new()),
        Words::Indexed(words) if plan.rows_led => plan.led(words),
        Words::Indexed(Indexed { words, .. }) | Words::Scanned(words) => plan.scanned(words),
    };
    select(tx, filter, &lead).ids(tx, "a.record_id", limit)
}
