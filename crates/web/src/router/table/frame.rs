//! The door, the start page, search, live updates, health.

use axum::http::Method;
use axum::routing::{get, post};
use model::Role::Reader;

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, health, live, ui};
use app::search::{SearchQuery, SearchView};

pub(super) fn api() -> Vec<ApiRoute> {
    vec![
        route(Method::GET, "/changes", Reader, "Hear what changes (server-sent events)", get(live::changes)).query::<live::After>(),
        route(Method::GET, "/search", Reader, "Search cases, records, notes and annotations", get(api::search::everywhere))
            .query::<SearchQuery>()
            .answers::<SearchView>(),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        screen(Method::GET, "/", Reader, get(ui::home)),
        screen(Method::GET, "/search", Reader, get(ui::search::everywhere)),
        screen(Method::GET, "/changes", Reader, get(live::changes)),
        screen(Method::GET, "/setup", None, get(ui::door::setup_page)),
        screen(Method::POST, "/setup", None, post(ui::door::setup)),
        screen(Method::GET, "/sign-in", None, get(ui::door::sign_in_page)),
        screen(Method::POST, "/sign-in", None, post(ui::door::sign_in)),
        screen(Method::POST, "/sign-out", None, post(ui::door::sign_out)),
        screen(Method::GET, "/healthz", None, get(health::live)),
        screen(Method::GET, "/readyz", None, get(health::ready)),
    ]
}
