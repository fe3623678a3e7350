//! What stands in place of a form that changes a case which is closed or cancelled.

use app::case::CaseView;
use askama::Template;
use axum::http::StatusCode;

use super::{Screen, Shell, page_with};

#[derive(Template)]
#[template(path = "case/closed.html")]
struct ClosedPage {
    shell: Shell,
    case: CaseView,
}

/// Says that the case has to be reopened first.
pub(super) fn closed(shell: Shell, case: CaseView) -> Screen {
    page_with(StatusCode::CONFLICT, &ClosedPage { shell, case })
}
