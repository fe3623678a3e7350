//! Sources of sightings: logs of our own, and outside sources.

use app::AppError;
use app::logs::{self, LogSourceView};
use app::source::{self, DryRun, QuestionView, SourceInput, SourcePatch, SourceView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::list::Page;
use serde::Serialize;

use super::{Answer, whole};
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::Path;
use crate::visitor::Signed;

/// A source that a sightings search can ask: `kind` is `logs` for logs of our own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum AnySource {
    /// Logs of our own.
    Logs(LogsSource),
    /// An outside source.
    Outside(SourceView),
}

/// A source of logs of our own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LogsSource {
    /// `logs`.
    kind: &'static str,
    /// What it holds.
    #[serde(flatten)]
    source: LogSourceView,
}

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed) -> Answer<Page<AnySource>> {
    let logs = logs::sources(&web.app, &actor).await?.into_iter().map(|source| AnySource::Logs(LogsSource { kind: "logs", source }));
    let outside = source::list(&web.app, &actor).await?.into_iter().map(AnySource::Outside);
    Ok(Json(whole(logs.chain(outside).collect())))
}

pub(crate) async fn create(State(web): State<Web>, call: Call<SourceInput>) -> Result<Response, Failure> {
    let view = source::create(&web.app, &call.actor, call.input).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Answer<SourceView> {
    Ok(Json(source::get(&web.app, &actor, &name).await?))
}

pub(crate) async fn update(State(web): State<Web>, Path(name): Path<String>, call: Call<SourcePatch>) -> Answer<SourceView> {
    Ok(Json(source::update(&web.app, &call.actor, &name, call.input).await?))
}

/// Deletes the source of a name, of either kind: logs go as a job.
pub(crate) async fn delete(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Result<Response, Failure> {
    match source::delete(&web.app, &actor, &name).await {
        Ok(view) => Ok(Json(view).into_response()),
        Err(AppError::NotFound(_)) => Ok((StatusCode::ACCEPTED, Json(logs::delete_source(&web.app, &actor, &name).await?)).into_response()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn test(State(web): State<Web>, Signed(actor): Signed, Path(name): Path<String>) -> Answer<SourceView> {
    Ok(Json(source::test(&web.app, &actor, &name).await?))
}

pub(crate) async fn dry_run(State(web): State<Web>, Path(name): Path<String>, call: Call<DryRun>) -> Answer<Page<QuestionView>> {
    Ok(Json(whole(source::dry_run(&web.app, &call.actor, &name, call.input).await?)))
}
