//! Shows a webhook.

use model::{Actor, Role};

use super::{WebhookView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// A webhook by its id.
///
/// # Errors
/// When there is none, or the actor is no administrator.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<WebhookView> {
    require(actor, Role::Admin)?;
    let (id, now) = (id.to_owned(), app.now());
    app.read(actor, move |tx| {
        let hook = find(tx, &id)?;
        WebhookView::load(tx, hook, now)
    })
    .await
}
