//! The JSON door: one file a noun, each handler one call of a verb.

pub(crate) mod account;
pub(crate) mod annotation;
pub(crate) mod artifact;
pub(crate) mod case;
pub(crate) mod export;
pub(crate) mod extract;
pub(crate) mod group;
pub(crate) mod import;
pub(crate) mod job;
pub(crate) mod journal;
pub(crate) mod known_good;
pub(crate) mod logs;
pub(crate) mod note;
pub(crate) mod operation;
pub(crate) mod record;
pub(crate) mod relationship;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod sighting;
pub(crate) mod source;
pub(crate) mod technique;
pub(crate) mod token;
pub(crate) mod watch;
pub(crate) mod webhook;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::list::Page;
use serde::Serialize;

use crate::error::Failure;

/// What a handler answers.
pub(crate) type Answer<T> = Result<Json<T>, Failure>;

/// An object with its version as ETag.
pub(crate) fn tagged<T: Serialize>(version: i64, view: T) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(view)).into_response()
}

/// 202 for what goes on as a job, 200 for what is done.
pub(crate) fn done_or_accepted<T: Serialize>(goes_on: bool, view: T) -> Response {
    (if goes_on { StatusCode::ACCEPTED } else { StatusCode::OK }, Json(view)).into_response()
}

/// A list that is answered as a whole, in the shape of all lists: what its verb answers must be all there is.
pub(crate) fn whole<T>(items: Vec<T>) -> Page<T> {
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Page { items, next_cursor: None, total, total_is_exact: true, as_of: String::new() }
}
