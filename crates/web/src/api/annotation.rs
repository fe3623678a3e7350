//! Annotations, one by one.

use app::annotation::{self, AnnotationPatch, Withdrawn};
use app::record::AnnotationView;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Answer, tagged};
use crate::Web;
use crate::body::{Call, if_match};
use crate::error::Failure;
use crate::params::Path;
use crate::visitor::Signed;

pub(crate) async fn of_record(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<Vec<AnnotationView>> {
    Ok(Json(annotation::of_record(&web.app, &actor, &id).await?))
}

pub(crate) async fn edit(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    call: Call<AnnotationPatch>,
) -> Result<Response, Failure> {
    let view = annotation::edit(&web.app, &call.actor, &id, if_match(&headers)?, call.input).await?;
    Ok(tagged(view.version, view))
}

pub(crate) async fn withdraw(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<Withdrawn> {
    Ok(Json(annotation::withdraw(&web.app, &actor, &id).await?))
}
