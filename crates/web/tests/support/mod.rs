//! The real router over an application of a test's own, with people who have tokens, and what they get answered.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod desk;

use app::account::token::{self, TokenInput};
use app::artifact::{self, AddArtifacts};
use app::case::{self, CaseInput};
use app::import::{self, StageText};
use app::sighting::{self, SightingRequest};
use app::{annotation, job, note};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use model::Actor;
use serde_json::{Value as Json, from_value, json};
use testkit::{Engine, TestApp};
use tower::ServiceExt;
use web::{Route, RouteDoor, Web};

/// A word that stands in all that [`Site::made_by`] writes, and nowhere else.
pub const MARK: &str = "heliotrope";

/// The server, without a socket.
pub struct Site {
    pub test: TestApp,
    pub router: Router,
}

/// How somebody says who they are.
#[derive(Debug, Clone)]
pub enum As {
    /// Not at all.
    Nobody,
    /// With an API token.
    Token(String),
    /// With the cookie of a session, from a page of ours.
    Cookie(String),
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Site {
    pub fn new() -> Self {
        Self::over(TestApp::new(Engine::Sqlite))
    }

    pub fn over(test: TestApp) -> Self {
        let router = web::router(Web { app: test.app.clone(), secure_cookies: false });
        Self { test, router }
    }

    /// A token of somebody, with all that their role may do.
    pub async fn token(&self, actor: &Actor) -> As {
        let input = TokenInput { label: "test".to_owned(), ..TokenInput::default() };
        As::Token(token::create(&self.test, actor, input).await.unwrap().token.reveal().to_owned())
    }

    /// A case of somebody's, and one of each thing that can be in it. Changing another's note, say, is refused for a reason
    /// that is not the role: so everybody gets their own.
    pub async fn made_by(&self, actor: &Actor, restricted: bool) -> Objects {
        let test = &self.test;
        let name = format!("{MARK} of {}", actor.name);
        let case = case::create(test, actor, CaseInput { name, restricted, ..CaseInput::default() }).await.unwrap().number;
        let value = format!("{MARK}-{}.example", actor.name);
        let observables: AddArtifacts = from_value(json!({ "observables": [value] })).unwrap();
        let added = artifact::add(test, actor, &case, observables).await.unwrap();
        let listed = artifact::list(test, actor, &case, from_value(json!({ "kind": "observable" })).unwrap()).await.unwrap();
        let record = listed.items[0].record.id.clone();
        let note = from_value(json!({ "kind": "comment", "text": format!("{MARK} was seen.") })).unwrap();
        let note = note::add(test, actor, &case, note).await.unwrap().id;
        let annotate = from_value(json!({ "record_ids": [record], "text": format!("{MARK} is odd.") })).unwrap();
        artifact::annotate(test, actor, &case, annotate).await.unwrap();
        let annotation = annotation::of_record(test, actor, &record).await.unwrap()[0].id.clone();
        let everything = SightingRequest { all_data: true, ..SightingRequest::default() };
        let search = sighting::start(test, actor, &case, everything).await.unwrap().number;
        job::drain(test).unwrap();
        let job = job::recent(test, actor, app::PageQuery::newest(1)).await.unwrap().items[0].id.clone();
        let text = StageText { name: format!("{MARK}.txt"), text: format!("It called {MARK}-again.example."), case: Some(case.clone()) };
        let import = import::stage_text(test, actor, text).await.unwrap().import_id;
        let made = token::create(test, actor, TokenInput { label: "to be revoked".to_owned(), ..TokenInput::default() }).await.unwrap();
        Objects {
            case,
            note,
            annotation,
            record,
            operation: added.operation_id,
            search,
            job,
            import,
            token: made.view.id,
            account: "rita".to_owned(),
            group: "hunters".to_owned(),
        }
    }

    /// The answer as it begins: its body may never end.
    pub async fn begin(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.begin(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, path: &str, who: &As) -> Answer {
        self.send(request(Method::GET, path, who, Body::empty(), "")).await
    }

    /// Sends a form, as a page of ours does.
    pub async fn post(&self, path: &str, who: &As, form: &[(&str, &str)]) -> Answer {
        self.send(request(Method::POST, path, who, Body::from(encode(form)), FORM)).await
    }

    pub async fn json(&self, method: Method, path: &str, who: &As, body: &Json) -> Answer {
        self.send(request(method, &format!("/api/v1{path}"), who, Body::from(body.to_string()), "application/json")).await
    }
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The session's cookie, if it sets one.
    pub fn session(&self) -> Option<As> {
        let cookie = self.header("set-cookie").split(';').next()?;
        cookie.split_once('=').filter(|(_, token)| !token.is_empty()).map(|_| As::Cookie(cookie.to_owned()))
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.body.contains(text), "no {text:?} in {}", self.body);
        self
    }

    #[track_caller]
    pub fn says_nothing_of(self, text: &str) -> Self {
        assert!(!self.body.contains(text), "{text:?} in {}", self.body);
        self
    }
}

pub const FORM: &str = "application/x-www-form-urlencoded";

pub fn request(method: Method, path: &str, who: &As, body: Body, content_type: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "vizsla.example");
    match who {
        As::Nobody => {}
        As::Token(token) => request = request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        As::Cookie(cookie) => request = request.header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin"),
    }
    if !content_type.is_empty() {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(body).unwrap()
}

/// The request of a route with an empty body of its door's kind.
pub fn empty_request(route: &Route, path: &str, who: &As) -> Request<Body> {
    let (body, content_type) = match (route.method == Method::GET, route.door) {
        (true, _) => ("", ""),
        (false, RouteDoor::Api) => ("{}", "application/json"),
        (false, RouteDoor::Ui) => ("", FORM),
    };
    request(route.method.clone(), path, who, Body::from(body), content_type)
}

/// Whether its answer goes on for ever.
pub fn is_stream(route: &Route) -> bool {
    route.method == Method::GET && route.path.ends_with("/changes")
}

/// A form as browsers send it.
pub fn encode(form: &[(&str, &str)]) -> String {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    form.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect::<Vec<_>>().join("&")
}

/// What stands for the parameters of a path.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    pub case: String,
    pub note: String,
    pub annotation: String,
    pub record: String,
    pub operation: String,
    pub search: String,
    pub job: String,
    pub import: String,
    pub token: String,
    pub account: String,
    pub group: String,
}

impl Objects {
    /// Ids and names of nothing.
    pub fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            case: "SECC0009999".to_owned(),
            note: unknown(),
            annotation: unknown(),
            record: unknown(),
            operation: unknown(),
            search: "SIGHT0009999".to_owned(),
            job: unknown(),
            import: unknown(),
            token: "999999".to_owned(),
            account: unknown(),
            group: unknown(),
        }
    }
}

/// A route's path with these objects in it.
pub fn fill(route: &Route, objects: &Objects) -> String {
    let path = route.path.trim_start_matches("/api/v1").trim_start_matches("/settings");
    let noun = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let parts = route.path.split('/').map(|part| {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { return part };
        match (noun, name) {
            ("cases", "number") => objects.case.as_str(),
            ("sightings", "number") | ("cases", "search") => &objects.search,
            ("notes", "id") => &objects.note,
            ("annotations", "id") => &objects.annotation,
            ("records" | "record", "id") | ("cases", "id" | "record") => &objects.record,
            ("operations", "id") => &objects.operation,
            ("jobs", "id") => &objects.job,
            ("imports" | "import", "id") => &objects.import,
            ("tokens", "id") => &objects.token,
            ("accounts", "name") => &objects.account,
            ("groups", "name") => &objects.group,
            ("cases", "state") => "analysis",
            (_, "kind" | "path") => "observables",
            _ => "unknown",
        }
    });
    parts.collect::<Vec<_>>().join("/")
}
