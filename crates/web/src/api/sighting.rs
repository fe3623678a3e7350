//! Sightings searches and what they found.

use app::PageQuery;
use app::note::NoteView;
use app::operation::OperationView;
use app::record::RelationshipView;
use app::sighting::{
    self, AddMatched, AnnotationFinding, CompareQuery, CompareView, FindingDraft, FindingQuery, IncidentFinding, IncidentMade, NoteFinding,
    RecordSightingView, RelationshipFinding, ResultQuery, RunAgain, SeenWithView, SightingRequest, SightingResultView, SightingRowView,
    SightingSummary, SightingView,
};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::list::Page;

use super::{Answer, done_or_accepted, whole};
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn start(State(web): State<Web>, Path(number): Path<String>, call: Call<SightingRequest>) -> Result<Response, Failure> {
    Ok(started(sighting::start(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn again(State(web): State<Web>, Path(number): Path<String>, call: Call<RunAgain>) -> Result<Response, Failure> {
    Ok(started(sighting::again(&web.app, &call.actor, &number, call.input).await?))
}

fn started(view: SightingView) -> Response {
    let location = format!("/api/v1/sightings/{}", view.number);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response()
}

pub(crate) async fn list(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<SightingSummary>> {
    Ok(Json(sighting::list(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(number): Path<String>) -> Answer<SightingView> {
    Ok(Json(sighting::get(&web.app, &actor, &number).await?))
}

pub(crate) async fn results(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<ResultQuery>,
) -> Answer<Page<SightingResultView>> {
    Ok(Json(sighting::results(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn rows(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<ResultQuery>,
) -> Answer<Page<SightingRowView>> {
    Ok(Json(sighting::rows(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn compare(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<CompareQuery>,
) -> Answer<CompareView> {
    Ok(Json(sighting::compare(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn add_matched(State(web): State<Web>, Path(number): Path<String>, call: Call<AddMatched>) -> Result<Response, Failure> {
    let view: OperationView = sighting::add_matched(&web.app, &call.actor, &number, call.input).await?;
    Ok(done_or_accepted(view.job.is_some(), view))
}

pub(crate) async fn draft(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<FindingQuery>,
) -> Answer<FindingDraft> {
    Ok(Json(sighting::draft(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn note(State(web): State<Web>, Path(number): Path<String>, call: Call<NoteFinding>) -> Result<Response, Failure> {
    let note: NoteView = sighting::note(&web.app, &call.actor, &number, call.input).await?;
    Ok((StatusCode::CREATED, Json(note)).into_response())
}

pub(crate) async fn annotation(
    State(web): State<Web>,
    Path(number): Path<String>,
    call: Call<AnnotationFinding>,
) -> Result<Response, Failure> {
    let view: OperationView = sighting::annotation(&web.app, &call.actor, &number, call.input).await?;
    Ok(done_or_accepted(view.job.is_some(), view))
}

pub(crate) async fn relationships(
    State(web): State<Web>,
    Path(number): Path<String>,
    call: Call<RelationshipFinding>,
) -> Answer<Page<RelationshipView>> {
    Ok(Json(whole(sighting::relationships(&web.app, &call.actor, &number, call.input).await?)))
}

pub(crate) async fn incident(State(web): State<Web>, Path(number): Path<String>, call: Call<IncidentFinding>) -> Result<Response, Failure> {
    let made: IncidentMade = sighting::incident(&web.app, &call.actor, &number, call.input).await?;
    Ok((if made.created { StatusCode::CREATED } else { StatusCode::OK }, Json(made)).into_response())
}

pub(crate) async fn of_record(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<RecordSightingView>> {
    Ok(Json(sighting::of_record(&web.app, &actor, &id, query).await?))
}

pub(crate) async fn seen_with(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<SeenWithView>> {
    Ok(Json(sighting::seen_with(&web.app, &actor, &id, query).await?))
}
