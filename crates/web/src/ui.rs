//! The HTML door: one file a screen. A handler reads its form or query, calls a verb, and renders or redirects.

pub(crate) mod add;
pub(crate) mod artifacts;
pub(crate) mod case;
pub(crate) mod cases;
mod closed;
pub(crate) mod columns;
pub(crate) mod docs;
pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod export;
mod failure;
mod form;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod known_good;
pub(crate) mod logs;
pub(crate) mod note;
pub(crate) mod palette;
pub(crate) mod records;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod selection;
pub(crate) mod settings;
mod shell;
pub(crate) mod sightings;
pub(crate) mod sources;
mod story;
pub(crate) mod technique;
pub(crate) mod text;
mod words;

pub(crate) use failure::{FailureContext, failure};
pub(crate) use form::{Errors, Form};
pub(crate) use selection::{Selecting, SelectionForm};
pub(crate) use shell::{Shell, Visit};

use app::PageQuery;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::Web;
use crate::error::Failure;

/// What a handler answers.
pub(crate) type Screen = Result<Response, Failure>;

/// A rendered page. `Vary` tells caches that the same URL is a fragment when htmx asks.
pub(crate) fn page(template: &impl Template) -> Screen {
    page_with(StatusCode::OK, template)
}

/// A rendered page with another status: a form that was refused, with what was typed.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Screen {
    let html = template.render().map_err(|error| app::AppError::Internal(format!("a page could not be rendered: {error}")))?;
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("HX-Request, Cookie"));
    Ok(response)
}

/// Which part of a list that begins with the newest a page shows.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Older {
    /// Older than what a page before has shown.
    #[serde(default)]
    older: String,
}

impl Older {
    pub(crate) fn page(self, limit: u32) -> PageQuery {
        PageQuery { cursor: self.older, ..PageQuery::newest(limit) }
    }
}

/// On to another page after a change, so that reloading does not repeat it.
pub(crate) fn see(url: &str) -> Response {
    Redirect::to(url).into_response()
}

/// A URL with `did=` an operation, whose toast offers Undo on the next page.
pub(crate) fn with_operation(url: &str, operation: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}did={operation}")
}

/// The start page: my open cases.
pub(crate) async fn home(State(_): State<Web>) -> Response {
    see("/cases?assigned_to=me&state=open")
}
