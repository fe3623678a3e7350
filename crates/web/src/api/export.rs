//! Exports: what is answered is a file.

use app::export::{self, ExportArtifacts, ExportQuery, ExportRecords, RecordExportQuery};
use app::sighting::{self, AnswerExportQuery};
use axum::extract::State;
use axum::response::Response;

use crate::Web;
use crate::body::Call;
use crate::download::attachment;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn case(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Failure> {
    Ok(attachment(export::case(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn artifacts(
    State(web): State<Web>,
    Path(number): Path<String>,
    call: Call<ExportArtifacts>,
) -> Result<Response, Failure> {
    Ok(attachment(export::artifacts(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn answer(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<AnswerExportQuery>,
) -> Result<Response, Failure> {
    Ok(attachment(sighting::export(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn records_by_query(
    State(web): State<Web>,
    Signed(actor): Signed,
    Query(query): Query<RecordExportQuery>,
) -> Result<Response, Failure> {
    Ok(attachment(export::records_by_query(&web.app, &actor, query).await?))
}

pub(crate) async fn records(State(web): State<Web>, call: Call<ExportRecords>) -> Result<Response, Failure> {
    Ok(attachment(export::records(&web.app, &call.actor, call.input).await?))
}
