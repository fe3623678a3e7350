//! Work notes and comments.

use app::PageQuery;
use app::note::{self, NoteInput, NotePatch, NoteView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::list::Page;

use super::{Answer, tagged};
use crate::Web;
use crate::body::{Call, if_match};
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<NoteView>> {
    Ok(Json(note::list(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn add(State(web): State<Web>, Path(number): Path<String>, call: Call<NoteInput>) -> Result<Response, Failure> {
    let view = note::add(&web.app, &call.actor, &number, call.input).await?;
    Ok((StatusCode::CREATED, tagged(view.version, view)).into_response())
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Result<Response, Failure> {
    let view = note::get(&web.app, &actor, &id).await?;
    Ok(tagged(view.version, view))
}

pub(crate) async fn edit(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    call: Call<NotePatch>,
) -> Result<Response, Failure> {
    let view = note::edit(&web.app, &call.actor, &id, if_match(&headers)?, call.input).await?;
    Ok(tagged(view.version, view))
}
