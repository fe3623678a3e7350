//! Artifacts: records in a case.

use app::artifact::{self, AddArtifacts, AnnotateArtifacts, ArtifactQuery, ArtifactView, ExcludeArtifacts, IncludeArtifacts};
use app::operation::OperationView;
use app::record::{self, WhyView};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use model::list::Page;

use super::{Answer, done_or_accepted};
use crate::Web;
use crate::body::Call;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn list(
    State(web): State<Web>,
    Signed(actor): Signed,
    Path(number): Path<String>,
    Query(query): Query<ArtifactQuery>,
) -> Answer<Page<ArtifactView>> {
    Ok(Json(artifact::list(&web.app, &actor, &number, query).await?))
}

pub(crate) async fn add(State(web): State<Web>, Path(number): Path<String>, call: Call<AddArtifacts>) -> Result<Response, Failure> {
    Ok(operation(artifact::add(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn exclude(State(web): State<Web>, Path(number): Path<String>, call: Call<ExcludeArtifacts>) -> Result<Response, Failure> {
    Ok(operation(artifact::exclude(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn include(State(web): State<Web>, Path(number): Path<String>, call: Call<IncludeArtifacts>) -> Result<Response, Failure> {
    Ok(operation(artifact::include(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn annotate(
    State(web): State<Web>,
    Path(number): Path<String>,
    call: Call<AnnotateArtifacts>,
) -> Result<Response, Failure> {
    Ok(operation(artifact::annotate(&web.app, &call.actor, &number, call.input).await?))
}

/// Why a record is in the case, and where it stands there.
pub(crate) async fn why(State(web): State<Web>, Signed(actor): Signed, Path((number, id)): Path<(String, String)>) -> Answer<WhyView> {
    Ok(Json(record::why(&web.app, &actor, &number, &id).await?))
}

fn operation(view: OperationView) -> Response {
    done_or_accepted(view.job.is_some(), view)
}
