//! Outside sources: set up, tested, asked on trial, deleted.

use app::account::Secret;
use app::artifact::NewObservable;
use app::source::{self, DryRun, QuestionView, Settings, SourceInput, SourcePatch, SourceView, usual_query};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::observable::ObservableType;
use model::sighting::SourceKind;
use serde::Deserialize;

use super::door::encode;
use super::shell::Toast;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::error::Failure;
use crate::params::{Path, Query};

/// Rows for queries of further types.
const SPARE_ROWS: usize = 2;

/// Ways to sign in.
pub(crate) const WAYS_IN: &[(&str, &str)] = &[
    ("", "As is usual for the product"),
    ("none", "Not at all"),
    ("basic", "User and password"),
    ("bearer", "Token"),
    ("api_key", "API key"),
];

/// The types that can have queries of their own.
pub(crate) fn types() -> &'static [ObservableType] {
    ObservableType::ALL
}

/// What a product calls the place that is searched.
pub(crate) fn place_label(kind: &str) -> &'static str {
    match kind {
        "clickhouse" => "Table",
        "splunk" => "Index",
        "sentinel" => "Workspace id",
        "loki" => "Stream selector",
        "elasticsearch" | "opensearch" | "quickwit" => "Index or pattern",
        _ => "Where it looks",
    }
}

/// The page of a source.
pub(crate) fn url(name: &str) -> String {
    format!("/outside-sources/{}", encode(name))
}

/// How a source stands: the word, and its colour.
pub(crate) fn standing(source: &SourceView) -> (&'static str, &'static str) {
    match (source.enabled, source.asked_at, source.error.is_empty()) {
        (false, ..) => ("off", ""),
        (true, None, _) => ("not asked yet", "warn"),
        (true, Some(_), true) => ("answers", "good"),
        (true, Some(_), false) => ("fails", "bad"),
    }
}

/// How a source is asked, as a form holds it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SourceForm {
    kind: String,
    name: String,
    url: String,
    place: String,
    auth: String,
    user: String,
    key_header: String,
    tenant: String,
    secret: Secret,
    forget_secret: Option<String>,
    enabled: Option<String>,
    external: Option<String>,
    ca: String,
    proxy: String,
    timeout_seconds: String,
    batch: String,
    events: String,
    without_events: Option<String>,
    count_limit: String,
    time_field: String,
    host_field: String,
    account_fields: String,
    raw_field: String,
    count_path: String,
    events_path: String,
    link: String,
    query_type: Vec<String>,
    query: Vec<String>,
}

impl SourceForm {
    /// Whether a folded part of the form is to be shown: where something other than the usual stands in it, or is refused.
    fn unusual(&self, part: &str, errors: &Errors) -> bool {
        let told: &[(&str, &str)] = match part {
            "fields" => &[
                ("time_field", &self.time_field),
                ("host_field", &self.host_field),
                ("account_fields", &self.account_fields),
                ("raw_field", &self.raw_field),
            ],
            "queries" => {
                return self.query.iter().any(|query| !query.trim().is_empty()) || !errors.at("query").is_empty();
            }
            "limits" => &[
                ("without_events", self.without_events.as_deref().unwrap_or_default()),
                ("events", &self.events),
                ("batch", &self.batch),
                ("count_limit", &self.count_limit),
                ("timeout_seconds", &self.timeout_seconds),
            ],
            _ => &[("link", &self.link), ("proxy", &self.proxy), ("ca", &self.ca)],
        };
        told.iter().any(|(name, value)| !value.is_empty() || !errors.at(name).is_empty())
    }

    fn of(source: &SourceView) -> Self {
        let settings = source.settings.clone().unwrap_or_default();
        let number = |number: u64| if number == 0 { String::new() } else { number.to_string() };
        Self {
            kind: source.kind.to_string(),
            name: source.name.clone(),
            url: settings.url,
            place: settings.place,
            auth: settings.auth,
            user: settings.user,
            key_header: settings.key_header,
            tenant: settings.tenant,
            secret: Secret::default(),
            forget_secret: None,
            enabled: source.enabled.then(|| "1".to_owned()),
            external: settings.external.then(|| "1".to_owned()),
            ca: settings.ca,
            proxy: settings.proxy,
            timeout_seconds: number(settings.timeout_seconds.into()),
            batch: number(settings.batch.into()),
            events: number(settings.events.into()),
            without_events: settings.without_events.then(|| "1".to_owned()),
            count_limit: number(settings.count_limit),
            time_field: settings.time_field,
            host_field: settings.host_field,
            account_fields: settings.account_fields.join(", "),
            raw_field: settings.raw_field,
            count_path: settings.count_path,
            events_path: settings.events_path,
            link: settings.link,
            query_type: settings.queries.keys().cloned().collect(),
            query: settings.queries.values().cloned().collect(),
        }
    }

    fn settings(&self) -> Result<Settings, Errors> {
        let mut fields = model::Fields::new();
        let mut number = |name: &str, text: &str| -> u64 {
            let text = text.trim();
            let read = if text.is_empty() { Ok(0) } else { text.parse::<u64>().map_err(|_| "must be a whole number") };
            fields.keep(&format!("/{name}"), read).unwrap_or_default()
        };
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let settings = Settings {
            url: self.url.trim().to_owned(),
            place: self.place.trim().to_owned(),
            auth: self.auth.clone(),
            user: self.user.trim().to_owned(),
            key_header: self.key_header.trim().to_owned(),
            tenant: self.tenant.trim().to_owned(),
            ca: self.ca.trim().to_owned(),
            proxy: self.proxy.trim().to_owned(),
            timeout_seconds: small(number("timeout_seconds", &self.timeout_seconds)),
            batch: small(number("batch", &self.batch)),
            events: small(number("events", &self.events)),
            without_events: self.without_events.is_some(),
            count_limit: number("count_limit", &self.count_limit),
            time_field: self.time_field.trim().to_owned(),
            host_field: self.host_field.trim().to_owned(),
            account_fields: self.account_fields.split(',').map(|field| field.trim().to_owned()).filter(|field| !field.is_empty()).collect(),
            raw_field: self.raw_field.trim().to_owned(),
            count_path: self.count_path.trim().to_owned(),
            events_path: self.events_path.trim().to_owned(),
            link: self.link.trim().to_owned(),
            external: self.external.is_some(),
            queries: self
                .query_type
                .iter()
                .zip(&self.query)
                .filter(|(of_type, template)| !of_type.is_empty() && !template.trim().is_empty())
                .map(|(of_type, template)| (of_type.clone(), template.clone()))
                .collect(),
        };
        fields.finish().map_err(Errors)?;
        Ok(settings)
    }

    /// Types and their queries, with room for more.
    fn rows(&self) -> Vec<(String, String)> {
        let given = self.query_type.iter().cloned().zip(self.query.iter().cloned());
        let mut rows: Vec<(String, String)> = given.filter(|(of_type, query)| !(of_type.is_empty() && query.trim().is_empty())).collect();
        rows.extend(std::iter::repeat_n(Default::default(), SPARE_ROWS));
        rows
    }

    fn signs_in_by(&self, way: &str) -> bool {
        self.auth == way
    }
}

/// What stands in fields that are left empty.
struct Usual {
    settings: Settings,
    query: &'static str,
}

impl Usual {
    fn of(kind: SourceKind) -> Self {
        Self { settings: Settings::default().effective(kind), query: usual_query(kind) }
    }

    fn accounts(&self) -> String {
        self.settings.account_fields.join(", ")
    }
}

/// Settings are refused under `settings`; the form's fields have their own names.
fn errors(error: app::AppError) -> Result<Errors, Failure> {
    let mut errors = Errors::of(error)?;
    for field in &mut errors.0 {
        if let Some(rest) = field.pointer.strip_prefix("/settings/") {
            field.pointer = if let Some(of_type) = rest.strip_prefix("queries/") {
                field.detail = format!("{of_type}: {}", field.detail);
                "/query".to_owned()
            } else {
                format!("/{rest}")
            };
        }
    }
    Ok(errors)
}

/// Which product a new source is of.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NewQuery {
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "sources/new.html")]
struct NewPage {
    shell: Shell,
    kind: Option<SourceKind>,
    form: SourceForm,
    usual: Usual,
    errors: Errors,
}

impl NewPage {
    fn has_secret(&self) -> bool {
        false
    }
}

pub(crate) async fn new_page(visit: Visit, Query(query): Query<NewQuery>) -> Screen {
    let kind = query.kind.parse::<SourceKind>().ok();
    let form = SourceForm { kind: query.kind, enabled: Some("1".to_owned()), ..SourceForm::default() };
    let usual = Usual::of(kind.unwrap_or(SourceKind::OpenSearch));
    page(&NewPage { shell: visit.shell, kind, form, usual, errors: Errors::default() })
}

pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<SourceForm>) -> Screen {
    let Ok(kind) = form.kind.parse::<SourceKind>() else { return Ok(see("/outside-sources/new")) };
    let refused = match form.settings() {
        Err(refused) => refused,
        Ok(settings) => {
            let input =
                SourceInput { name: form.name.clone(), kind, settings, secret: form.secret.clone(), enabled: form.enabled.is_some() };
            match source::create(&web.app, &visit.actor, input).await {
                Ok(source) => return Ok(see(&url(&source.name))),
                Err(error) => errors(error)?,
            }
        }
    };
    let page = NewPage { shell: visit.shell, kind: Some(kind), form, usual: Usual::of(kind), errors: refused };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// What is asked on trial.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ShowQuery {
    /// The value whose question is shown.
    #[serde(default)]
    value: String,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "sources/show.html")]
struct ShowPage {
    shell: Shell,
    source: SourceView,
    form: SourceForm,
    usual: Usual,
    query: ShowQuery,
    questions: Vec<QuestionView>,
    trial_errors: Errors,
    errors: Errors,
}

impl ShowPage {
    fn url(&self) -> String {
        url(&self.source.name)
    }

    fn has_secret(&self) -> bool {
        self.source.has_secret
    }
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Query(query): Query<ShowQuery>) -> Screen {
    shown(&web, visit, &name, query, None).await
}

async fn shown(web: &Web, mut visit: Visit, name: &str, query: ShowQuery, refused: Option<(SourceForm, Errors)>) -> Screen {
    let source = source::get(&web.app, &visit.actor, name).await?;
    let (mut questions, mut trial_errors) = (Vec::new(), Errors::default());
    if !query.value.trim().is_empty() {
        let ask = DryRun { observables: vec![NewObservable::Value(query.value.clone())], ..DryRun::default() };
        match source::dry_run(&web.app, &visit.actor, name, ask).await {
            Ok(found) => questions = found,
            Err(error) => trial_errors = Errors::of(error)?,
        }
    }
    let text = match query.done.as_str() {
        "saved" => "The source is saved.",
        "tested" if source.error.is_empty() => "The source answered.",
        "tested" => "The source did not answer as it should: the page says why.",
        _ => "",
    };
    if !text.is_empty() {
        visit.shell.toast = Some(Toast { text: text.to_owned(), undo: None, bad: query.done == "tested" && !source.error.is_empty() });
    }
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (form, errors) = refused.unwrap_or_else(|| (SourceForm::of(&source), Errors::default()));
    let usual = Usual::of(source.kind);
    page_with(status, &ShowPage { shell: visit.shell, source, form, usual, query, questions, trial_errors, errors })
}

pub(crate) async fn save(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Form(form): Form<SourceForm>) -> Screen {
    let refused = match form.settings() {
        Err(refused) => refused,
        Ok(settings) => {
            let secret = match (form.forget_secret.is_some(), form.secret.reveal().is_empty()) {
                (true, _) => Some(Secret::default()),
                (false, true) => None,
                (false, false) => Some(form.secret.clone()),
            };
            let patch = SourcePatch { settings: Some(settings), secret, enabled: Some(form.enabled.is_some()) };
            match source::update(&web.app, &visit.actor, &name, patch).await {
                Ok(source) => return Ok(see(&format!("{}?done=saved", url(&source.name)))),
                Err(error) => errors(error)?,
            }
        }
    };
    shown(&web, visit, &name, ShowQuery::default(), Some((form, refused))).await
}

pub(crate) async fn test(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    let source = source::test(&web.app, &visit.actor, &name).await?;
    Ok(see(&format!("{}?done=tested", url(&source.name))))
}

#[derive(Template)]
#[template(path = "sources/delete.html")]
struct DeletePage {
    shell: Shell,
    source: SourceView,
}

impl DeletePage {
    fn url(&self) -> String {
        url(&self.source.name)
    }
}

pub(crate) async fn delete_page(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    let source = source::get(&web.app, &visit.actor, &name).await?;
    page(&DeletePage { shell: visit.shell, source })
}

pub(crate) async fn delete(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    source::delete(&web.app, &visit.actor, &name).await?;
    Ok(see("/logs"))
}
