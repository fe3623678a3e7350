//! API tokens.

use app::account::token::{self, NewTokenView, TokenInput, TokenQuery, TokenView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::Page;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<TokenQuery>) -> Answer<Page<TokenView>> {
    Ok(Json(token::list(&web.app, &actor, query).await?))
}

/// The answer is the only place where the token is ever told.
pub(crate) async fn create(State(web): State<Web>, call: Call<TokenInput>) -> Result<(StatusCode, Json<NewTokenView>), Failure> {
    Ok((StatusCode::CREATED, Json(token::create(&web.app, &call.actor, call.input).await?)))
}

pub(crate) async fn revoke(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<TokenView> {
    Ok(Json(token::revoke(&web.app, &actor, &id).await?))
}
