//! Lists cases.

use model::case::{CaseState, CaseType, Rating, Tlp};
use model::list::{CaseSort, DEFAULT_LIMIT, MAX_LIMIT, Page, Sort};
use model::{Actor, Fields};
use serde::Deserialize;
use store::case::{self, CaseFilter};

use super::CaseSummary;
use crate::App;
use crate::error::Result;

/// What a list of cases shows. Several words in one filter are separated by commas.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct CaseQuery {
    /// Keywords in number, name and descriptions; each must occur.
    pub q: String,
    /// States; `open` stands for draft, analysis and review.
    pub state: String,
    /// Ratings.
    pub rating: String,
    /// Types.
    pub case_type: String,
    /// Markings.
    pub tlp: String,
    /// A login name; `me` for oneself.
    pub assigned_to: String,
    /// A tag.
    pub tag: String,
    /// `updated_at`, `created_at`, `number`, `name`, `rating` or `state`; a minus before it turns the order.
    pub sort: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of the cases that the actor may know of.
///
/// # Errors
/// When the query holds unknown words.
pub async fn list(app: &App, actor: &Actor, query: CaseQuery) -> Result<Page<CaseSummary>> {
    let filter = validate(&query, actor)?;
    app.read(actor, move |tx| Ok(case::list(tx, &filter)?.map(CaseSummary::from))).await
}

/// How many open cases the actor may know of.
///
/// # Errors
/// When the store fails.
pub async fn open_count(app: &App, actor: &Actor) -> Result<i64> {
    app.read(actor, |tx| Ok(case::count_open(tx)?)).await
}

fn validate(query: &CaseQuery, actor: &Actor) -> Result<CaseFilter> {
    let mut fields = Fields::new();
    let states = match query.state.as_str() {
        "open" => CaseState::ALL.iter().copied().filter(|state| state.is_open()).collect(),
        words => choices(&mut fields, "/state", words),
    };
    let filter = CaseFilter {
        q: fields.text("/q", &query.q, 1_000),
        states,
        ratings: choices::<Rating>(&mut fields, "/rating", &query.rating),
        case_types: choices::<CaseType>(&mut fields, "/case_type", &query.case_type).iter().map(ToString::to_string).collect(),
        tlps: choices::<Tlp>(&mut fields, "/tlp", &query.tlp),
        assigned_to: match query.assigned_to.as_str() {
            "" => None,
            "me" => Some(actor.name.clone()),
            name => Some(name.to_owned()),
        },
        tag: (!query.tag.is_empty()).then(|| query.tag.clone()),
        sort: sort(&mut fields, &query.sort, Sort { column: CaseSort::Updated, descending: true }),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
    };
    fields.finish()?;
    Ok(filter)
}

/// Words separated by commas, each of a closed list.
pub(crate) fn choices<T: std::str::FromStr<Err: std::fmt::Display>>(fields: &mut Fields, pointer: &str, words: &str) -> Vec<T> {
    words.split(',').map(str::trim).filter(|word| !word.is_empty()).filter_map(|word| fields.keep(pointer, word.parse())).collect()
}

/// A list's `sort`, or its default.
pub(crate) fn sort<C>(fields: &mut Fields, text: &str, default: Sort<C>) -> Sort<C>
where
    Sort<C>: std::str::FromStr<Err: std::fmt::Display>,
{
    if text.is_empty() { default } else { fields.keep("/sort", text.parse()).unwrap_or(default) }
}

/// A list's `cursor`.
pub(crate) fn cursor(fields: &mut Fields, text: &str) -> Option<model::list::Cursor> {
    if text.is_empty() { None } else { fields.keep("/cursor", text.parse()) }
}

/// A list's `limit`.
pub(crate) fn limit(fields: &mut Fields, limit: Option<u32>) -> u32 {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        fields.refuse("/limit", format!("must be between 1 and {MAX_LIMIT}"));
    }
    limit
}
