//! Accounts, and one's own.

use app::account::{self, AccountInput, AccountPatch, AccountQuery, AccountView, PasswordChange, PersonView, ProfilePatch, ProfileView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::list::Page;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, tagged, whole};
use crate::Web;
use crate::body::{Call, if_match};
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::{Client, Signed, begin_session};

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<AccountQuery>) -> Answer<Page<AccountView>> {
    Ok(Json(account::list(&web.app, &actor, query).await?))
}

pub(crate) async fn create(State(web): State<Web>, call: Call<AccountInput>) -> Result<Response, Failure> {
    let view = account::create(&web.app, &call.actor, call.input).await?;
    let location = format!("/api/v1/accounts/{}", view.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(view.version, view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Result<Response, Failure> {
    let view = account::get(&web.app, &actor, &name).await?;
    Ok(tagged(view.version, view))
}

pub(crate) async fn update(
    State(web): State<Web>,
    Path(name): Path<String>,
    headers: HeaderMap,
    call: Call<AccountPatch>,
) -> Result<Response, Failure> {
    let view = account::update(&web.app, &call.actor, &name, if_match(&headers)?, call.input).await?;
    Ok(tagged(view.version, view))
}

/// Whom to look for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PeopleQuery {
    /// Keywords in name, display name and e-mail; each must occur.
    q: String,
}

pub(crate) async fn people(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<PeopleQuery>) -> Answer<Page<PersonView>> {
    Ok(Json(whole(account::people(&web.app, &actor, &query.q).await?)))
}

pub(crate) async fn me(State(web): State<Web>, Signed(actor): Signed) -> Answer<ProfileView> {
    Ok(Json(account::profile(&web.app, &actor).await?))
}

pub(crate) async fn update_me(State(web): State<Web>, call: Call<ProfilePatch>) -> Answer<ProfileView> {
    Ok(Json(account::update_profile(&web.app, &call.actor, call.input).await?))
}

/// 204: whoever asks from a browser stays signed in there, and nowhere else.
pub(crate) async fn change_password(
    State(web): State<Web>,
    Client(client): Client,
    call: Call<PasswordChange>,
) -> Result<Response, Failure> {
    let begun = account::change_password(&web.app, &call.actor, call.input, &client).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(session) = begun {
        begin_session(&web, &mut response, &session);
    }
    Ok(response)
}

pub(crate) async fn preference(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Answer<Value> {
    Ok(Json(account::preference(&web.app, &actor, &name).await?))
}

pub(crate) async fn set_preference(State(web): State<Web>, Path(name): Path<String>, call: Call<Value>) -> Answer<Value> {
    Ok(Json(account::set_preference(&web.app, &call.actor, &name, call.input).await?))
}
