//! Makes an API token.

use model::actor::Door;
use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::token::{self, Token};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal};

use super::super::policy::fold_name;
use super::super::secret::TOKEN_PREFIX;
use super::super::{Secret, find, find_own, once};
use super::TokenView;
use crate::App;
use crate::error::{AppError, Result};

/// The longest label, in characters.
const MAX_LABEL: usize = 100;
/// The most tokens of one account that are not revoked.
const MAX_TOKENS: i64 = 100;

/// A new API token.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenInput {
    /// The login name of the account that it acts as: one's own unless told. A command line names any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What it is for.
    pub label: String,
    /// What it may do: no more than whoever makes it, nor than its account; that much unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// When it ends; never unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// An API token that was just made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NewTokenView {
    /// What to send as `Authorization: Bearer …`; told this once.
    pub token: Secret,
    /// What it is.
    #[serde(flatten)]
    pub view: TokenView,
}

/// Makes an API token.
///
/// # Errors
/// When the input is wrong, or the account is somebody else's.
pub async fn create(app: &App, actor: &Actor, input: TokenInput) -> Result<NewTokenView> {
    let mut fields = Fields::new();
    let label = fields.line("/label", &input.label, MAX_LABEL);
    if input.expires_at.is_some_and(|at| at <= app.now()) {
        fields.refuse("/expires_at", "must be in the future");
    }
    if input.account.is_none() && actor.door == Door::Operator {
        fields.refuse("/account", "say which account the token acts as");
    }
    fields.finish()?;
    let secret = Secret::token(TOKEN_PREFIX, app.world.seed());
    let (who, hash) = (actor.clone(), secret.token_hash());
    let view = app
        .change(&once(actor), move |tx, stamp| {
            let account = match input.account.as_deref().map(fold_name) {
                Some(name) if name == who.name || who.door == Door::Operator => find(tx, &name)?,
                // Not even an administrator: it would be a way into restricted cases that nobody notices.
                Some(_) => {
                    return Err(AppError::Forbidden("a token is made by its own account, or on the server's command line".to_owned()));
                }
                None => find_own(tx, &who)?,
            };
            let most = who.role.min(account.role);
            let role = input.role.unwrap_or(most);
            check(tx, account.id, role, most)?;
            let mut token = Token {
                id: 0,
                label: label.clone(),
                role,
                created_at: stamp.at,
                expires_at: input.expires_at.unwrap_or(Timestamp::NEVER),
                last_used_at: Timestamp::NEVER,
                revoked_at: Timestamp::NEVER,
                account,
            };
            token.id = token::insert(tx, &token, &hash)?;
            let details =
                json!({ "account": token.account.name, "label": token.label, "role": token.role, "expires_at": token.expires_at.set() });
            let deed = Deed { verb: "token.create", object: &format!("token:{}", token.id), details };
            journal::append(tx, stamp, &deed, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::People, 0)?;
            Ok(TokenView::from(token))
        })
        .await?;
    Ok(NewTokenView { token: secret, view })
}

fn check(tx: &mut Tx<'_>, account: i64, role: Role, most: Role) -> Result<()> {
    if role > most {
        return Err(AppError::invalid("/role", format!("must not be more than {most}")));
    }
    if token::count_of_account(tx, account)? >= MAX_TOKENS {
        return Err(AppError::State(format!("the account has {MAX_TOKENS} tokens: revoke one that is no longer needed")));
    }
    Ok(())
}
