//! Cases.

use app::case::{self, ActivityView, CaseInput, CasePatch, CaseQuery, CaseSummary};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::list::Page;
use serde::Deserialize;

use super::{Answer, tagged};
use crate::Web;
use crate::body::{Call, if_match};
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<CaseQuery>) -> Answer<Page<CaseSummary>> {
    Ok(Json(case::list(&web.app, &actor, query).await?))
}

pub(crate) async fn create(State(web): State<Web>, call: Call<CaseInput>) -> Result<Response, Failure> {
    let view = case::create(&web.app, &call.actor, call.input).await?;
    let location = format!("/api/v1/cases/{}", view.number);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(view.version, view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(number): Path<String>) -> Result<Response, Failure> {
    let view = case::get(&web.app, &actor, &number).await?;
    Ok(tagged(view.version, view))
}

pub(crate) async fn update(
    State(web): State<Web>,
    Path(number): Path<String>,
    headers: HeaderMap,
    call: Call<CasePatch>,
) -> Result<Response, Failure> {
    let view = case::update(&web.app, &call.actor, &number, if_match(&headers)?, call.input).await?;
    Ok(tagged(view.version, view))
}

/// Which activities.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityQuery {
    /// Older than the one with this number.
    before: Option<i64>,
    /// At most 200.
    limit: Option<u32>,
}

pub(crate) async fn activity(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<ActivityQuery>,
) -> Answer<Vec<ActivityView>> {
    Ok(Json(case::activity(&web.app, &actor, &number, query.before, query.limit.unwrap_or(50)).await?))
}
