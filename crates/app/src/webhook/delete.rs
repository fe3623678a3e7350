//! Deletes a webhook.

use connect::webhook::host;
use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, webhook};

use super::{WebhookSettings, WebhookView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// Deletes a webhook with its secret and what waits for it.
///
/// # Errors
/// When there is none, or the actor is no administrator.
pub async fn delete(app: &App, actor: &Actor, id: &str) -> Result<WebhookView> {
    require(actor, Role::Admin)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let hook = find(tx, &id)?;
        let view = WebhookView::load(tx, hook.clone(), stamp.at)?;
        webhook::delete(tx, hook.id)?;
        let details = json!({ "host": host(&WebhookSettings::of(&hook).unwrap_or_default().url) });
        journal::append(tx, stamp, &Deed { verb: "webhook.delete", object: &hook.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Webhooks, 0)?;
        Ok(view)
    })
    .await
}
