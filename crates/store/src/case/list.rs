//! The list of cases.

use model::Timestamp;
use model::case::{CaseState, Rating, Tlp};
use model::list::{COUNT_LIMIT, CaseSort, Cursor, CursorKey, Page, Sort};
use model::text::search_words;

use super::{Case, read};
use crate::engine::{Tx, params};
use crate::error::Result;
use crate::select::{Column, Order, Select};
use crate::visibility::case_visible;

/// What a list of cases shows.
#[derive(Debug, Clone)]
pub struct CaseFilter {
    /// Keywords; each must occur.
    pub q: String,
    /// One of these states, when any.
    pub states: Vec<CaseState>,
    /// One of these ratings, when any.
    pub ratings: Vec<Rating>,
    /// One of these types' words, when any.
    pub case_types: Vec<String>,
    /// One of these markings, when any.
    pub tlps: Vec<Tlp>,
    /// Assigned to this login name.
    pub assigned_to: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// The order.
    pub sort: Sort<CaseSort>,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// A case in a list.
#[derive(Debug, Clone)]
pub struct CaseListed {
    /// The case.
    pub case: Case,
    /// How many artifacts it includes.
    pub artifacts: i64,
}

/// One page of the cases that the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &CaseFilter) -> Result<Page<CaseListed>> {
    let mut select = Select::new(tx, "security_case c", case_visible!("c"));
    let engine = tx.engine();
    select.all_words(engine, "c.search_text", search_words(&filter.q));
    select.any_int("c.state", &filter.states.iter().map(|s| s.code()).collect::<Vec<_>>());
    select.any_int("c.rating", &filter.ratings.iter().map(|r| r.code()).collect::<Vec<_>>());
    select.any_int("c.tlp", &filter.tlps.iter().map(|t| t.code()).collect::<Vec<_>>());
    select.any_text("c.case_type", &filter.case_types);
    if let Some(name) = &filter.assigned_to {
        select.and("c.assigned_to = $?", name);
    }
    if let Some(tag) = &filter.tag {
        select.and("EXISTS (SELECT 1 FROM case_tag t WHERE t.case_id = c.id AND t.tag = $?)", tag);
    }
    let total = select.count(tx, COUNT_LIMIT)?;
    let order = Order {
        column: match filter.sort.column {
            CaseSort::Updated => Column::Int("c.updated_at"),
            CaseSort::Created => Column::Int("c.created_at"),
            CaseSort::Number => Column::Int("c.number"),
            CaseSort::Name => Column::Text("c.name"),
            CaseSort::Rating => Column::Int("c.rating"),
            CaseSort::State => Column::Int("c.state"),
        },
        id: "c.id",
        descending: filter.sort.descending,
        after: filter.cursor.as_ref(),
    };
    let columns = concat!(
        columns!(),
        ", (SELECT CAST(coalesce(sum(k.count), 0) AS bigint) FROM artifact_count k WHERE k.case_id = c.id AND k.status = 1)"
    );
    let mut items =
        select.page(tx, columns, &order, filter.limit + 1, |row| Ok(CaseListed { case: read(row)?, artifacts: row.int(24)? }))?;
    let more = items.len() > filter.limit as usize;
    items.truncate(filter.limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor(&last.case, filter.sort.column).to_string());
    Ok(Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() })
}

fn cursor(case: &Case, column: CaseSort) -> Cursor {
    let time = |t: Timestamp| CursorKey::Int(t.micros());
    let key = match column {
        CaseSort::Updated => time(case.updated_at),
        CaseSort::Created => time(case.created_at),
        CaseSort::Number => CursorKey::Int(case.number),
        CaseSort::Name => CursorKey::Text(case.name.clone()),
        CaseSort::Rating => CursorKey::Int(case.rating.code()),
        CaseSort::State => CursorKey::Int(case.state.code()),
    };
    Cursor { key, id: case.id }
}

/// How many open cases the viewer may know of.
///
/// # Errors
/// When the database fails.
pub fn count_open(tx: &mut Tx<'_>) -> Result<i64> {
    const SQL: &str =
        concat!("SELECT CAST(count(*) AS bigint) FROM security_case c WHERE ", case_visible!("c"), " AND c.state <= CAST($2 AS bigint)");
    tx.query_one(SQL, params![tx.viewer(), CaseState::Review.code()], |row| row.int(0))
}
