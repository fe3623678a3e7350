//! Lists what a webhook was sent.

use model::{Actor, Role};
use store::webhook;

use super::{DeliveryView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// How many are shown.
const LIMIT: i64 = 100;

/// The newest messages to a webhook: those that tell of cases of which the actor may know. Their texts are not shown.
///
/// # Errors
/// When there is none, or the actor is no administrator.
pub async fn deliveries(app: &App, actor: &Actor, id: &str) -> Result<Vec<DeliveryView>> {
    require(actor, Role::Admin)?;
    let id = id.to_owned();
    app.read(actor, move |tx| {
        let hook = find(tx, &id)?;
        Ok(webhook::deliveries(tx, hook.id, i64::MAX, LIMIT)?.into_iter().map(DeliveryView::from).collect())
    })
    .await
}
