//! Lists API tokens.

use model::list::Page;
use model::{Actor, Fields, Role};
use serde::Deserialize;
use store::account::token::{self, TokenFilter};

use super::TokenView;
use crate::App;
use crate::authorise::require;
use crate::case::{cursor, limit};
use crate::error::Result;

/// What a list of tokens shows, newest first.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct TokenQuery {
    /// Everybody's, for administrators; only one's own unless told.
    pub all: bool,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of one's own tokens, or of all: expired and revoked ones among them.
///
/// # Errors
/// When the query is wrong, or all are asked for by somebody who is no administrator.
pub async fn list(app: &App, actor: &Actor, query: TokenQuery) -> Result<Page<TokenView>> {
    if query.all {
        require(actor, Role::Admin)?;
    }
    let mut fields = Fields::new();
    let filter = TokenFilter {
        account: (!query.all).then_some(actor.account),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
    };
    fields.finish()?;
    app.read(actor, move |tx| Ok(token::list(tx, &filter)?.map(TokenView::from))).await
}
