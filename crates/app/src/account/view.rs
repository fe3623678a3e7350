//! An account as both doors show it.

use model::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use store::account::Account;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountView {
    /// The login name.
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
    /// When it was last signed in to; null when never.
    pub last_login_at: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            name: account.name,
            display_name: account.display_name,
            email: account.email,
            role: account.role,
            disabled: account.disabled,
            created_at: account.created_at,
            last_login_at: account.last_login_at.set(),
            version: account.version,
        }
    }
}
