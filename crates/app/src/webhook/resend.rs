//! Sends a message again.

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, webhook};

use super::{DeliveryView, find};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// Lets a message be sent again now, with the id that it had: a receiver that took it before knows it.
///
/// # Errors
/// When there is none, its webhook is paused, or the actor is no administrator.
pub async fn resend(app: &App, actor: &Actor, id: &str, message: &str) -> Result<DeliveryView> {
    require(actor, Role::Admin)?;
    let (id, message) = (id.to_owned(), message.to_owned());
    app.change(actor, move |tx, stamp| {
        let hook = find(tx, &id)?;
        let delivery = webhook::delivery(tx, hook.id, &message)?.ok_or(AppError::NotFound("message"))?;
        super::test::require_enabled(&hook)?;
        webhook::again(tx, delivery.id, stamp.at)?;
        webhook::stands(tx, &hook, stamp.at)?;
        let details = json!({ "message": delivery.public_id });
        journal::append(tx, stamp, &Deed { verb: "webhook.resend", object: &hook.name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Webhooks, 0)?;
        Ok(webhook::delivery(tx, hook.id, &message)?.ok_or(AppError::NotFound("message"))?.into())
    })
    .await
}
