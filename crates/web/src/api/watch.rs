//! Standing searches of cases.

use app::watch::{self, WatchInput, WatchView};
use axum::Json;
use axum::extract::State;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::params::Path;
use crate::visitor::Signed;

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(number): Path<String>) -> Answer<WatchView> {
    Ok(Json(watch::get(&web.app, &actor, &number).await?))
}

pub(crate) async fn set(State(web): State<Web>, Path(number): Path<String>, call: Call<WatchInput>) -> Answer<WatchView> {
    Ok(Json(watch::set(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn unset(State(web): State<Web>, Signed(actor): Signed, Path(number): Path<String>) -> Answer<WatchView> {
    Ok(Json(watch::unset(&web.app, &actor, &number).await?))
}
