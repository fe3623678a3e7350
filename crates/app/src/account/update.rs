//! Changes an account.

use std::collections::BTreeMap;

use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::account::{self, Account, PasswordHash, session};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal};

use super::policy::{MAX_DISPLAY_NAME, email, fold_name, new_password};
use super::{AccountView, Secret, find, once};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Conflict, Result};

/// Changes to an account: only the fields that are given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountPatch {
    /// What people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Empty to remove it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What it may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether it is shut out; its sessions end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// A new password; its sessions end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// Changes an account. `if_match` is the version that the actor saw; without it, nothing conflicts.
///
/// # Errors
/// When the input is wrong, the actor is no administrator, the last administrator would be lost, or someone changed the
/// account meanwhile.
pub async fn update(app: &App, actor: &Actor, name: &str, if_match: Option<i64>, patch: AccountPatch) -> Result<AccountView> {
    require(actor, Role::Admin)?;
    let name = fold_name(name);
    let mut fields = Fields::new();
    let display_name = patch.display_name.as_ref().map(|text| fields.line("/display_name", text, MAX_DISPLAY_NAME));
    let email = patch.email.as_ref().map(|text| email(&mut fields, "/email", text));
    if let Some(password) = &patch.password {
        new_password(&mut fields, "/password", password, &name);
    }
    fields.finish()?;
    let password = match &patch.password {
        Some(password) => Some(app.hash_password(password).await?),
        None => None,
    };
    let (role, disabled) = (patch.role, patch.disabled);
    app.change(&once(actor), move |tx, stamp| {
        let before = find(tx, &name)?;
        let mut account = Account {
            display_name: display_name.clone().unwrap_or_else(|| before.display_name.clone()),
            email: email.clone().unwrap_or_else(|| before.email.clone()),
            role: role.unwrap_or(before.role),
            disabled: disabled.unwrap_or(before.disabled),
            ..before.clone()
        };
        let changed = difference(&before, &account);
        if changed.is_empty() && password.is_none() {
            return Ok(AccountView::from(before));
        }
        refuse_conflicts(&before, if_match, &changed)?;
        keep_an_admin(tx, &before, &account)?;
        account.version += 1;
        account::update(tx, &account)?;
        let sessions = end_sessions(tx, &before, &account, password.as_ref())?;
        let details = json!({ "changes": changed, "password_changed": password.is_some(), "sessions_ended": sessions });
        journal::append(tx, stamp, &Deed { verb: "account.update", object: &account.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::People, 0)?;
        Ok(account.into())
    })
    .await
}

/// Sets the new password, if any, and ends the sessions that should not outlive the change.
fn end_sessions(tx: &mut Tx<'_>, before: &Account, account: &Account, password: Option<&PasswordHash>) -> Result<u64> {
    if let Some(password) = password {
        account::set_password(tx, account.id, password)?;
    }
    let shut_out = account.disabled && !before.disabled;
    Ok(if password.is_some() || shut_out { session::delete_of_account(tx, account.id)? } else { 0 })
}

fn keep_an_admin(tx: &mut Tx<'_>, before: &Account, after: &Account) -> Result<()> {
    let is_admin = |account: &Account| account.role == Role::Admin && !account.disabled;
    if !is_admin(before) || is_admin(after) || account::has_other_admin(tx, before.id)? {
        return Ok(());
    }
    let name = &before.name;
    Err(AppError::State(format!("`{name}` is the last administrator: make another account one before this one stops being it")))
}

/// The fields that differ, each with its old and its new value.
pub(super) fn difference(before: &Account, after: &Account) -> BTreeMap<&'static str, [Json; 2]> {
    let fields = [
        ("display_name", [json!(before.display_name), json!(after.display_name)]),
        ("email", [json!(before.email), json!(after.email)]),
        ("role", [json!(before.role), json!(after.role)]),
        ("disabled", [json!(before.disabled), json!(after.disabled)]),
    ];
    fields.into_iter().filter(|(_, [old, new])| old != new).collect()
}

fn refuse_conflicts(stored: &Account, if_match: Option<i64>, changed: &BTreeMap<&'static str, [Json; 2]>) -> Result<()> {
    if if_match.is_none_or(|seen| seen == stored.version) {
        return Ok(());
    }
    let conflicts = changed.iter().map(|(field, [theirs, yours])| Conflict {
        field: (*field).to_owned(),
        theirs: theirs.clone(),
        yours: yours.clone(),
    });
    let current = serde_json::to_value(AccountView::from(stored.clone())).map_err(|error| AppError::Internal(error.to_string()))?;
    Err(AppError::Conflict { conflicts: conflicts.collect(), current })
}
