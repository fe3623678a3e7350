//! Sends a message that tells of nothing.

use model::webhook::EventType;
use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::webhook::Webhook;
use store::{change, journal, webhook};

use super::raise::body;
use super::{DeliveryView, find};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// Queues a message of the type `webhook.test`; its state tells what became of it.
///
/// # Errors
/// When there is none, it is paused, or the actor is no administrator.
pub async fn test(app: &App, actor: &Actor, id: &str) -> Result<DeliveryView> {
    require(actor, Role::Admin)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let hook = find(tx, &id)?;
        require_enabled(&hook)?;
        let text = body(EventType::Test, stamp.at, &json!({ "webhook": hook.public_id }));
        let message = webhook::NewDelivery { of_type: EventType::Test, case: 0, body: &text };
        let message = webhook::add(tx, &[hook.id], &message, stamp)?.pop().unwrap_or_default();
        webhook::stands(tx, &hook, stamp.at)?;
        journal::append(tx, stamp, &Deed { verb: "webhook.test", object: &hook.name, details: json!({}) }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Webhooks, 0)?;
        Ok(webhook::delivery(tx, hook.id, &message)?.ok_or(AppError::NotFound("message"))?.into())
    })
    .await
}

/// Refuses a webhook that is sent nothing.
pub(super) fn require_enabled(hook: &Webhook) -> Result<()> {
    if hook.enabled { Ok(()) } else { Err(AppError::State("the webhook is paused: resume it first".to_owned())) }
}
