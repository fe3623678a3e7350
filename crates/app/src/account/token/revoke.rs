//! Revokes an API token.

use model::{Actor, Role};
use serde_json::json;
use store::account::token;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal};

use super::TokenView;
use crate::App;
use crate::error::{AppError, Result};

/// Revokes a token: one's own, or any as an administrator. One that was revoked stays as it is.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn revoke(app: &App, actor: &Actor, id: &str) -> Result<TokenView> {
    let row: i64 = id.parse().map_err(|_| AppError::NotFound("token"))?;
    let (account, any) = (actor.account, actor.role >= Role::Admin);
    app.change(actor, move |tx, stamp| {
        let found = token::find_by_id(tx, row)?.filter(|token| any || token.account.id == account);
        let mut token = found.ok_or(AppError::NotFound("token"))?;
        if token::revoke(tx, row, stamp.at)? {
            token.revoked_at = stamp.at;
            let details = json!({ "account": token.account.name, "label": token.label });
            let deed = Deed { verb: "token.revoke", object: &format!("token:{row}"), details };
            journal::append(tx, stamp, &deed, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::People, 0)?;
        }
        Ok(token.into())
    })
    .await
}
