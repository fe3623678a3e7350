//! One search over all that is written.

use app::search::{self, SearchQuery, SearchView};
use axum::Json;
use axum::extract::State;

use super::Answer;
use crate::Web;
use crate::params::Query;
use crate::visitor::Signed;

pub(crate) async fn everywhere(State(web): State<Web>, Signed(actor): Signed, Query(query): Query<SearchQuery>) -> Answer<SearchView> {
    Ok(Json(search::everywhere(&web.app, &actor, query).await?))
}
