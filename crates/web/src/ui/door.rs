//! Coming in: first-run set-up, signing in, signing out.

use app::AppError;
use app::account::{self, Secret, SessionView, SetupInput};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::{Errors, Form, Screen, page, page_with, see};
use crate::params::Query;
use crate::security::Nonce;
use crate::visitor::{Client, Visitor, begin_session, end_session, session_token};
use crate::{Web, assets};

#[derive(Template)]
#[template(path = "door/setup.html")]
struct SetupPage {
    nonce: String,
    token: String,
    name: String,
    display_name: String,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "door/sign_in.html")]
struct SignInPage {
    nonce: String,
    name: String,
    next: String,
    refused: String,
}

impl SetupPage {
    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

impl SignInPage {
    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

/// The link that the server prints at its first start carries the token.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SetupQuery {
    #[serde(default)]
    token: String,
}

pub(crate) async fn setup_page(
    State(web): State<Web>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Query(query): Query<SetupQuery>,
) -> Screen {
    if !account::needs_setup(&web.app).await? {
        return Ok(see("/sign-in"));
    }
    page(&SetupPage { nonce, token: query.token, name: "admin".to_owned(), display_name: String::new(), errors: Errors::default() })
}

/// The first account.
#[derive(Deserialize)]
pub(crate) struct SetupForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    password: Secret,
}

pub(crate) async fn setup(State(web): State<Web>, Extension(Nonce(nonce)): Extension<Nonce>, Form(form): Form<SetupForm>) -> Screen {
    let input = SetupInput {
        token: Secret::from(form.token.clone()),
        name: form.name.clone(),
        display_name: form.display_name.clone(),
        email: String::new(),
        password: form.password,
    };
    match account::setup(&web.app, input).await {
        Ok(session) => Ok(signed_in(&web, &session, "/")),
        Err(error) => {
            let errors = match error {
                AppError::Unauthenticated(detail) | AppError::Forbidden(detail) => {
                    Errors(vec![model::FieldError { pointer: "/token".to_owned(), detail }])
                }
                other => Errors::of(other)?,
            };
            let again = SetupPage { nonce, token: form.token, name: form.name, display_name: form.display_name, errors };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

pub(crate) async fn sign_in_page(
    State(web): State<Web>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Extension(Visitor(visitor)): Extension<Visitor>,
    Query(query): Query<Next>,
) -> Screen {
    if visitor.is_some() {
        return Ok(see(local(&query.next)));
    }
    if account::needs_setup(&web.app).await? {
        return Ok(see("/setup"));
    }
    page(&SignInPage { nonce, name: String::new(), next: query.next, refused: String::new() })
}

/// Name and password.
#[derive(Deserialize)]
pub(crate) struct SignInForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: Secret,
    #[serde(default)]
    next: String,
}

pub(crate) async fn sign_in(
    State(web): State<Web>,
    Extension(Nonce(nonce)): Extension<Nonce>,
    Client(client): Client,
    Form(form): Form<SignInForm>,
) -> Screen {
    match account::login(&web.app, &form.name, &form.password, &client).await {
        Ok(session) => Ok(signed_in(&web, &session, local(&form.next))),
        Err(error @ (AppError::Unauthenticated(_) | AppError::Throttled { .. } | AppError::Invalid(_))) => {
            let status = crate::error::status(&error);
            page_with(status, &SignInPage { nonce, name: form.name, next: form.next, refused: error.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn sign_out(State(web): State<Web>, Extension(Visitor(visitor)): Extension<Visitor>, headers: HeaderMap) -> Screen {
    if let (Some(actor), Some(token)) = (visitor, session_token(&headers)) {
        account::logout(&web.app, &actor, &token).await?;
    }
    let mut response = see("/sign-in");
    end_session(&web, &mut response);
    Ok(response)
}

fn signed_in(web: &Web, session: &SessionView, next: &str) -> Response {
    let mut response = see(next);
    begin_session(web, &mut response, session);
    response
}

/// A path of ours; anything else is the start page, so that nobody is led away.
fn local(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t']);
    if ours { next } else { "/" }
}

/// Percent-encodes what goes into a query string.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_after_signing_in() {
        assert_eq!(local("/cases?q=a"), "/cases?q=a");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\t/evil.example"] {
            assert_eq!(local(bad), "/", "{bad}");
        }
        assert_eq!(encode("/cases?q=ä b"), "%2Fcases%3Fq%3D%C3%A4%20b");
    }
}
