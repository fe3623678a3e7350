//! Lists of records.

use model::Kind;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page, Sort, SortColumn};
use model::text::search_words;

use super::{Record, read};
use crate::engine::{Engine, Tx, params};
use crate::error::Result;
use crate::select::{Column, Order, Select, trigram_query};
use crate::visibility::record_visible;

/// Up to so many rows that the keywords match, the text index leads; beyond, the order of the list does, whose rows are
/// looked at until a page is full.
const MATCH_LIMIT: i64 = 10_000;

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

fn select<'a>(tx: &mut Tx<'_>, filter: &'a RecordFilter) -> Result<Select<'a>> {
    let mut select = Select::new(tx, "record r", record_visible!("r"));
    match Words::of(tx, &filter.q)? {
        Words::Indexed(words) => words.lead(&mut select),
        Words::Scanned(words) => select.all_words(tx.engine(), "r.search_text", words),
    }
    if let Some(kind) = filter.kind {
        select.and("r.kind = $?", kind.code());
    }
    if let Some(as_of) = filter.as_of {
        select.and("r.id <= $?", as_of);
    }
    select.any_text("r.category", &filter.categories);
    select.any_int("r.finding", &filter.findings);
    Ok(select)
}

/// Keywords over `record r`, and how they are best looked for.
pub(crate) enum Words {
    /// The text index leads.
    Indexed(Indexed),
    /// The text of each row is looked at.
    Scanned(Vec<String>),
}

/// Keywords for the text index.
pub(crate) struct Indexed {
    query: String,
    short: Vec<String>,
}

impl Words {
    /// The keywords of what was typed. PostgreSQL chooses by itself; SQLite is told, by how many rows match.
    pub(crate) fn of(tx: &mut Tx<'_>, q: &str) -> Result<Self> {
        const COUNT: &str =
            "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM record_text WHERE record_text MATCH $1 LIMIT $2) AS matches";
        let words = search_words(q);
        if tx.engine() == Engine::Postgres {
            return Ok(Self::Scanned(words));
        }
        let (Some(query), short) = trigram_query(words.clone()) else {
            return Ok(Self::Scanned(words));
        };
        let matches = tx.query_one(COUNT, params![&query, MATCH_LIMIT + 1], |row| row.int(0))?;
        Ok(if matches > MATCH_LIMIT { Self::Scanned(words) } else { Self::Indexed(Indexed { query, short }) })
    }
}

impl Indexed {
    /// Adds the keywords to a list of `record r`.
    pub(crate) fn lead(self, select: &mut Select<'_>) {
        let query = select.bind(self.query);
        select.and_plain(&format!("r.id IN (SELECT rowid FROM record_text WHERE record_text MATCH ${query})"));
        select.all_words(Engine::Sqlite, "r.search_text", self.short);
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
    let total = select(tx, filter)?.count(tx, COUNT_LIMIT)?;
    let column = sort_column(filter.sort.column, "r.id");
    let order = Order { column, id: "r.id", descending: filter.sort.descending, after: filter.cursor.as_ref() };
    let mut items = select(tx, filter)?.page(tx, record_columns!(), &order, filter.limit + 1, read)?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor =
        items.last().filter(|_| more).map(|last| Cursor { key: sort_key(last, filter.sort.column, last.id), id: last.id }.to_string());
    let as_of = tx.query_one("SELECT CAST(coalesce(max(id), 0) AS bigint) FROM record", params![], |row| row.int(0))?;
    Ok(Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: as_of.to_string() })
}

/// The rows of all records that match, at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn matching_ids(tx: &mut Tx<'_>, filter: &RecordFilter, limit: i64) -> Result<Vec<i64>> {
    select(tx, filter)?.ids(tx, "r.id", limit)
}
