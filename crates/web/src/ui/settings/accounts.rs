//! Accounts, for administrators.

use app::AppError;
use app::account::{self, AccountInput, AccountPatch, AccountQuery, AccountView, Secret};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Role;
use model::list::Page;
use serde::Deserialize;

use super::Done;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

#[derive(Template)]
#[template(path = "settings/accounts.html")]
struct AccountsPage {
    shell: Shell,
    query: Listing,
    accounts: Page<AccountView>,
}

/// Which accounts.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Listing {
    #[serde(default)]
    q: String,
    #[serde(default)]
    role: String,
    /// `disabled` or `enabled`; all when empty.
    #[serde(default)]
    only: String,
    #[serde(default)]
    cursor: String,
    #[serde(flatten)]
    done: Done,
}

impl AccountsPage {
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        link("/settings/accounts", &[("q", &q.q), ("role", &q.role), ("only", &q.only)], name, value)
    }

    fn filtered(&self) -> bool {
        let q = &self.query;
        [&q.q, &q.role, &q.only].iter().any(|text| !text.is_empty())
    }
}

pub(crate) async fn list(State(web): State<Web>, mut visit: Visit, Query(query): Query<Listing>) -> Screen {
    let disabled = match query.only.as_str() {
        "disabled" => Some(true),
        "enabled" => Some(false),
        _ => None,
    };
    let listing = AccountQuery { q: query.q.clone(), role: query.role.clone(), disabled, cursor: query.cursor.clone(), limit: None };
    let accounts = account::list(&web.app, &visit.actor, listing).await?;
    query.done.tell(&mut visit.shell);
    page(&AccountsPage { shell: visit.shell, query, accounts })
}

#[derive(Template)]
#[template(path = "settings/account_new.html")]
struct NewPage {
    shell: Shell,
    form: NewForm,
    errors: Errors,
}

/// A new account. The password is not sent back when something else was wrong.
#[derive(Default, Deserialize)]
pub(crate) struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    password: Secret,
}

pub(crate) async fn new_page(visit: Visit) -> Screen {
    let form = NewForm { role: Role::Analyst.to_string(), ..NewForm::default() };
    page(&NewPage { shell: visit.shell, form, errors: Errors::default() })
}

pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<NewForm>) -> Screen {
    let input = AccountInput {
        name: form.name.clone(),
        display_name: form.display_name.clone(),
        email: form.email.clone(),
        role: form.role.parse().ok(),
        password: given(&form.password),
    };
    match account::create(&web.app, &visit.actor, input).await {
        Ok(_) => Ok(see("/settings/accounts?done=account-created")),
        Err(error) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, form, errors: Errors::of(error)? }),
    }
}

fn given(password: &Secret) -> Option<Secret> {
    (!password.reveal().is_empty()).then(|| password.clone())
}

#[derive(Template)]
#[template(path = "settings/account.html")]
struct AccountPage {
    shell: Shell,
    account: AccountView,
    form: EditForm,
    conflicts: Vec<(String, String)>,
    /// Why it can't be done, when no field is wrong.
    refused: String,
    errors: Errors,
    password_errors: Errors,
}

/// The form of an account.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct EditForm {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    disabled: Option<String>,
}

impl AccountPage {
    fn new(shell: Shell, account: AccountView) -> Self {
        let form = EditForm {
            version: account.version,
            display_name: account.display_name.clone(),
            email: account.email.clone(),
            role: account.role.to_string(),
            disabled: account.disabled.then(String::new),
        };
        let (errors, password_errors) = (Errors::default(), Errors::default());
        Self { shell, account, form, conflicts: Vec::new(), refused: String::new(), errors, password_errors }
    }
}

pub(crate) async fn edit_page(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    let account = account::get(&web.app, &visit.actor, &name).await?;
    page(&AccountPage::new(visit.shell, account))
}

pub(crate) async fn edit(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Form(form): Form<EditForm>) -> Screen {
    let patch = AccountPatch {
        display_name: Some(form.display_name.clone()),
        email: Some(form.email.clone()),
        role: form.role.parse().ok(),
        disabled: Some(form.disabled.is_some()),
        password: None,
    };
    let error = match account::update(&web.app, &visit.actor, &name, Some(form.version), patch).await {
        Ok(_) => return Ok(see("/settings/accounts?done=account")),
        Err(error) => error,
    };
    let account = account::get(&web.app, &visit.actor, &name).await?;
    let status = crate::error::status(&error);
    let version = account.version;
    let mut again = AccountPage::new(visit.shell, account);
    // Saving again after a conflict is a decision: it is made against what is there now.
    again.form = EditForm { version, ..form };
    match error {
        AppError::Conflict { conflicts, .. } => {
            let plain = |json: &serde_json::Value| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            again.conflicts = conflicts.iter().map(|conflict| (conflict.field.replace('_', " "), plain(&conflict.theirs))).collect();
        }
        AppError::State(why) => again.refused = why,
        other => again.errors = Errors::of(other)?,
    }
    page_with(status, &again)
}

/// A new password for somebody who has forgotten theirs.
#[derive(Default, Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    password: Secret,
}

pub(crate) async fn set_password(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Form(form): Form<PasswordForm>) -> Screen {
    let patch = AccountPatch { password: Some(form.password), ..AccountPatch::default() };
    match account::update(&web.app, &visit.actor, &name, None, patch).await {
        Ok(_) => Ok(see("/settings/accounts?done=account-password")),
        Err(error) => {
            let errors = Errors::of(error)?;
            let account = account::get(&web.app, &visit.actor, &name).await?;
            let again = AccountPage { password_errors: errors, ..AccountPage::new(visit.shell, account) };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}
