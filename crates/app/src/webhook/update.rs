//! Changes a webhook, pauses it, or lets it go on.

use connect::webhook::host;
use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, webhook};

use super::{MAX_NAME, WebhookSettings, WebhookView, find, require_free};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// What is changed of a webhook; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookPatch {
    /// What it is called.
    pub name: Option<String>,
    /// Where it is and what it is told of, as a whole.
    pub settings: Option<WebhookSettings>,
    /// Whether it is told of restricted cases too.
    pub restricted: Option<bool>,
    /// Whether messages are sent. What waits when it is paused is sent when it goes on.
    pub enabled: Option<bool>,
}

/// Changes a webhook.
///
/// # Errors
/// When there is none, the name is taken, the settings can't be used, or the actor is no administrator.
pub async fn update(app: &App, actor: &Actor, id: &str, patch: WebhookPatch) -> Result<WebhookView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let name = patch.name.as_ref().map(|name| fields.line("/name", name, MAX_NAME));
    fields.finish()?;
    let settings = match patch.settings {
        Some(settings) => Some(settings.checked().await?),
        None => None,
    };
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let mut hook = find(tx, &id)?;
        if let Some(name) = name.as_ref().filter(|name| **name != hook.name) {
            require_free(tx, name)?;
            hook.name.clone_from(name);
        }
        if let Some(settings) = &settings {
            hook.settings = json!(settings).to_string();
        }
        hook.restricted = patch.restricted.unwrap_or(hook.restricted);
        hook.enabled = patch.enabled.unwrap_or(hook.enabled);
        if hook.enabled {
            hook.paused.clear();
            hook.failing_since = Timestamp::NEVER;
        }
        let now = WebhookSettings::of(&hook)?;
        webhook::update(tx, &hook, stamp)?;
        let details = json!({ "host": host(&now.url), "events": now.events, "restricted": hook.restricted, "enabled": hook.enabled });
        journal::append(tx, stamp, &Deed { verb: "webhook.update", object: &hook.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Webhooks, 0)?;
        let hook = find(tx, &id)?;
        WebhookView::load(tx, hook, stamp.at)
    })
    .await
}
