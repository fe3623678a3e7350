//! Who comes in: by session cookie or by token. Resolved once a request, before any handler.

use app::{AppError, account};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use model::{Actor, Role};

use crate::Web;
use crate::error::Failure;

/// The session cookie. `__Host-` would need TLS, which a server on loopback has not.
pub(crate) const COOKIE: &str = "vizsla_session";

/// Who made a request, if they said so and it was right.
#[derive(Clone, Default)]
pub(crate) struct Visitor(pub(crate) Option<Actor>);

/// Someone who is signed in.
pub(crate) struct Signed(pub(crate) Actor);

/// Finds out who makes a request. A wrong token is refused at once; an old cookie is as good as none.
pub(crate) async fn resolve(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let visitor = match bearer(request.headers()) {
        Some(token) => match account::token_actor(&web.app, &token).await {
            Ok(actor) => Visitor(Some(actor)),
            Err(error) => return axum::response::IntoResponse::into_response(Failure(error)),
        },
        None => match session_token(request.headers()) {
            Some(token) => Visitor(account::session_actor(&web.app, &token).await.ok()),
            None => Visitor(None),
        },
    };
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The session's token in the cookies.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_owned())
    })
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
        visitor.0.map(Self).ok_or_else(|| Failure(AppError::Unauthenticated("sign in, or send a token".to_owned())))
    }
}

/// Whether a role reaches what is offered: buttons that would be refused are not shown.
pub(crate) fn may(actor: &Actor, role: Role) -> bool {
    actor.role >= role
}
