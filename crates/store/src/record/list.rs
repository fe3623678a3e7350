//! Lists of records.

use std::cmp::Ordering;

use model::Kind;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page, Sort, SortColumn};

use super::{Record, read};
use crate::engine::{Engine, Tx, params};
use crate::error::{Result, StoreError};
use crate::select::{Column, Order, Select};
use crate::text::{Indexed, RECORD_OF_TEXT, RECORD_TEXT, Words, first_of, rows_of};
use crate::visibility::record_visible;

/// Up to so many rows that the keywords match, they are sorted; beyond, the order of the list leads, whose rows are looked at
/// until a page is full.
pub(crate) const MATCH_LIMIT: i64 = 10_000;

/// What a list of records shows.
#[derive(Debug, Clone)]
pub struct RecordFilter {
    /// One kind, or all.
    pub kind: Option<Kind>,
    /// Keywords, refanged and not yet folded; each must occur.
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
    /// Only rows up to this one: what came later is untouched by bulk actions.
    pub as_of: Option<i64>,
}

/// What narrows a list beside its keywords; `kind` is the filter's, or one of all.
fn narrow<'a>(select: &mut Select<'a>, filter: &'a RecordFilter, kind: Option<Kind>) {
    if let Some(kind) = kind {
        select.and("r.kind = $?", kind.code());
    }
    if let Some(as_of) = filter.as_of {
        select.and("r.id <= $?", as_of);
    }
    select.any_text("r.category", &filter.categories);
    select.any_int("r.finding", &filter.findings);
}

/// A list whose rows are looked at for the keywords. `from` may name the index that leads.
pub(super) fn scanned<'a>(tx: &Tx<'_>, filter: &'a RecordFilter, kind: Option<Kind>, words: &[String], from: &str) -> Select<'a> {
    let mut select = Select::new(tx, from, record_visible!("r"));
    select.all_words(tx.engine(), "r.search_text", words.to_vec());
    narrow(&mut select, filter, kind);
    select
}

/// A list that SQLite's text index leads, from its row `first` to `last`: the matches of a kind lie together there, in the order in which they were added.
/// CROSS JOIN keeps SQLite from reordering.
pub(super) fn led<'a>(tx: &Tx<'_>, filter: &'a RecordFilter, (first, last): (i64, i64), words: &Indexed) -> Select<'a> {
    let mut select = Select::new(tx, "record_text CROSS JOIN record r", record_visible!("r"));
    select.and_plain(&format!("r.id = {RECORD_OF_TEXT}"));
    words.lead(&mut select, RECORD_TEXT, "r.search_text");
    select.and("record_text.rowid >= $?", first);
    select.and("record_text.rowid <= $?", last);
    narrow(&mut select, filter, None);
    select
}

/// The index that holds a kind's records in the order of a column.
pub(crate) fn sort_index(column: SortColumn) -> &'static str {
    match column {
        SortColumn::Added => "record_added",
        SortColumn::Title => "record_title",
        SortColumn::Category => "record_category",
        SortColumn::Severity => "record_severity",
        SortColumn::Finding => "record_finding",
        SortColumn::FirstSeen => "record_first_seen",
        SortColumn::LastSeen => "record_last_seen",
    }
}

/// The SQL of a sort column over `record r`; `added` is the column that tells when a row came into the list.
pub(crate) fn sort_column(column: SortColumn, added: &'static str) -> Column {
    match column {
        SortColumn::Added => Column::Int(added),
        SortColumn::Title => Column::Text("r.sort_title"),
        SortColumn::Category => Column::Text("r.category"),
        SortColumn::Severity => Column::Int("r.severity"),
        SortColumn::Finding => Column::Int("r.finding"),
        SortColumn::FirstSeen => Column::Int("r.first_seen"),
        SortColumn::LastSeen => Column::Int("r.last_seen"),
    }
}

/// The key of a record in a sort column; `added` likewise.
pub(crate) fn sort_key(record: &Record, column: SortColumn, added: i64) -> CursorKey {
    match column {
        SortColumn::Added => CursorKey::Int(added),
        SortColumn::Title => CursorKey::Text(super::sort_title(&record.title)),
        SortColumn::Category => CursorKey::Text(record.category.clone()),
        SortColumn::Severity => CursorKey::Int(record.severity.code()),
        SortColumn::Finding => CursorKey::Int(record.finding.code()),
        SortColumn::FirstSeen => CursorKey::Int(record.first_seen.micros()),
        SortColumn::LastSeen => CursorKey::Int(record.last_seen.micros()),
    }
}

/// One page of the records that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &RecordFilter) -> Result<Page<Record>> {
    let words = Words::of(tx, RECORD_TEXT, &filter.q)?;
    let total = total(tx, filter, &words)?;
    let mut items = rows(tx, filter, &words, total)?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor =
        items.last().filter(|_| more).map(|last| Cursor { key: sort_key(last, filter.sort.column, last.id), id: last.id }.to_string());
    let as_of = tx.query_one("SELECT CAST(coalesce(max(id), 0) AS bigint) FROM record", params![], |row| row.int(0))?;
    Ok(Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: as_of.to_string() })
}

/// How many records match, counted to one more than the limit.
fn total(tx: &mut Tx<'_>, filter: &RecordFilter, words: &Words) -> Result<i64> {
    match words {
        Words::Nowhere => Ok(0),
        Words::Indexed(words) => led(tx, filter, rows_of(filter.kind), words).count(tx, COUNT_LIMIT),
        Words::Scanned(words) => {
            let mut total = 0;
            for kind in kinds(tx, filter, words, filter.categories.is_empty() && filter.findings.is_empty()) {
                total += scanned(tx, filter, kind, words, "record r").count(tx, COUNT_LIMIT)?;
                if total > COUNT_LIMIT {
                    break;
                }
            }
            Ok(total)
        }
    }
}

/// One more row than the page has, when there is one.
pub(super) fn rows(tx: &mut Tx<'_>, filter: &RecordFilter, words: &Words, total: i64) -> Result<Vec<Record>> {
    match words {
        _ if total == 0 => Ok(Vec::new()),
        Words::Nowhere => Ok(Vec::new()),
        Words::Scanned(words) => in_order(tx, filter, words, total),
        Words::Indexed(words) => {
            if filter.sort.column == SortColumn::Added && (filter.kind.is_some() || total > COUNT_LIMIT) {
                return newest(tx, filter, words);
            }
            if total > COUNT_LIMIT && words.count(tx, RECORD_TEXT, filter.kind, MATCH_LIMIT)? > MATCH_LIMIT {
                return in_order(tx, filter, &words.words, total);
            }
            let select = led(tx, filter, rows_of(filter.kind), words);
            select.page(tx, record_columns!(), &order(filter), filter.limit + 1, read)
        }
    }
}

/// Rows in the order of the text index, which is that in which they were added; of several kinds, each kind's first.
fn newest(tx: &mut Tx<'_>, filter: &RecordFilter, words: &Indexed) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    // At most one statement a kind, none a row.
    for kind in filter.kind.as_ref().map_or(Kind::ALL, std::slice::from_ref) {
        let mut select = led(tx, filter, rows_of(Some(*kind)), words);
        match filter.cursor.as_ref().map(|cursor| &cursor.key) {
            Some(CursorKey::Int(id)) if filter.sort.descending => select.and("record_text.rowid < $?", first_of(*kind) | id),
            Some(CursorKey::Int(id)) => select.and("record_text.rowid > $?", first_of(*kind) | id),
            Some(CursorKey::Text(_)) => return Err(StoreError::BadCursor),
            None => {}
        }
        found.extend(select.first(tx, record_columns!(), ("record_text.rowid", filter.sort.descending), filter.limit + 1, read)?);
    }
    Ok(merged(found, filter))
}

/// Rows in the order of the list, each looked at until the page is full.
fn in_order(tx: &mut Tx<'_>, filter: &RecordFilter, words: &[String], total: i64) -> Result<Vec<Record>> {
    let plain = filter.categories.is_empty() && filter.findings.is_empty();
    let mut found = Vec::new();
    for kind in kinds(tx, filter, words, plain && filter.sort.column == SortColumn::Added) {
        let from = match kind {
            // SQLite would take the index of what the list is narrowed by and sort what it finds: right for few rows only.
            Some(_) if tx.engine() == Engine::Sqlite && total > COUNT_LIMIT && !plain => {
                format!("record r INDEXED BY {}", sort_index(filter.sort.column))
            }
            _ => "record r".to_owned(),
        };
        let select = scanned(tx, filter, kind, words, &from);
        found.extend(select.page(tx, record_columns!(), &order(filter), filter.limit + 1, read)?);
    }
    Ok(merged(found, filter))
}

/// The kinds to ask for one by one: the filter's, or each, because indexes begin with the kind; or all at once.
fn kinds(tx: &Tx<'_>, filter: &RecordFilter, words: &[String], at_once: bool) -> Vec<Option<Kind>> {
    let at_once = at_once || (tx.engine() == Engine::Postgres && !words.is_empty());
    if filter.kind.is_some() || at_once { vec![filter.kind] } else { Kind::ALL.iter().copied().map(Some).collect() }
}

fn order(filter: &RecordFilter) -> Order<'_> {
    let column = sort_column(filter.sort.column, "r.id");
    Order { column, id: "r.id", descending: filter.sort.descending, after: filter.cursor.as_ref() }
}

/// The first rows of several lists, each of which is in order.
fn merged(mut found: Vec<Record>, filter: &RecordFilter) -> Vec<Record> {
    let key = |record: &Record| sort_key(record, filter.sort.column, record.id);
    let compare = |a: &Record, b: &Record| {
        let keys = match (key(a), key(b)) {
            (CursorKey::Int(a), CursorKey::Int(b)) => a.cmp(&b),
            (CursorKey::Text(a), CursorKey::Text(b)) => a.cmp(&b),
            (CursorKey::Int(_), CursorKey::Text(_)) | (CursorKey::Text(_), CursorKey::Int(_)) => Ordering::Equal,
        };
        let ascending = keys.then(a.id.cmp(&b.id));
        if filter.sort.descending { ascending.reverse() } else { ascending }
    };
    found.sort_by(compare);
    found.truncate(filter.limit as usize + 1);
    found
}

/// The rows of all records that match, at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn matching_ids(tx: &mut Tx<'_>, filter: &RecordFilter, limit: i64) -> Result<Vec<i64>> {
    match Words::of(tx, RECORD_TEXT, &filter.q)? {
        Words::Nowhere => Ok(Vec::new()),
        Words::Indexed(words) => led(tx, filter, rows_of(filter.kind), &words).ids(tx, "r.id", limit),
        Words::Scanned(words) => scanned(tx, filter, filter.kind, &words, "record r").ids(tx, "r.id", limit),
    }
}
