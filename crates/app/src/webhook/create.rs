//! Sets a webhook up.

use connect::webhook::host;
use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, webhook};

use super::{MAX_NAME, MOST, WebhookSettings, WebhookView, find, new_secret, require_free};
use crate::App;
use crate::account::{Secret, once};
use crate::authorise::require;
use crate::error::{AppError, Result};

/// A webhook to set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookInput {
    /// What it is called.
    pub name: String,
    /// Where it is, and what it is told of.
    pub settings: WebhookSettings,
    /// Whether it is told of restricted cases too; not unless told.
    pub restricted: bool,
    /// Whether messages are sent; they are unless told.
    pub enabled: Option<bool>,
}

/// A webhook that was just set up.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NewWebhookView {
    /// What its messages are signed with; told this once.
    pub secret: Secret,
    /// What it is.
    #[serde(flatten)]
    pub view: WebhookView,
}

/// Sets a webhook up. Nothing is sent to it yet.
///
/// # Errors
/// When the name is taken, the settings can't be used, there are too many, or the actor is no administrator.
pub async fn create(app: &App, actor: &Actor, input: WebhookInput) -> Result<NewWebhookView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let name = fields.line("/name", &input.name, MAX_NAME);
    fields.finish()?;
    let settings = input.settings.checked().await?;
    let (secret, text) = (new_secret(app), json!(settings).to_string());
    let kept = secret.clone();
    let view = app
        .change(&once(actor), move |tx, stamp| {
            require_free(tx, &name)?;
            if webhook::list(tx)?.len() >= MOST {
                return Err(AppError::State(format!("there are {MOST} webhooks: delete one that is no longer needed")));
            }
            let hook = webhook::Webhook {
                id: 0,
                public_id: stamp.uuid("webhook", 0),
                name: name.clone(),
                settings: text.clone(),
                restricted: input.restricted,
                enabled: input.enabled.unwrap_or(true),
                paused: String::new(),
                failing_since: Timestamp::NEVER,
                created_by: stamp.actor.clone(),
                created_at: stamp.at,
                updated_at: stamp.at,
            };
            webhook::insert(tx, &hook, kept.reveal(), stamp)?;
            let details = json!({
                "host": host(&settings.url), "events": settings.events, "restricted": hook.restricted, "enabled": hook.enabled
            });
            journal::append(tx, stamp, &Deed { verb: "webhook.create", object: &name, details }, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::Webhooks, 0)?;
            let hook = find(tx, &hook.public_id)?;
            WebhookView::load(tx, hook, stamp.at)
        })
        .await?;
    Ok(NewWebhookView { secret, view })
}
