//! Errors as pages: what happened, what was kept, what to do.

use app::AppError;
use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::security::Nonce;
use crate::visitor::Visitor;
use crate::{Web, assets, error};

/// What a failed request was, kept aside before it went on its way.
pub(crate) struct FailureContext {
    nonce: String,
    signed_in: bool,
    path_and_query: String,
    get: bool,
    fragment: bool,
}

impl FailureContext {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            nonce: request.extensions().get::<Nonce>().cloned().unwrap_or_default().0,
            signed_in: request.extensions().get::<Visitor>().is_some_and(|visitor| visitor.0.is_some()),
            path_and_query: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            get: request.method() == axum::http::Method::GET,
            fragment: request.headers().contains_key("hx-request"),
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    nonce: &'a str,
    signed_in: bool,
    status: u16,
    title: &'a str,
    detail: String,
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
    let title = match status {
        StatusCode::NOT_FOUND => "This is not here",
        StatusCode::FORBIDDEN => "This is not for your role",
        StatusCode::CONFLICT => "This can't be done now",
        StatusCode::UNPROCESSABLE_ENTITY => "Something in it is not right",
        StatusCode::PRECONDITION_FAILED => "Someone was faster",
        StatusCode::PAYLOAD_TOO_LARGE => "That is too large",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Busy",
        StatusCode::UNAUTHORIZED => "You are signed out",
        _ => "Something failed",
    };
    let page =
        FailurePage { nonce: &context.nonce, signed_in: context.signed_in, status: status.as_u16(), title, detail: error::detail(failed) };
    (status, Html(page.render().unwrap_or_else(|_| title.to_owned()))).into_response()
}
