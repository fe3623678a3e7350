//! API tokens, stored by their hash only.

use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use model::{Role, Timestamp};

use super::list::{ANYONE, page};
use super::{ACCOUNT_COLUMNS, Account, read_from};
use crate::engine::{Row, Tx, params, statements};
use crate::error::Result;
use crate::select::{Column, Order, Select};

/// An API token with the account that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The row.
    pub id: i64,
    /// What it is for, in its owner's words.
    pub label: String,
    /// What it may do at most.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, or never.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute, or never.
    pub last_used_at: Timestamp,
    /// When it was revoked, or never.
    pub revoked_at: Timestamp,
    /// Who it acts as.
    pub account: Account,
}

macro_rules! columns {
    () => {
        concat!(account_columns!(), ", t.id, t.label, t.role, t.created_at, t.expires_at, t.last_used_at, t.revoked_at")
    };
}

statements! {
    INSERT = "INSERT INTO api_token (account_id, label, token_hash, role, created_at, expires_at, last_used_at, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0) RETURNING id";
    BY_HASH = concat!("SELECT ", columns!(), " FROM api_token t JOIN account a ON a.id = t.account_id WHERE t.token_hash = $1");
    BY_ID = concat!("SELECT ", columns!(), " FROM api_token t JOIN account a ON a.id = t.account_id WHERE t.id = $1");
    COUNT_USABLE = "SELECT CAST(count(*) AS bigint) FROM api_token t WHERE t.account_id = $1 AND t.revoked_at = 0";
    REVOKE = "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0";
    TOUCH = "UPDATE api_token SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
}

fn read(row: &Row<'_>) -> Result<Token> {
    const OWN: usize = ACCOUNT_COLUMNS;
    Ok(Token {
        account: read_from(row, 0)?,
        id: row.int(OWN)?,
        label: row.text(OWN + 1)?,
        role: row.code(OWN + 2, Role::from_code)?,
        created_at: row.time(OWN + 3)?,
        expires_at: row.time(OWN + 4)?,
        last_used_at: row.time(OWN + 5)?,
        revoked_at: row.time(OWN + 6)?,
    })
}

/// Stores a new token (its `id` is ignored) and tells its row.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, token: &Token, token_hash: &str) -> Result<i64> {
    let row = params![token.account.id, &token.label, token_hash, token.role.code(), token.created_at, token.expires_at];
    tx.query_one(INSERT, row, |row| row.int(0))
}

/// The token with a hash, whether or not it can still be used.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, token_hash: &str) -> Result<Option<Token>> {
    tx.query_opt(BY_HASH, params![token_hash], read)
}

/// The token of a row.
///
/// # Errors
/// When the database fails.
pub fn find_by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Token>> {
    tx.query_opt(BY_ID, params![id], read)
}

/// How many tokens of an account were not revoked.
///
/// # Errors
/// When the database fails.
pub fn count_of_account(tx: &mut Tx<'_>, account: i64) -> Result<i64> {
    tx.query_one(COUNT_USABLE, params![account], |row| row.int(0))
}

/// Revokes a token. Tells whether it was usable before.
///
/// # Errors
/// When the database fails.
pub fn revoke(tx: &mut Tx<'_>, id: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(REVOKE, params![id, now])? > 0)
}

/// Notes that a token was used.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Tx<'_>, id: i64, now: Timestamp) -> Result<()> {
    tx.execute(TOUCH, params![id, now]).map(|_| ())
}

/// What a list of tokens shows, newest first.
#[derive(Debug, Clone)]
pub struct TokenFilter {
    /// Those of one account, or of all.
    pub account: Option<i64>,
    /// After this row.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// One page of the tokens, revoked and expired ones among them.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, filter: &TokenFilter) -> Result<Page<Token>> {
    let mut select = Select::new(tx, "api_token t JOIN account a ON a.id = t.account_id", ANYONE);
    if let Some(account) = filter.account {
        select.and("t.account_id = $?", account);
    }
    let total = select.count(tx, COUNT_LIMIT)?;
    let order = Order { column: Column::Int("t.created_at"), id: "t.id", descending: true, after: filter.cursor.as_ref() };
    let items = select.page(tx, columns!(), &order, filter.limit + 1, read)?;
    Ok(page(items, filter.limit, total, |last| Cursor { key: CursorKey::Int(last.created_at.micros()), id: last.id }))
}
