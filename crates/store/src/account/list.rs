//! The list of accounts.

use model::Role;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::text::search_words;

use super::{Account, read};
use crate::engine::Tx;
use crate::error::Result;
use crate::select::{Column, Order, Select};

/// What a list of accounts shows, by name.
#[derive(Debug, Clone)]
pub struct AccountFilter {
    /// Keywords in name, display name and e-mail; each must occur.
    pub q: String,
    /// One of these roles, when any.
    pub roles: Vec<Role>,
    /// Only those that are disabled, or only those that are not.
    pub disabled: Option<bool>,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// Every statement of a list takes the viewer; what is decided by role alone says so with this.
pub(crate) const ANYONE: &str = "CAST($1 AS bigint) <> 0";

/// One page of the accounts.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &AccountFilter) -> Result<Page<Account>> {
    let mut select = Select::new(tx, "account a", ANYONE);
    select.all_words(tx.engine(), "a.search_text", search_words(&filter.q));
    select.any_int("a.role", &filter.roles.iter().map(|role| role.code()).collect::<Vec<_>>());
    if let Some(disabled) = filter.disabled {
        select.and("a.disabled = $?", disabled);
    }
    let total = select.count(tx, COUNT_LIMIT)?;
    let order = Order { column: Column::Text("a.name"), id: "a.id", descending: false, after: filter.cursor.as_ref() };
    let items = select.page(tx, account_columns!(), &order, filter.limit + 1, read)?;
    Ok(page(items, filter.limit, total, |last| Cursor { key: CursorKey::Text(last.name.clone()), id: last.id }))
}

/// A page of at most `limit` rows from one row more, which tells whether there is a next page.
pub(crate) fn page<T>(mut items: Vec<T>, limit: u32, total: i64, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor(last).to_string());
    Page { items, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() }
}
