//! Lists accounts.

use model::list::Page;
use model::{Actor, Fields, Role};
use serde::Deserialize;
use store::account::{self, AccountFilter};

use super::AccountView;
use crate::App;
use crate::authorise::require;
use crate::case::{choices, cursor, limit};
use crate::error::Result;

/// What a list of accounts shows, by name.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct AccountQuery {
    /// Keywords in name, display name and e-mail; each must occur.
    pub q: String,
    /// Roles, separated by commas.
    pub role: String,
    /// `true` for those that are shut out, `false` for the others.
    pub disabled: Option<bool>,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of the accounts.
///
/// # Errors
/// When the query holds unknown words, or the actor is no administrator.
pub async fn list(app: &App, actor: &Actor, query: AccountQuery) -> Result<Page<AccountView>> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let filter = AccountFilter {
        q: fields.text("/q", &query.q, 1_000),
        roles: choices(&mut fields, "/role", &query.role),
        disabled: query.disabled,
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
    };
    fields.finish()?;
    app.read(actor, move |tx| Ok(account::list(tx, &filter)?.map(AccountView::from))).await
}
