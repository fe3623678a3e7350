//! Every route, in one table a door.

mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use model::Role;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::openapi::Doc;
use crate::{Web, assets, body, error, metrics, security, ui, visitor};
pub(crate) use table::{api_routes, ui_routes};

/// Which door a route belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteDoor {
    /// JSON.
    Api,
    /// HTML.
    Ui,
}

/// A route, as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its door.
    pub door: RouteDoor,
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// The least role that may use it; none when it is open.
    pub least: Option<Role>,
}

/// A route of the API.
pub(crate) struct ApiRoute {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) least: Option<Role>,
    pub(crate) summary: &'static str,
    pub(crate) handler: MethodRouter<Web>,
    pub(crate) doc: Doc,
}

impl ApiRoute {
    pub(crate) fn new(method: Method, path: &str, least: Role, summary: &'static str, handler: MethodRouter<Web>) -> Self {
        Self { method, path: format!("/api/v1{path}"), least: Some(least), summary, handler, doc: Doc::default() }
    }

    /// Says what query string it takes.
    pub(crate) fn query<T: utoipa::IntoParams>(mut self) -> Self {
        self.doc.query::<T>();
        self
    }

    /// Says what body it takes.
    pub(crate) fn body<T: utoipa::ToSchema>(mut self) -> Self {
        self.doc.body = Some(self.doc.schema::<T>());
        self
    }

    /// Says what it answers.
    pub(crate) fn answers<T: utoipa::ToSchema>(mut self) -> Self {
        self.doc.answer = Some(self.doc.schema::<T>());
        self
    }

    /// Says that it answers a file of one of these media types.
    pub(crate) fn sends(mut self, media: &[&'static str]) -> Self {
        self.doc.files = media.to_vec();
        self
    }

    /// Says what it answers, a page at a time.
    pub(crate) fn pages<T: utoipa::ToSchema>(mut self) -> Self {
        // A generic schema names what it holds, but does not bring it along.
        self.doc.schema::<T>();
        self.doc.answer = Some(self.doc.schema::<model::list::Page<T>>());
        self
    }

    /// Says what it answers, in a list.
    pub(crate) fn lists<T: utoipa::ToSchema>(mut self) -> Self {
        let item = self.doc.schema::<T>();
        self.doc.answer = Some(serde_json::json!({ "type": "array", "items": item }));
        self
    }
}

/// A route of the pages.
pub(crate) struct UiRoute {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) least: Option<Role>,
    pub(crate) handler: MethodRouter<Web>,
}

/// All routes, for the test that tries each with each role.
#[must_use]
pub fn routes() -> Vec<Route> {
    let api = api_routes().into_iter().map(|r| Route { door: RouteDoor::Api, method: r.method, path: r.path, least: r.least });
    let ui = ui_routes().into_iter().map(|r| Route { door: RouteDoor::Ui, method: r.method, path: r.path.to_owned(), least: r.least });
    api.chain(ui).collect()
}

/// The whole server.
pub fn router(web: Web) -> Router {
    let mut router = Router::new().route("/assets/{file}", get(assets::get)).fallback(not_found);
    for route in api_routes() {
        router = router.route(&route.path, guarded(route.handler, route.least));
    }
    for route in ui_routes() {
        router = router.route(route.path, guarded(route.handler, route.least));
    }
    let counters = Arc::new(metrics::Counters::default());
    // Events must not wait in a compressor's buffer.
    let compress = CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::new("text/event-stream")));
    router
        .layer(DefaultBodyLimit::max(body::MAX_JSON))
        .layer(middleware::from_fn(security::same_origin))
        .layer(middleware::from_fn_with_state(web.clone(), render_failures))
        .layer(middleware::from_fn_with_state(web.clone(), visitor::resolve))
        .layer(middleware::from_fn_with_state(web.clone(), nonce))
        .layer(compress)
        .layer(middleware::from_fn(move |request, next| log(Arc::clone(&counters), request, next)))
        .with_state(web)
}

/// A handler that only those reach who may: the table is what is kept, not only what is said.
fn guarded(handler: MethodRouter<Web>, least: Option<Role>) -> MethodRouter<Web> {
    match least {
        None => handler,
        Some(least) => handler.route_layer(middleware::from_fn(move |request, next| visitor::admit(least, request, next))),
    }
}

async fn not_found() -> error::Failure {
    error::Failure(app::AppError::NotFound("page"))
}

async fn nonce(State(web): State<Web>, request: Request, next: Next) -> Response {
    security::headers(web.app.nonce(), request, next).await
}

/// A failure as a problem document or a page, with the failure itself for the log.
pub(crate) async fn render(web: &Web, api: bool, context: &ui::FailureContext, error: Arc<app::AppError>) -> Response {
    let mut rendered = if api { error::problem(&error) } else { ui::failure(web, context, &error).await };
    rendered.extensions_mut().insert(error);
    rendered
}

/// Whether a path is read by programs.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

/// Turns a failure into a problem document or a page, whichever door it came through.
async fn render_failures(State(web): State<Web>, request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    let context = ui::FailureContext::of(&request);
    let response = next.run(request).await;
    if api && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        return error::method_not_allowed(response);
    }
    let Some(error) = response.extensions().get::<Arc<app::AppError>>().cloned() else { return response };
    let retry_after: Option<HeaderValue> = response.headers().get(header::RETRY_AFTER).cloned();
    let mut rendered = render(&web, api, &context, error).await;
    if let Some(value) = retry_after {
        rendered.headers_mut().insert(header::RETRY_AFTER, value);
    }
    rendered
}

/// Logs each request once, at the boundary: no query string, no body, no names.
async fn log(counters: Arc<metrics::Counters>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Arc::clone(&counters));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    #[allow(clippy::disallowed_methods, reason = "how long a request took is logged, never stored")]
    let started = std::time::Instant::now();
    let response = next.run(request).await;
    let (status, micros) = (response.status().as_u16(), started.elapsed().as_micros() as u64);
    counters.answered(response.status(), micros);
    match response.extensions().get::<Arc<app::AppError>>() {
        Some(error) if status >= 500 => tracing::error!(%method, path, status, micros, %error, "request failed"),
        _ => tracing::debug!(%method, path, status, micros, "request"),
    }
    response
}
