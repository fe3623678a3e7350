//! Jobs: long work with its progress.

use app::job::{self, JobView};
use axum::Json;
use axum::extract::State;
use model::list::Page;

use super::{Answer, whole};
use crate::Web;
use crate::params::Path;
use crate::visitor::Signed;

/// The most jobs of one answer.
const LIMIT: u32 = 100;

pub(crate) async fn recent(State(web): State<Web>, Signed(actor): Signed) -> Answer<Page<JobView>> {
    Ok(Json(whole(job::recent(&web.app, &actor, LIMIT).await?)))
}

pub(crate) async fn show(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<JobView> {
    Ok(Json(job::get(&web.app, &actor, &id).await?))
}

pub(crate) async fn cancel(State(web): State<Web>, Signed(actor): Signed, Path(id): Path<String>) -> Answer<JobView> {
    Ok(Json(job::cancel(&web.app, &actor, &id).await?))
}
