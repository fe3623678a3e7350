//! The tables, by noun. A verb has a line in `api`; a screen has a line in `ui`.

mod cases;
mod exports;
mod frame;
mod people;
mod records;
mod sightings;
mod webhooks;

use axum::http::Method;
use axum::routing::MethodRouter;
use model::Role;

use super::{ApiRoute, UiRoute};
use crate::Web;

/// The API.
pub(crate) fn api_routes() -> Vec<ApiRoute> {
    [frame::api(), cases::api(), exports::api(), records::api(), sightings::api(), people::api(), webhooks::api()]
        .into_iter()
        .flatten()
        .collect()
}

/// The pages.
pub(crate) fn ui_routes() -> Vec<UiRoute> {
    [frame::ui(), cases::ui(), exports::ui(), records::ui(), sightings::ui(), people::ui(), webhooks::ui()].into_iter().flatten().collect()
}

fn route(method: Method, path: &str, least: Role, summary: &'static str, handler: MethodRouter<Web>) -> ApiRoute {
    ApiRoute::new(method, path, least, summary, handler)
}

fn screen(method: Method, path: &'static str, least: impl Into<Option<Role>>, handler: MethodRouter<Web>) -> UiRoute {
    UiRoute { method, path, least: least.into(), handler }
}
