//! Webhooks, and what they were sent.

use app::PageQuery;
use app::webhook::{self, DeliveryView, NewWebhookView, RotateInput, WebhookInput, WebhookPatch, WebhookSecretView, WebhookView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::Page;

use super::{Answer, whole};
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed) -> Answer<Page<WebhookView>> {
    Ok(Json(whole(webhook::list(&web.app, &actor).await?)))
}

/// The answer is the only place where the secret is ever told.
pub(crate) async fn create(State(web): State<Web>, call: Call<WebhookInput>) -> Result<(StatusCode, Json<NewWebhookView>), Failure> {
    Ok((StatusCode::CREATED, Json(webhook::create(&web.app, &call.actor, call.input).await?)))
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<WebhookView> {
    Ok(Json(webhook::get(&web.app, &actor, &id).await?))
}

pub(crate) async fn update(State(web): State<Web>, Path(id): Path<String>, call: Call<WebhookPatch>) -> Answer<WebhookView> {
    Ok(Json(webhook::update(&web.app, &call.actor, &id, call.input).await?))
}

pub(crate) async fn delete(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<WebhookView> {
    Ok(Json(webhook::delete(&web.app, &actor, &id).await?))
}

pub(crate) async fn rotate(State(web): State<Web>, Path(id): Path<String>, call: Call<RotateInput>) -> Answer<WebhookSecretView> {
    Ok(Json(webhook::rotate(&web.app, &call.actor, &id, call.input).await?))
}

pub(crate) async fn test(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<DeliveryView>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(webhook::test(&web.app, &actor, &id).await?)))
}

pub(crate) async fn deliveries(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<DeliveryView>> {
    Ok(Json(webhook::deliveries(&web.app, &actor, &id, query).await?))
}

pub(crate) async fn resend(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path((id, message)): Path<(String, String)>,
) -> Result<(StatusCode, Json<DeliveryView>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(webhook::resend(&web.app, &actor, &id, &message).await?)))
}
