//! Jobs: long work with its progress.

use app::PageQuery;
use app::job::{self, JobView};
use axum::Json;
use axum::extract::State;
use model::list::Page;

use super::Answer;
use crate::Web;
use crate::params::{Path, Query};
use crate::visitor::Signed;

pub(crate) async fn recent(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<PageQuery>) -> Answer<Page<JobView>> {
    Ok(Json(job::recent(&web.app, &actor, query).await?))
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<JobView> {
    Ok(Json(job::get(&web.app, &actor, &id).await?))
}

pub(crate) async fn cancel(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<JobView> {
    Ok(Json(job::cancel(&web.app, &actor, &id).await?))
}
