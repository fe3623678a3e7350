//! Gives a webhook another secret.

use model::{Actor, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, webhook};

use super::{find, new_secret};
use crate::App;
use crate::account::{Secret, once};
use crate::authorise::require;
use crate::error::{AppError, Result};

/// For how many hours the secret before signs too, unless told.
const USUAL_HOURS: u32 = 24;
/// At most.
const MOST_HOURS: u32 = 168;

/// How a secret is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RotateInput {
    /// For how many hours the secret before signs beside the new one: 24 unless told, at most 168; 0 when it has leaked.
    pub keep_hours: Option<u32>,
}

/// A secret that was just made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookSecretView {
    /// What messages are signed with; told this once.
    pub secret: Secret,
    /// Until when the one before signs too.
    pub old_secret_until: Option<Timestamp>,
}

/// Gives a webhook another secret. Until the time is over, messages carry both signatures.
///
/// # Errors
/// When there is none, the time is too long, or the actor is no administrator.
pub async fn rotate(app: &App, actor: &Actor, id: &str, input: RotateInput) -> Result<WebhookSecretView> {
    require(actor, Role::Admin)?;
    let hours = input.keep_hours.unwrap_or(USUAL_HOURS);
    if hours > MOST_HOURS {
        return Err(AppError::invalid("/keep_hours", format!("must be at most {MOST_HOURS}")));
    }
    let (id, secret) = (id.to_owned(), new_secret(app));
    let kept = secret.clone();
    let old_secret_until = app
        .change(&once(actor), move |tx, stamp| {
            let hook = find(tx, &id)?;
            let until = stamp.at.plus_seconds(i64::from(hours) * 3_600);
            webhook::rotate(tx, hook.id, kept.reveal(), until)?;
            let details = json!({ "keep_hours": hours });
            journal::append(tx, stamp, &Deed { verb: "webhook.rotate", object: &hook.name, details }, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::Webhooks, 0)?;
            Ok((hours > 0).then_some(until))
        })
        .await?;
    Ok(WebhookSecretView { secret, old_secret_until })
}
