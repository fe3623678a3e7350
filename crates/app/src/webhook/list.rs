//! Lists the webhooks.

use model::{Actor, Role};
use store::webhook;

use super::WebhookView;
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// All webhooks, by name.
///
/// # Errors
/// When the actor is no administrator.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<WebhookView>> {
    require(actor, Role::Admin)?;
    let now = app.now();
    app.read(actor, move |tx| webhook::list(tx)?.into_iter().map(|hook| WebhookView::load(tx, hook, now)).collect()).await
}
