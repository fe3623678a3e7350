//! Groups of accounts, which restricted cases let in together.

use std::collections::{HashMap, HashSet};

use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::text::search_words;

use super::list::{ANYONE, page};
use crate::engine::{Row, Tx, id_list, ids_in, params, statements, text_list, texts_in};
use crate::error::Result;
use crate::select::{Column, Order, Select};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The row.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Login names, in order.
    pub members: Vec<String>,
}

statements! {
    INSERT = "INSERT INTO account_group (name) VALUES ($1) RETURNING id";
    FIND = "SELECT g.id, g.name FROM account_group g WHERE g.name = $1";
    MEMBERS = "SELECT a.name FROM account_group_member m JOIN account a ON a.id = m.account_id WHERE m.group_id = $1 ORDER BY a.name";
    OF_ACCOUNT = "SELECT g.name FROM account_group_member m JOIN account_group g ON g.id = m.group_id WHERE m.account_id = $1 ORDER BY g.name";
    DELETE_MEMBERS = "DELETE FROM account_group_member WHERE group_id = $1";
    OPENS_RESTRICTED = "SELECT 1 FROM case_access x JOIN security_case c ON c.id = x.case_id WHERE x.group_id = $1 AND c.restricted = 1 LIMIT 1";
}

fn read(row: &Row<'_>) -> Result<Group> {
    Ok(Group { id: row.int(0)?, name: row.text(1)?, members: Vec::new() })
}

/// Stores a new group without members and tells its row.
///
/// # Errors
/// When the database fails, or the name is taken.
pub fn insert(tx: &mut Tx<'_>, name: &str) -> Result<i64> {
    tx.query_one(INSERT, params![name], |row| row.int(0))
}

/// The group with a name, with its members.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Group>> {
    let Some(mut group) = tx.query_opt(FIND, params![name], read)? else {
        return Ok(None);
    };
    group.members = tx.query(MEMBERS, params![group.id], |row| row.text(0))?;
    Ok(Some(group))
}

/// The names of the groups that an account is in.
///
/// # Errors
/// When the database fails.
pub fn of_account(tx: &mut Tx<'_>, account: i64) -> Result<Vec<String>> {
    tx.query(OF_ACCOUNT, params![account], |row| row.text(0))
}

/// Makes these accounts, and no others, the members of a group; names without an account are passed over.
///
/// # Errors
/// When the database fails.
pub fn set_members(tx: &mut Tx<'_>, group: i64, names: &[String]) -> Result<()> {
    tx.execute(DELETE_MEMBERS, params![group])?;
    let sql = format!(
        "INSERT INTO account_group_member (group_id, account_id) SELECT CAST($1 AS bigint), a.id FROM account a WHERE a.name {}",
        texts_in(tx.engine(), 2)
    );
    tx.execute(&sql, params![group, text_list(names)]).map(|_| ())
}

/// Whether a restricted case lets this group in.
///
/// # Errors
/// When the database fails.
pub fn opens_restricted(tx: &mut Tx<'_>, group: i64) -> Result<bool> {
    Ok(tx.query_opt(OPENS_RESTRICTED, params![group], |_| Ok(()))?.is_some())
}

/// Which of these are names of groups.
///
/// # Errors
/// When the database fails.
pub fn known(tx: &mut Tx<'_>, names: &[&str]) -> Result<HashSet<String>> {
    let sql = format!("SELECT name FROM account_group WHERE name {}", texts_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![text_list(names)], |row| row.text(0))?.into_iter().collect())
}

/// What a list of groups shows, by name.
#[derive(Debug, Clone)]
pub struct GroupFilter {
    /// Keywords in the name; each must occur.
    pub q: String,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// One page of the groups with their members.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &GroupFilter) -> Result<Page<Group>> {
    let mut select = Select::new(tx, "account_group g", ANYONE);
    select.all_words(tx.engine(), "g.name", search_words(&filter.q));
    let total = select.count(tx, COUNT_LIMIT)?;
    let order = Order { column: Column::Text("g.name"), id: "g.id", descending: false, after: filter.cursor.as_ref() };
    let mut items = select.page(tx, "g.id, g.name", &order, filter.limit + 1, read)?;
    let mut members = members_of(tx, &items.iter().map(|group| group.id).collect::<Vec<_>>())?;
    for group in &mut items {
        group.members = members.remove(&group.id).unwrap_or_default();
    }
    Ok(page(items, filter.limit, total, |last| Cursor { key: CursorKey::Text(last.name.clone()), id: last.id }))
}

fn members_of(tx: &mut Tx<'_>, groups: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let sql = format!(
        "SELECT m.group_id, a.name FROM account_group_member m JOIN account a ON a.id = m.account_id WHERE m.group_id {} ORDER BY a.name",
        ids_in(tx.engine(), 1)
    );
    let mut members: HashMap<i64, Vec<String>> = HashMap::new();
    for (group, name) in tx.query(&sql, params![id_list(groups)], |row| Ok((row.int(0)?, row.text(1)?)))? {
        members.entry(group).or_default().push(name);
    }
    Ok(members)
}
