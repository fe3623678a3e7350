//! Exports of cases and of records.

use axum::http::Method;
use axum::routing::{get, post};
use model::Role::Reader;

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, ui};
use app::export::{ExportArtifacts, ExportFormat, ExportQuery, ExportRecords, RecordExportQuery};

pub(super) fn api() -> Vec<ApiRoute> {
    let files: Vec<&'static str> = ExportFormat::ALL.iter().map(|format| format.media_type()).collect();
    let routes = vec![
        route(Method::GET, "/cases/{number}/export", Reader, "Export a case", get(api::export::case)).query::<ExportQuery>(),
        route(Method::POST, "/cases/{number}/export", Reader, "Export some artifacts of a case", post(api::export::artifacts))
            .body::<ExportArtifacts>(),
        route(Method::GET, "/records/export", Reader, "Export records", get(api::export::records_by_query)).query::<RecordExportQuery>(),
        route(Method::POST, "/records/export", Reader, "Export some records", post(api::export::records)).body::<ExportRecords>(),
    ];
    routes.into_iter().map(|route| route.sends(&files)).collect()
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        screen(Method::GET, "/cases/{number}/export", Reader, get(ui::export::case)),
        screen(Method::POST, "/cases/{number}/artifacts/export", Reader, post(ui::export::artifacts)),
        screen(Method::POST, "/records/export", Reader, post(ui::export::records)),
    ]
}
