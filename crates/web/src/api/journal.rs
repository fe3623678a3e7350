//! The journal's chain, and breaking the glass.

use app::case::{self, BreakGlass};
use app::journal::{self, HeadView, VerificationView, VerifyQuery};
use axum::Json;
use axum::extract::State;
use axum::response::Response;

use super::{Answer, tagged};
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn head(State(web): State<Web>, Signed(actor): Signed) -> Answer<HeadView> {
    Ok(Json(journal::head(&web.app, &actor).await?))
}

pub(crate) async fn verify(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<VerifyQuery>) -> Answer<VerificationView> {
    Ok(Json(journal::verify(&web.app, &actor, query).await?))
}

pub(crate) async fn break_glass(State(web): State<Web>, Path(number): Path<String>, call: Call<BreakGlass>) -> Result<Response, Failure> {
    let view = case::break_glass(&web.app, &call.actor, &number, call.input).await?;
    Ok(tagged(view.version, view))
}
