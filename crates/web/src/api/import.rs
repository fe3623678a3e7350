//! What comes in from outside: staged, looked at, applied.

use app::AppError;
use app::import::{self, ApplyImport, ImportState, ImportView, Mapping, StageIntel, StageRecords, StageText};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Actor;
use serde::Deserialize;

use super::Answer;
use crate::Web;
use crate::body::{Call, read};
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::upload::Upload;
use crate::visitor::Signed;

/// How intelligence is taken.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IntelQuery {
    /// `auto` (unless told), `stix`, `misp` or `text`.
    format: String,
    /// The case that it is for; the library when not given.
    case: Option<String>,
    /// Whether it is applied at once: everything that is not marked is taken.
    apply: bool,
    /// What it is called; the file's name when not given.
    name: String,
    /// Of STIX and MISP: what its source is called; the document's title when not given.
    source: String,
}

/// Stages a document or a text, or applies it at once. The body is it, or a form with `file` or `text` in it.
pub(crate) async fn intel(State(web): State<Web>, Query(query): Query<IntelQuery>, upload: Upload) -> Result<Response, Failure> {
    let name = if query.name.is_empty() { upload.file_name.clone() } else { query.name.clone() };
    let case = query.case.clone().filter(|number| !number.is_empty());
    if is_document(&query.format, &upload)? {
        let bytes = if upload.bytes.is_empty() { upload.field("text").as_bytes().to_vec() } else { upload.bytes };
        let staged = import::stage_intel(&web.app, &upload.actor, StageIntel { name, source: query.source, case }, bytes).await?;
        return finish(&web, &upload.actor, staged, query.apply).await;
    }
    let text = if upload.bytes.is_empty() { upload.field("text").to_owned() } else { upload.text()? };
    let staged = import::stage_text(&web.app, &upload.actor, StageText { name, text, case }).await?;
    finish(&web, &upload.actor, staged, query.apply).await
}

/// Whether an upload is a document of threat intelligence, and not a text: as told, or by how it begins.
fn is_document(format: &str, upload: &Upload) -> Result<bool, AppError> {
    match format {
        "" | "auto" => {
            let start = if upload.bytes.is_empty() { upload.field("text").as_bytes() } else { &upload.bytes };
            Ok(import::looks_like_intel(start))
        }
        "stix" | "misp" => Ok(true),
        "text" => Ok(false),
        "csv" | "html" | "pdf" | "mail" => {
            Err(AppError::invalid("/format", format!("`{format}` is not understood yet; stix, misp and text are")))
        }
        other => Err(AppError::invalid("/format", format!("`{other}` is not one of auto, stix, misp, text"))),
    }
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
    let status = if view.state == ImportState::Applying { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    Ok((status, [(header::LOCATION, location)], Json(view)).into_response())
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
