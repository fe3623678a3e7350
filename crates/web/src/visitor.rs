//! Who comes in: by session cookie or by token. Resolved once a request, before any handler.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use app::account::SessionView;
use app::{AppError, account};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use model::actor::Door;
use model::{Actor, Role};

use crate::error::Failure;
use crate::ui::FailureContext;
use crate::{Web, router};

/// The session cookie. `__Host-` would need TLS, which a server on loopback has not.
pub(crate) const COOKIE: &str = "vizsla_session";

/// Who made a request, if they said so and it was right.
#[derive(Clone, Default)]
pub(crate) struct Visitor(pub(crate) Option<Actor>);

/// Someone who is signed in.
pub(crate) struct Signed(pub(crate) Actor);

/// Who makes a request that comes from this process itself: a command on the data directory. No request from outside can
/// carry it.
#[derive(Clone)]
pub struct LocalActor(pub Actor);

/// Finds out who makes a request. A wrong token is refused at once; an old cookie is as good as none.
pub(crate) async fn resolve(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    if let Some(LocalActor(actor)) = request.extensions().get::<LocalActor>().cloned() {
        request.extensions_mut().insert(Visitor(Some(actor)));
        return next.run(request).await;
    }
    if request.uri().path().starts_with("/assets/") {
        return next.run(request).await;
    }
    let visitor = match bearer(request.headers()) {
        Some(token) => match account::token_actor(&web.app, &token).await {
            Ok(actor) => Visitor(Some(actor)),
            // At either door: who sends a token is a program.
            Err(error) => {
                let mut response = crate::error::problem(&error);
                response.extensions_mut().insert(Arc::new(error));
                return response;
            }
        },
        None => match session_token(request.headers()) {
            Some(token) => match account::session_actor(&web.app, &token).await {
                Ok(actor) => Visitor(Some(actor)),
                Err(AppError::Unauthenticated(_)) => Visitor(None),
                // Nobody is told to sign in again because the database can't be asked who they are.
                Err(error) => {
                    let (api, context) = (router::is_api(request.uri().path()), FailureContext::of(&request));
                    return router::render(&web, api, &context, Arc::new(error)).await;
                }
            },
            None => Visitor(None),
        },
    };
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

/// The API token that a request comes with. Only then is no cookie looked at.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Who makes a request that is still being answered, asked anew. It is not taken for a use of the session.
pub(crate) async fn still(web: &Web, actor: &Actor, headers: &HeaderMap) -> Result<Actor, AppError> {
    match actor.door {
        Door::Token => account::still_with_token(&web.app, &bearer(headers).unwrap_or_default()).await,
        Door::Session => account::still_in_session(&web.app, &session_token(headers).unwrap_or_default()).await,
        Door::Operator => Ok(actor.clone()),
    }
}

/// The session's token in the cookies.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_owned())
    })
}

/// Gives the browser the session that has begun.
pub(crate) fn begin_session(web: &Web, response: &mut Response, session: &SessionView) {
    let seconds = (session.expires_at.micros() - web.app.now().micros()) / 1_000_000;
    set_cookie(web, response, session.token.reveal(), seconds.max(0));
}

/// Takes the session from the browser.
pub(crate) fn end_session(web: &Web, response: &mut Response) {
    set_cookie(web, response, "", 0);
}

fn set_cookie(web: &Web, response: &mut Response, token: &str, seconds: i64) {
    let secure = if web.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}

/// Where a request comes from, for counting failed tries of passwords: empty when nobody knows.
pub(crate) struct Client(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(address.map(|ConnectInfo(address)| address.ip().to_string()).unwrap_or_default()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
        visitor.0.map(Self).ok_or_else(|| Failure(AppError::Unauthenticated("sign in, or send a token".to_owned())))
    }
}

/// Turns away who may not use a route, before anything of the request is read or looked up: so a refusal tells nothing of
/// what there is. Verbs refuse by themselves too.
pub(crate) async fn admit(least: Role, request: Request, next: Next) -> Response {
    let refusal = match request.extensions().get::<Visitor>().and_then(|visitor| visitor.0.as_ref()) {
        Some(actor) if may(actor, least) => return next.run(request).await,
        Some(actor) => AppError::Forbidden(format!("this needs the role {}; yours is {}", least.label(), actor.role.label())),
        None => AppError::Unauthenticated("sign in, or send a token".to_owned()),
    };
    axum::response::IntoResponse::into_response(Failure(refusal))
}

/// Whether a role reaches what is offered: buttons that would be refused are not shown.
pub(crate) fn may(actor: &Actor, role: Role) -> bool {
    actor.role >= role
}
