//! Shows an operation.

use model::Actor;
use store::operation;

use super::OperationView;
use crate::App;
use crate::error::{AppError, Result};

/// An operation by its id.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<OperationView> {
    let id = id.to_owned();
    app.read(actor, move |tx| Ok(OperationView::of(operation::find(tx, &id)?.ok_or(AppError::NotFound("operation"))?))).await
}
