//! Changes one's own password.

use model::actor::Door;
use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::{self, session};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal};

use super::policy::{MAX_PASSWORD, new_password};
use super::{Secret, SessionView, attempt, find_own, login};
use crate::App;
use crate::error::{AppError, Result};

/// A new password for oneself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordChange {
    /// The password until now.
    pub old: Secret,
    /// At least twelve characters.
    pub new: Secret,
}

/// Changes one's own password. Every session of the account ends; whoever asks from a browser gets a new one.
///
/// # Errors
/// When the old password is wrong, the new one is not taken, or too many tries failed before.
pub async fn change_password(app: &App, actor: &Actor, input: PasswordChange, client: &str) -> Result<Option<SessionView>> {
    let mut fields = Fields::new();
    new_password(&mut fields, "/new", &input.new, &actor.name);
    fields.finish()?;
    let who = actor.clone();
    let (account, stored) = app
        .read(actor, move |tx| {
            let name = find_own(tx, &who)?.name;
            account::find_with_password(tx, &name)?.ok_or(AppError::NotFound("account"))
        })
        .await?;
    let counted = attempt::count(app, &account.name, client).await?;
    let fits = input.old.reveal().chars().count() <= MAX_PASSWORD;
    if !fits || !app.is_password(&input.old, Some(&stored)).await? {
        return Err(wrong());
    }
    let password = app.hash_password(&input.new).await?;
    let stamp = app.stamp(&actor.name);
    let token = (actor.door == Door::Session).then(|| Secret::token("", app.world.seed()));
    let token_hash = token.as_ref().map(Secret::token_hash);
    let write = move |tx: &mut Tx<'_>| {
        let (account, now_stored) = account::find_with_password(tx, &account.name)?.ok_or_else(wrong)?;
        if account.disabled || now_stored != stored {
            return Err(wrong());
        }
        counted.succeeded(tx)?;
        account::set_password(tx, account.id, &password)?;
        let sessions = session::delete_of_account(tx, account.id)?;
        let deed = Deed { verb: "account.change_password", object: &account.name, details: json!({ "sessions_ended": sessions }) };
        journal::append(tx, &stamp, &deed, ShownIn::Journal)?;
        change::announce(tx, &stamp, Topic::People, 0)?;
        token_hash.as_ref().map(|hash| login::begin(tx, &stamp, account, hash)).transpose()
    };
    let begun = app.store.write(actor.scope(), write).await?;
    Ok(token.zip(begun).map(|(token, (expires_at, account))| SessionView { token, expires_at, account: account.into() }))
}

fn wrong() -> AppError {
    AppError::invalid("/old", "is not your password")
}
