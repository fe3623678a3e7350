//! Creates an account.

use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::{self, Account, PasswordHash};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal};

use super::policy::{MAX_DISPLAY_NAME, email, new_name, new_password};
use super::{AccountView, Secret, once};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// A new account. Only its name is needed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountInput {
    /// The login name: 2 to 64 of `a-z`, `0-9`, `.`, `_`, `-`. It never changes.
    pub name: String,
    /// What people read; the login name unless told.
    pub display_name: String,
    /// May be left out.
    pub email: String,
    /// What it may do; analyst unless told.
    pub role: Option<Role>,
    /// At least twelve characters. Without one, only API tokens come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// Creates an account.
///
/// # Errors
/// When the input is wrong, the name is taken, or the actor is no administrator.
pub async fn create(app: &App, actor: &Actor, input: AccountInput) -> Result<AccountView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let name = new_name(&mut fields, "/name", &input.name);
    let shown = display_name(&mut fields, &input.display_name, &name);
    let email = email(&mut fields, "/email", &input.email);
    if let Some(password) = &input.password {
        new_password(&mut fields, "/password", password, &name);
    }
    fields.finish()?;
    let account = new_account(name, shown, email, input.role.unwrap_or(Role::Analyst));
    let password = match &input.password {
        Some(password) => app.hash_password(password).await?,
        None => PasswordHash(String::new()),
    };
    app.change(&once(actor), move |tx, stamp| {
        if account::find(tx, &account.name)?.is_some() {
            return Err(AppError::invalid("/name", format!("there is an account `{}` already", account.name)));
        }
        let account = Account { created_at: stamp.at, ..account.clone() };
        account::insert(tx, &account, &password)?;
        let details = json!({ "role": account.role, "display_name": account.display_name, "email": account.email });
        journal::append(tx, stamp, &Deed { verb: "account.create", object: &account.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::People, 0)?;
        Ok(AccountView::from(account))
    })
    .await
}

/// What people read instead of the login name: that name itself when nothing is given.
pub(super) fn display_name(fields: &mut Fields, given: &str, name: &str) -> String {
    if given.trim().is_empty() { name.to_owned() } else { fields.line("/display_name", given, MAX_DISPLAY_NAME) }
}

/// An account that is not stored yet.
pub(super) fn new_account(name: String, display_name: String, email: String, role: Role) -> Account {
    Account {
        id: 0,
        name,
        display_name,
        email,
        role,
        disabled: false,
        created_at: Timestamp::NEVER,
        last_login_at: Timestamp::NEVER,
        version: 1,
    }
}
