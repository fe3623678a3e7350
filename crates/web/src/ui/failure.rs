//! Errors as pages: what happened, what was kept, what to do.

use app::AppError;
use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::security::Nonce;
use crate::visitor::Visitor;
use crate::{Web, assets, error};

/// Refusals that say what to do differently. Of all others the browser says its own sentence.
const SAID_IN_FLASH: [StatusCode; 3] = [StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED, StatusCode::UNPROCESSABLE_ENTITY];

/// What a failed request was, kept aside before it went on its way.
pub(crate) struct FailureContext {
    nonce: String,
    signed_in: bool,
    path_and_query: String,
    get: bool,
    fragment: bool,
    /// The page of ours that it came from.
    back: Option<String>,
}

impl FailureContext {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            nonce: request.extensions().get::<Nonce>().cloned().unwrap_or_default().0,
            signed_in: request.extensions().get::<Visitor>().is_some_and(|visitor| visitor.0.is_some()),
            path_and_query: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            get: request.method() == axum::http::Method::GET,
            fragment: request.headers().contains_key("hx-request") || streams(request.headers()),
            back: back(request.headers()),
        }
    }
}

/// Whether it asks for a stream of changes: that does not sign in.
fn streams(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"text/event-stream")
}

/// The path of the page that sent the request, if it is one of ours.
fn back(headers: &HeaderMap) -> Option<String> {
    let referer: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    if referer.authority()?.as_str() != host {
        return None;
    }
    referer.path_and_query().map(ToString::to_string)
}

/// The same for htmx: said in the flash, and the page stays as it is with all that is typed in it.
#[derive(Template)]
#[template(path = "failure_toast.html")]
struct FailureToast {
    detail: String,
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    nonce: &'a str,
    signed_in: bool,
    status: u16,
    title: &'a str,
    detail: String,
    /// Where to go on; empty when that is not known.
    back: &'a str,
}

impl FailurePage<'_> {
    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

/// A failure as a page; who is not signed in is sent to do so, and comes back.
pub(crate) async fn failure(web: &Web, context: &FailureContext, failed: &AppError) -> Response {
    if matches!(failed, AppError::Unauthenticated(_)) && !context.fragment {
        let to = if app::account::needs_setup(&web.app).await.unwrap_or(false) {
            "/setup".to_owned()
        } else if context.get && context.path_and_query != "/" {
            format!("/sign-in?next={}", super::door::encode(&context.path_and_query))
        } else {
            "/sign-in".to_owned()
        };
        return Redirect::to(&to).into_response();
    }
    let status = error::status(failed);
    if context.fragment && SAID_IN_FLASH.contains(&status) {
        let toast = FailureToast { detail: said(failed) };
        let headers = [("hx-retarget", "#flash"), ("hx-reswap", "beforeend"), ("hx-reselect", ".toast"), ("hx-push-url", "false")];
        return (status, headers, Html(toast.render().unwrap_or_default())).into_response();
    }
    let title = match status {
        StatusCode::NOT_FOUND => "This is not here",
        StatusCode::FORBIDDEN => "This is not for your role",
        StatusCode::CONFLICT => "This can't be done now",
        StatusCode::UNPROCESSABLE_ENTITY => "Something in it is not right",
        StatusCode::PRECONDITION_FAILED => "Someone was faster",
        StatusCode::PAYLOAD_TOO_LARGE => "That is too large",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Busy",
        StatusCode::INSUFFICIENT_STORAGE => "The disk is full",
        StatusCode::UNAUTHORIZED => "You are signed out",
        _ => "Something failed",
    };
    let back = context.back.as_deref().filter(|back| *back != context.path_and_query).unwrap_or_default();
    let page =
        FailurePage { nonce: &context.nonce, signed_in: context.signed_in, status: status.as_u16(), title, detail: said(failed), back };
    (status, Html(page.render().unwrap_or_else(|_| title.to_owned()))).into_response()
}

/// What people are told, field by field.
fn said(failed: &AppError) -> String {
    match failed {
        AppError::Invalid(errors) => {
            let lines: Vec<String> = super::Errors(errors.clone()).lines().into_iter().map(|(_, line)| line).collect();
            sentence(&lines.join("; "))
        }
        other => sentence(&error::detail(other)),
    }
}

/// A refusal as a sentence: with a capital letter and a full stop.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let Some(first) = letters.next() else { return String::new() };
    let stop = if detail.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}
