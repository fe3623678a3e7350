//! Bulk actions and their undoing.

use app::operation::{self, OperationView};
use axum::Json;
use axum::extract::State;
use axum::response::Response;

use super::{Answer, done_or_accepted};
use crate::Web;
use crate::error::Failure;
use crate::params::Path;
use crate::visitor::Signed;

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<OperationView> {
    Ok(Json(operation::get(&web.app, &actor, &id).await?))
}

pub(crate) async fn undo(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Result<Response, Failure> {
    let view = operation::undo(&web.app, &actor, &id).await?;
    Ok(done_or_accepted(view.job.is_some(), view))
}
