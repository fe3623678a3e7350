//! Groups of accounts.

use app::account::group::{self, GroupInput, GroupQuery, GroupView, MembersInput};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::list::Page;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<GroupQuery>) -> Answer<Page<GroupView>> {
    Ok(Json(group::list(&web.app, &actor, query).await?))
}

pub(crate) async fn create(State(web): State<Web>, call: Call<GroupInput>) -> Result<Response, Failure> {
    let view = group::create(&web.app, &call.actor, call.input).await?;
    let location = format!("/api/v1/groups/{}", view.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Answer<GroupView> {
    Ok(Json(group::get(&web.app, &actor, &name).await?))
}

pub(crate) async fn set_members(State(web): State<Web>, Path(name): Path<String>, call: Call<MembersInput>) -> Answer<GroupView> {
    Ok(Json(group::set_members(&web.app, &call.actor, &name, call.input).await?))
}
