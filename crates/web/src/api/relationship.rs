//! How records are joined.

use app::record::{self, NewRelationship};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::Web;
use crate::body::Call;
use crate::error::Failure;

/// 201 for a new relationship, 200 when the two were joined so already.
pub(crate) async fn create(State(web): State<Web>, call: Call<NewRelationship>) -> Result<Response, Failure> {
    let view = record::relate(&web.app, &call.actor, call.input).await?;
    let status = if view.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view)).into_response())
}
