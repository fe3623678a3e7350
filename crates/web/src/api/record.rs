//! Records of every kind.

use app::artifact::{self, StandingView};
use app::record::{self, AddToCases, AddedTo, RecordCase, RecordQuery, RecordView, RelatedView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::kind::RecordInput;
use model::list::Page;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, done_or_accepted, tagged};
use crate::Web;
use crate::body::{Call, if_match};
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<RecordQuery>) -> Answer<Page<RecordView>> {
    Ok(Json(record::list(&web.app, &actor, query).await?))
}

/// 201 for what is new, 200 for what was known and comes back as it is.
pub(crate) async fn create(State(web): State<Web>, call: Call<RecordInput>) -> Result<Response, Failure> {
    let view = record::create(&web.app, &call.actor, call.input).await?;
    let status = if view.created { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/v1/records/{}", view.record.id);
    Ok((status, [(header::LOCATION, location)], tagged(view.record.version, view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Result<Response, Failure> {
    let view = record::get(&web.app, &actor, &id).await?;
    Ok(tagged(view.record.version, view))
}

pub(crate) async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    call: Call<Map<String, Value>>,
) -> Result<Response, Failure> {
    let view = record::update(&web.app, &call.actor, &id, if_match(&headers)?, call.input).await?;
    Ok(tagged(view.version, view))
}

/// Which related records.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RelatedQuery {
    /// One kind; all when empty.
    kind: String,
}

pub(crate) async fn related(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
    Query(query): Query<RelatedQuery>,
) -> Answer<Vec<RelatedView>> {
    Ok(Json(record::related(&web.app, &actor, &id, &query.kind).await?))
}

pub(crate) async fn cases(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<Vec<RecordCase>> {
    Ok(Json(record::cases(&web.app, &actor, &id).await?))
}

pub(crate) async fn add_to_cases(State(web): State<Web>, call: Call<AddToCases>) -> Result<Response, Failure> {
    let added: Vec<AddedTo> = record::add_to_cases(&web.app, &call.actor, call.input).await?;
    let goes_on = added.iter().any(|one| one.operation.job.is_some());
    Ok(done_or_accepted(goes_on, added))
}

/// Which records.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StandingInput {
    /// Records by their ids.
    record_ids: Vec<String>,
}

/// Which of some records are in a case, and how they stand there.
pub(crate) async fn standing(State(web): State<Web>, Path(number): Path<String>, call: Call<StandingInput>) -> Answer<Vec<StandingView>> {
    Ok(Json(artifact::standing(&web.app, &call.actor, &number, call.input.record_ids).await?))
}
