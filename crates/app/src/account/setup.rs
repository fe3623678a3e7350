//! The first account.

use model::{Fields, Role, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::{self, Account, PasswordHash};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal, setting};
use subtle::ConstantTimeEq;

use super::create::{display_name, new_account};
use super::policy::{email, new_name, new_password};
use super::{AccountView, NOBODY, Secret, SessionView, login};
use crate::App;
use crate::error::{AppError, Result};

/// The setting that holds the hash of the set-up token.
const SETTING: &str = "setup_token";
/// The account that unattended installations begin with.
const FIRST_NAME: &str = "admin";

/// The first administrator.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetupInput {
    /// From the set-up link that the server printed when it started.
    pub token: Secret,
    /// The login name; it never changes.
    pub name: String,
    /// What people read; the login name unless told.
    pub display_name: String,
    /// May be left out.
    pub email: String,
    /// At least twelve characters.
    pub password: Secret,
}

/// Whether there is no account yet.
///
/// # Errors
/// When the store fails.
pub async fn needs_setup(app: &App) -> Result<bool> {
    app.store.read(NOBODY, |tx| Ok(account::count(tx)? == 0)).await
}

/// A new one-time token for the set-up link, while there is no account; the one before it no longer works.
///
/// # Errors
/// When the store fails.
pub async fn setup_token(app: &App) -> Result<Option<Secret>> {
    let token = Secret::token("", app.world.seed());
    let hash = token.token_hash();
    let write = move |tx: &mut Tx<'_>| {
        let none = account::count(tx)? == 0;
        if none {
            setting::set(tx, SETTING, &hash)?;
        }
        Ok::<_, AppError>(none)
    };
    Ok(app.store.write(NOBODY, write).await?.then_some(token))
}

/// Creates the first account, an administrator's, and signs in to it.
///
/// # Errors
/// When the input is wrong, the token is not the one that was printed last, or there is an account already.
pub async fn setup(app: &App, input: SetupInput) -> Result<SessionView> {
    let presented = input.token.token_hash();
    {
        let presented = presented.clone();
        // Before the password is hashed, which is work that a stranger shall not be able to order.
        app.store.read::<_, AppError, _>(NOBODY, move |tx| check_token(tx, &presented)).await?;
    }
    let mut fields = Fields::new();
    let name = new_name(&mut fields, "/name", &input.name);
    let shown = display_name(&mut fields, &input.display_name, &name);
    let email = email(&mut fields, "/email", &input.email);
    new_password(&mut fields, "/password", &input.password, &name);
    fields.finish()?;
    let account = new_account(name, shown, email, Role::Admin);
    let password = app.hash_password(&input.password).await?;
    let token = Secret::token("", app.world.seed());
    let (stamp, token_hash) = (app.stamp(&account.name), token.token_hash());
    let write = move |tx: &mut Tx<'_>| {
        check_token(tx, &presented)?;
        let account = insert_first(tx, &stamp, &account, &password)?;
        login::begin(tx, &stamp, account, &token_hash)
    };
    let (expires_at, account): (Timestamp, Account) = app.store.write(NOBODY, write).await?;
    Ok(SessionView { token, expires_at, account: account.into() })
}

/// Creates the account `admin` with this password while there is no account: for installations without a browser at hand.
/// Tells nothing when there is one already.
///
/// # Errors
/// When the password is not taken.
pub async fn create_first(app: &App, password: &Secret) -> Result<Option<AccountView>> {
    if !needs_setup(app).await? {
        return Ok(None);
    }
    let mut fields = Fields::new();
    new_password(&mut fields, "/password", password, FIRST_NAME);
    fields.finish()?;
    let account = new_account(FIRST_NAME.to_owned(), "Administrator".to_owned(), String::new(), Role::Admin);
    let password = app.hash_password(password).await?;
    let stamp = app.stamp("system");
    let write = move |tx: &mut Tx<'_>| {
        if account::count(tx)? > 0 {
            return Ok::<_, AppError>(None);
        }
        insert_first(tx, &stamp, &account, &password).map(|account| Some(account.into()))
    };
    app.store.write(NOBODY, write).await
}

fn check_token(tx: &mut Tx<'_>, presented: &str) -> Result<()> {
    if account::count(tx)? > 0 {
        return Err(AppError::State("there is an account already: sign in, or ask an administrator for one".to_owned()));
    }
    let stored = setting::get(tx, SETTING)?.unwrap_or_default();
    if bool::from(stored.as_bytes().ct_eq(presented.as_bytes())) {
        return Ok(());
    }
    Err(AppError::Unauthenticated("this set-up link is not the last that the server printed: look at its output again".to_owned()))
}

fn insert_first(tx: &mut Tx<'_>, stamp: &Stamp, account: &Account, password: &PasswordHash) -> Result<Account> {
    let mut account = Account { created_at: stamp.at, ..account.clone() };
    account.id = account::insert(tx, &account, password)?;
    setting::remove(tx, SETTING)?;
    let details = json!({ "role": account.role, "display_name": account.display_name, "email": account.email });
    journal::append(tx, stamp, &Deed { verb: "account.setup", object: &account.name, details }, ShownIn::Journal)?;
    change::announce(tx, stamp, Topic::People, 0)?;
    Ok(account)
}
