//! Logs: sources, files, and how they come in.

use app::job::JobView;
use app::logs::{self, EventQuery, EventsView, LogFileView, LogImport, WholeEventView};
use app::{AppError, PageQuery};
use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Actor;
use model::list::Page;
use serde::Serialize;

use super::Answer;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;
use crate::{Web, intake};

/// A log file that was taken in, and the job that reads it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LogImported {
    /// The job's id, for `GET /jobs/{id}`.
    pub(crate) job: String,
    /// The file.
    pub(crate) file: LogFileView,
    /// The job as it stands.
    #[serde(flatten)]
    pub(crate) progress: JobView,
}

/// Takes a log file in: the body as it is, or one file of a multipart form.
pub(crate) async fn import(
    State(web): State<Web>,
    Signed(actor): Signed,
    Query(input): Query<LogImport>,
    request: Request,
) -> Result<Response, Failure> {
    intake::check_length(request.headers())?;
    let file = if is_form(request.headers()) {
        let form = Multipart::from_request(request, &web).await.map_err(|error| intake::broken(error.body_text()))?;
        from_form(&web, &actor, input, form).await?
    } else {
        intake::take_logs(&web.app, &actor, input, request.into_body().into_data_stream()).await?
    };
    let progress = file.job.clone().ok_or_else(|| AppError::Internal("a log file was taken in without a job".to_owned()))?;
    let location = format!("/api/v1/jobs/{}", progress.id);
    let answer = LogImported { job: progress.id.clone(), file: LogFileView { job: None, ..file }, progress };
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(answer)).into_response())
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

async fn from_form(web: &Web, actor: &Actor, mut input: LogImport, mut form: Multipart) -> Result<LogFileView, AppError> {
    while let Some(field) = form.next_field().await.map_err(intake::broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file_name) => {
                if input.file_name.is_empty() {
                    input.file_name = file_name;
                }
                return intake::take_logs(&web.app, actor, input, field).await;
            }
            None => match name.as_str() {
                "source" => input.source = intake::text(field).await?,
                "format" => input.format = intake::text(field).await?,
                "clock_offset" => input.clock_offset = intake::seconds(field).await?,
                _ => {}
            },
        }
    }
    Err(AppError::invalid("/file", "the form holds no file"))
}

pub(crate) async fn files(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<LogFileView>> {
    Ok(Json(logs::files(&web.app, &actor, &name, query).await?))
}

pub(crate) async fn file(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<LogFileView> {
    Ok(Json(logs::file(&web.app, &actor, &id).await?))
}

pub(crate) async fn delete_file(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Result<Response, Failure> {
    Ok((StatusCode::ACCEPTED, Json(logs::delete_file(&web.app, &actor, &id).await?)).into_response())
}

pub(crate) async fn events(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<EventQuery>) -> Answer<EventsView> {
    Ok(Json(logs::events(&web.app, &actor, query).await?))
}

pub(crate) async fn event(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<WholeEventView> {
    Ok(Json(logs::event(&web.app, &actor, &id).await?))
}
