//! Our own list of what is known to be good.

use app::known_good::{self, KnownGoodView, NewKnownGood, RemoveKnownGood};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed) -> Answer<Vec<KnownGoodView>> {
    Ok(Json(known_good::list(&web.app, &actor).await?))
}

pub(crate) async fn add(State(web): State<Web>, call: Call<NewKnownGood>) -> Result<Response, Failure> {
    Ok((StatusCode::CREATED, Json(known_good::add(&web.app, &call.actor, call.input).await?)).into_response())
}

/// Which entry goes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// As it is on the list.
    value: String,
}

pub(crate) async fn remove(State(web): State<Web>, Signed(actor): Signed, Query(entry): Query<Entry>) -> Result<Response, Failure> {
    known_good::remove(&web.app, &actor, RemoveKnownGood { value: entry.value }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
