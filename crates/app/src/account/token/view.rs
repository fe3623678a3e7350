//! An API token as both doors show it.

use model::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use store::account::token::Token;

/// An API token; what it is made of is shown once, when it is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenView {
    /// The id.
    pub id: String,
    /// The login name of the account that it acts as.
    pub account: String,
    /// What it is for.
    pub label: String,
    /// What it may do, as long as its account may.
    pub role: Role,
    /// When.
    pub created_at: Timestamp,
    /// When it ends; null when never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null when never.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked; null when it was not.
    pub revoked_at: Option<Timestamp>,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id.to_string(),
            account: token.account.name,
            label: token.label,
            role: token.role,
            created_at: token.created_at,
            expires_at: token.expires_at.set(),
            last_used_at: token.last_used_at.set(),
            revoked_at: token.revoked_at.set(),
        }
    }
}
