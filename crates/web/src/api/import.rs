//! What comes in from outside: staged, looked at, applied.

use app::AppError;
use app::import::{self, ApplyImport, ImportView, Mapping, StageRecords, StageText};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Actor;
use serde::Deserialize;

use super::Answer;
use crate::Web;
use crate::body::{Call, read};
use crate::error::Failure;
use crate::upload::Upload;
use crate::visitor::Signed;

/// How intelligence is taken.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IntelQuery {
    /// `auto` (unless told) or `text`.
    format: String,
    /// The case that it is for; the library when not given.
    case: Option<String>,
    /// Whether it is applied at once: everything that is not marked is taken.
    apply: bool,
    /// What it is called; the file's name when not given.
    name: String,
}

/// Stages a text, or applies it at once. The body is the text, or a form with `file` or `text` in it.
pub(crate) async fn intel(State(web): State<Web>, Query(query): Query<IntelQuery>, upload: Upload) -> Result<Response, Failure> {
    let text = intelligence(&query.format, &upload)?;
    let name = if query.name.is_empty() { upload.file_name.clone() } else { query.name };
    let case = query.case.filter(|number| !number.is_empty());
    let staged = import::stage_text(&web.app, &upload.actor, StageText { name, text, case }).await?;
    finish(&web, &upload.actor, staged, query.apply).await
}

/// The text of an upload, if it is a format that is understood.
fn intelligence(format: &str, upload: &Upload) -> Result<String, AppError> {
    let understood = "text is understood: send it as it is, with format=text";
    match format {
        "" | "auto" | "text" => {}
        "stix" | "misp" | "csv" | "html" | "pdf" | "mail" => {
            return Err(AppError::invalid("/format", format!("`{format}` is not understood yet; {understood}")));
        }
        other => return Err(AppError::invalid("/format", format!("`{other}` is not one of auto, text"))),
    }
    let text = if upload.bytes.is_empty() { upload.field("text").to_owned() } else { upload.text()? };
    // Guessing wrong would take ids and signatures for observables of the report.
    if format != "text" && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() && text.trim_start().starts_with(['{', '[']) {
        return Err(AppError::invalid("/format", format!("this is JSON; STIX, MISP and other JSON are not understood yet; {understood}")));
    }
    Ok(text)
}

/// How a file of records is taken.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordsQuery {
    /// Their kind.
    kind: String,
    /// A JSON object of columns and the field that each becomes; guessed when not given.
    mapping: String,
    /// The case that they go into; the library alone when not given.
    case: Option<String>,
    /// Whether it is applied at once.
    apply: bool,
    /// What their source is called; told from the file's name when not given.
    source: String,
    /// The file's name.
    name: String,
}

/// Stages a file of records, or applies it at once. The body is the file, or a form with `file` in it.
pub(crate) async fn records(State(web): State<Web>, Query(query): Query<RecordsQuery>, upload: Upload) -> Result<Response, Failure> {
    let mapping: Option<Mapping> = if query.mapping.is_empty() { None } else { Some(read(query.mapping.as_bytes()).map_err(in_mapping)?) };
    let name = if query.name.is_empty() { upload.file_name.clone() } else { query.name };
    let input =
        StageRecords { kind: query.kind, name, source: query.source, mapping, case: query.case.filter(|number| !number.is_empty()) };
    let bytes = if upload.bytes.is_empty() { upload.field("text").as_bytes().to_vec() } else { upload.bytes };
    let staged = import::stage_records(&web.app, &upload.actor, input, bytes).await?;
    finish(&web, &upload.actor, staged, query.apply).await
}

fn in_mapping(error: AppError) -> AppError {
    AppError::invalid("/mapping", format!("must be a JSON object of columns and fields: {error}"))
}

/// Applies what was staged, if that was asked for. Applying is done once, whatever is sent how often: it needs no key.
async fn finish(web: &Web, actor: &Actor, staged: ImportView, apply: bool) -> Result<Response, Failure> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let view = if apply { import::apply(&web.app, &actor, &staged.import_id, ApplyImport::default()).await? } else { staged };
    let location = format!("/api/v1/imports/{}", view.import_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// How a staged file is looked at.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ShowQuery {
    /// Of a staged file of records: another mapping, as a JSON object of columns and fields. It is not kept.
    mapping: String,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Answer<ImportView> {
    if query.mapping.is_empty() {
        return Ok(Json(import::get(&web.app, &actor, &id).await?));
    }
    let mapping: Mapping = read(query.mapping.as_bytes()).map_err(in_mapping)?;
    Ok(Json(import::preview(&web.app, &actor, &id, mapping).await?))
}

pub(crate) async fn apply(State(web): State<Web>, Path(id): Path<String>, call: Call<ApplyImport>) -> Answer<ImportView> {
    Ok(Json(import::apply(&web.app, &call.actor, &id, call.input).await?))
}
