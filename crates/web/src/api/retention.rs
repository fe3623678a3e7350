//! How long logs are kept.

use app::job::JobView;
use app::retention::{self, RetentionInput, RetentionPlanView, RetentionView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::visitor::Signed;

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed) -> Answer<RetentionView> {
    Ok(Json(retention::get(&web.app, &actor).await?))
}

pub(crate) async fn set(State(web): State<Web>, call: Call<RetentionInput>) -> Answer<RetentionView> {
    Ok(Json(retention::set(&web.app, &call.actor, call.input).await?))
}

pub(crate) async fn dry_run(State(web): State<Web>, call: Call<RetentionInput>) -> Answer<RetentionPlanView> {
    Ok(Json(retention::dry_run(&web.app, &call.actor, call.input).await?))
}

/// Answers with the job, which is [`JobView`].
pub(crate) async fn run(State(web): State<Web>, Signed(actor): Signed) -> Result<Response, Failure> {
    let job: JobView = retention::start(&web.app, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(job)).into_response())
}
