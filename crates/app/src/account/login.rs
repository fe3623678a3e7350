//! Signs in.

use model::{Stamp, Timestamp};
use serde::Serialize;
use serde_json::json;
use store::Tx;
use store::account::{self, Account, session};
use store::journal::{self, Deed, ShownIn};

use super::policy::{MAX_PASSWORD, fold_name, is_name};
use super::{AccountView, NOBODY, Secret, attempt};
use crate::App;
use crate::error::{AppError, Result};

/// After so many seconds a session ends, used or not: seven days.
pub(super) const LIFETIME: i64 = 7 * 86_400;
/// A session that was not used for so many seconds has ended: twelve hours.
pub(super) const IDLE: i64 = 12 * 3_600;

/// A session that has begun.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// What the browser keeps in its cookie; told this once.
    pub token: Secret,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Who is signed in.
    pub account: AccountView,
}

/// Signs in with name and password, from an address.
///
/// # Errors
/// When name and password don't fit together, the account is disabled (the two are not told apart), or too many tries
/// failed before.
pub async fn login(app: &App, name: &str, password: &Secret, client: &str) -> Result<SessionView> {
    let name = fold_name(name);
    let counted = attempt::count(app, &name, client).await?;
    let found = match is_name(&name) {
        true => {
            let name = name.clone();
            app.store.read::<_, AppError, _>(NOBODY, move |tx| Ok(account::find_with_password(tx, &name)?)).await?
        }
        false => None,
    };
    // What can be no password is not hashed: it takes the same for every name.
    let fits = password.reveal().chars().count() <= MAX_PASSWORD;
    let stored = found.as_ref().map(|(_, stored)| stored);
    let right = fits && app.is_password(password, stored).await?;
    let Some((account, stored)) = found.filter(|(account, _)| right && !account.disabled) else {
        tracing::info!(client, "a login was refused");
        return Err(refused());
    };
    let token = Secret::token("", app.world.seed());
    let (stamp, token_hash, client) = (app.stamp(&account.name), token.token_hash(), client.to_owned());
    let write = move |tx: &mut Tx<'_>| {
        // Meanwhile it may have been disabled or given another password.
        let (account, now_stored) = account::find_with_password(tx, &account.name)?.ok_or_else(refused)?;
        if account.disabled || now_stored != stored {
            return Err(refused());
        }
        counted.succeeded(tx)?;
        journal::append(
            tx,
            &stamp,
            &Deed { verb: "account.login", object: &account.name, details: json!({ "client": client }) },
            ShownIn::Journal,
        )?;
        begin(tx, &stamp, account, &token_hash)
    };
    let (expires_at, account) = app.store.write(NOBODY, write).await?;
    Ok(SessionView { token, expires_at, account: account.into() })
}

/// Begins a session of an account.
pub(super) fn begin(tx: &mut Tx<'_>, stamp: &Stamp, mut account: Account, token_hash: &str) -> Result<(Timestamp, Account)> {
    let expires_at = stamp.at.plus_seconds(LIFETIME);
    session::insert(tx, token_hash, account.id, stamp.at, expires_at)?;
    account::logged_in(tx, account.id, stamp.at)?;
    account.last_login_at = stamp.at;
    Ok((expires_at, account))
}

fn refused() -> AppError {
    AppError::Unauthenticated("name and password don't fit together, or the account is disabled".to_owned())
}
