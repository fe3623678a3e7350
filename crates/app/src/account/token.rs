//! API tokens.

mod create;
mod list;
mod revoke;
mod view;

pub use create::{NewTokenView, TokenInput, create};
pub use list::{TokenQuery, list};
pub use revoke::revoke;
pub use view::TokenView;

use model::Timestamp;
use store::account::token::Token;

/// Whether a token opens the door now.
pub(super) fn is_usable(token: &Token, now: Timestamp) -> bool {
    let expired = token.expires_at.is_set() && token.expires_at <= now;
    !expired && !token.revoked_at.is_set() && !token.account.disabled
}
