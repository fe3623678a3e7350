//! Whether the process lives, and whether it can do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::Web;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The database answers too.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    match app::account::needs_setup(&web.app).await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
