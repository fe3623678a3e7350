//! Lists what a webhook was sent.

use model::list::{COUNT_LIMIT, Page};
use model::{Actor, Role};
use store::webhook;

use super::{DeliveryView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;
use crate::pages::{PageQuery, page, row};

/// One page of the messages to a webhook, newest first: those that tell of cases of which the actor may know. Their texts are not
/// shown.
///
/// # Errors
/// When there is none, the query is not understood, or the actor is no administrator.
pub async fn deliveries(app: &App, actor: &Actor, id: &str, query: PageQuery) -> Result<Page<DeliveryView>> {
    require(actor, Role::Admin)?;
    let (before, limit) = query.before()?;
    let id = id.to_owned();
    app.read(actor, move |tx| {
        let hook = find(tx, &id)?;
        let sent = webhook::deliveries(tx, hook.id, before, i64::from(limit) + 1)?;
        let total = webhook::count_deliveries(tx, hook.id, COUNT_LIMIT + 1)?;
        Ok(page(sent, limit, total, |delivery| row(delivery.id)).map(DeliveryView::from))
    })
    .await
}
