//! What is known to be good: our own list, and lists of others.

use app::known_good::{self, KnownGoodListView, KnownGoodView, NewKnownGood, RemoveKnownGood, SetKnownGoodList};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::upload::Upload;
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

pub(crate) async fn lists(State(web): State<Web>, Signed(actor): Signed) -> Answer<Vec<KnownGoodListView>> {
    Ok(Json(known_good::lists(&web.app, &actor).await?))
}

/// What a list that comes as the body is called in refusals.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListsQuery {
    /// The file's name.
    name: String,
}

/// Brings lists in. The body is a warninglist (also gzip) or a zip of them, or a form with several such files in it.
pub(crate) async fn import_lists(State(web): State<Web>, Query(query): Query<ListsQuery>, upload: Upload) -> Result<Response, Failure> {
    let actor = upload.actor.clone();
    let mut files = upload.files();
    if let Some((name, _)) = files.first_mut().filter(|(name, _)| name.is_empty()) {
        *name = query.name;
    }
    let imported = known_good::import_lists(&web.app, &actor, files).await?;
    Ok((StatusCode::CREATED, Json(imported)).into_response())
}

pub(crate) async fn set_list(State(web): State<Web>, Path(id): Path<String>, call: Call<SetKnownGoodList>) -> Answer<KnownGoodListView> {
    Ok(Json(known_good::set_list(&web.app, &call.actor, &id, call.input).await?))
}

pub(crate) async fn remove_list(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Result<Response, Failure> {
    known_good::remove_list(&web.app, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
