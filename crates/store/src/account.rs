//! Accounts, and what hangs on them: sessions, API tokens, login attempts, groups, preferences.
//!
//! Who may see them is decided by role, not by case: no statement here has a visibility clause.

macro_rules! account_columns {
    () => {
        "a.id, a.name, a.display_name, a.email, a.role, a.disabled, a.created_at, a.last_login_at, a.version"
    };
}

pub mod attempt;
pub mod group;
mod list;
pub mod preference;
pub mod session;
pub mod token;

use std::collections::HashSet;
use std::fmt;

use model::text::fold;
use model::{Role, Timestamp};

pub use group::known as known_groups;
pub use list::{AccountFilter, list};

use crate::engine::{Row, Tx, params, statements, text_list, texts_in};
use crate::error::Result;

/// An account: a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The row.
    pub id: i64,
    /// The login name; it never changes.
    pub name: String,
    /// What people read.
    pub display_name: String,
    /// Empty when not known.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// Whether it is shut out.
    pub disabled: bool,
    /// When.
    pub created_at: Timestamp,
    /// When, or never.
    pub last_login_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// A password as it is stored: a PHC string. Not to be read in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// How many columns [`account_columns`] names.
pub(crate) const ACCOUNT_COLUMNS: usize = 9;

statements! {
    INSERT = "INSERT INTO account (name, display_name, email, role, password_hash, disabled, created_at, last_login_at, version,
        search_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";
    UPDATE = "UPDATE account SET display_name = $2, email = $3, role = $4, disabled = $5, version = $6, search_text = $7 WHERE id = $1";
    SET_PASSWORD = "UPDATE account SET password_hash = $2 WHERE id = $1";
    LOGGED_IN = "UPDATE account SET last_login_at = $2 WHERE id = $1";
    BY_NAME = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.name = $1");
    BY_ID = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.id = $1");
    WITH_PASSWORD = concat!("SELECT ", account_columns!(), ", a.password_hash FROM account a WHERE a.name = $1");
    COUNT = "SELECT CAST(count(*) AS bigint) FROM account";
    OTHER_ADMINS = "SELECT CAST(count(*) AS bigint) FROM account a WHERE a.disabled = 0 AND a.role = $1 AND a.id <> $2";
}

pub(crate) fn read(row: &Row<'_>) -> Result<Account> {
    read_from(row, 0)
}

/// Reads an account whose columns begin at `first`.
pub(crate) fn read_from(row: &Row<'_>, first: usize) -> Result<Account> {
    Ok(Account {
        id: row.int(first)?,
        name: row.text(first + 1)?,
        display_name: row.text(first + 2)?,
        email: row.text(first + 3)?,
        role: row.code(first + 4, Role::from_code)?,
        disabled: row.flag(first + 5)?,
        created_at: row.time(first + 6)?,
        last_login_at: row.time(first + 7)?,
        version: row.int(first + 8)?,
    })
}

fn search_text(account: &Account) -> String {
    fold(&format!("{} {} {}", account.name, account.display_name, account.email))
}

/// Stores a new account (its `id` is ignored) and tells its row.
///
/// # Errors
/// When the database fails, or the name is taken.
pub fn insert(tx: &mut Tx<'_>, account: &Account, password: &PasswordHash) -> Result<i64> {
    let row = params![
        &account.name,
        &account.display_name,
        &account.email,
        account.role.code(),
        &password.0,
        account.disabled,
        account.created_at,
        account.last_login_at,
        account.version,
        search_text(account),
    ];
    tx.query_one(INSERT, row, |row| row.int(0))
}

/// Writes what can be changed of an account as it is given: all but its name, password and times.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    let row = params![
        account.id,
        &account.display_name,
        &account.email,
        account.role.code(),
        account.disabled,
        account.version,
        search_text(account),
    ];
    tx.execute(UPDATE, row).map(|_| ())
}

/// Gives an account another password.
///
/// # Errors
/// When the database fails.
pub fn set_password(tx: &mut Tx<'_>, account: i64, password: &PasswordHash) -> Result<()> {
    tx.execute(SET_PASSWORD, params![account, &password.0]).map(|_| ())
}

/// Notes when an account was last signed in to.
///
/// # Errors
/// When the database fails.
pub fn logged_in(tx: &mut Tx<'_>, account: i64, at: Timestamp) -> Result<()> {
    tx.execute(LOGGED_IN, params![account, at]).map(|_| ())
}

/// The account with a name.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Account>> {
    tx.query_opt(BY_NAME, params![name], read)
}

/// The account of a row.
///
/// # Errors
/// When the database fails.
pub fn find_by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Account>> {
    tx.query_opt(BY_ID, params![id], read)
}

/// The account with a name, and its password.
///
/// # Errors
/// When the database fails.
pub fn find_with_password(tx: &mut Tx<'_>, name: &str) -> Result<Option<(Account, PasswordHash)>> {
    tx.query_opt(WITH_PASSWORD, params![name], |row| Ok((read(row)?, PasswordHash(row.text(ACCOUNT_COLUMNS)?))))
}

/// How many accounts there are, disabled ones among them.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(COUNT, &[], |row| row.int(0))
}

/// Whether another account than this is an administrator's and not disabled.
///
/// # Errors
/// When the database fails.
pub fn has_other_admin(tx: &mut Tx<'_>, account: i64) -> Result<bool> {
    Ok(tx.query_one(OTHER_ADMINS, params![Role::Admin.code(), account], |row| row.int(0))? > 0)
}

/// Which of these are login names of accounts that are not disabled.
///
/// # Errors
/// When the database fails.
pub fn known_names(tx: &mut Tx<'_>, names: &[&str]) -> Result<HashSet<String>> {
    let sql = format!("SELECT name FROM account WHERE disabled = 0 AND name {}", texts_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![text_list(names)], |row| row.text(0))?.into_iter().collect())
}
