//! Webhooks: set up, shown with what they were sent, tested, paused, given another secret, deleted.

use app::PageQuery;
use app::webhook::{self, DeliveryView, RotateInput, WebhookInput, WebhookPatch, WebhookSettings, WebhookView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::Page;
use model::webhook::{DeliveryState, EventType};
use serde::Deserialize;

use super::Done;
use crate::Web;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::ui::{Errors, Form, Older, Screen, Shell, Visit, page, page_with, see};

#[derive(Template)]
#[template(path = "settings/webhooks.html")]
struct ListPage {
    shell: Shell,
    webhooks: Vec<WebhookView>,
}

/// How a webhook stands: the word, and its colour.
pub(crate) fn standing(hook: &WebhookView) -> (&'static str, &'static str) {
    match (hook.enabled, hook.paused.is_empty(), hook.failing_since.is_some()) {
        (false, false, _) => ("Paused by Vizsla", "bad"),
        (false, true, _) => ("Paused", ""),
        (true, _, true) => ("Failing", "bad"),
        (true, _, false) => ("On", "good"),
    }
}

/// The colour of a message's state.
fn colour(delivery: &DeliveryView) -> &'static str {
    match delivery.state {
        DeliveryState::Delivered => "good",
        DeliveryState::Failed => "bad",
        DeliveryState::Pending if delivery.attempts > 0 => "warn",
        DeliveryState::Pending => "",
    }
}

pub(crate) async fn list(State(web): State<Web>, mut visit: Visit, Query(done): Query<Done>) -> Screen {
    let webhooks = webhook::list(&web.app, &visit.actor).await?;
    done.tell(&mut visit.shell);
    page(&ListPage { shell: visit.shell, webhooks })
}

/// A webhook as a form holds it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WebhookForm {
    name: String,
    url: String,
    events: Vec<EventType>,
    restricted: Option<String>,
    ca: String,
    proxy: String,
    timeout_seconds: String,
}

impl WebhookForm {
    fn of(hook: &WebhookView) -> Self {
        let WebhookSettings { url, events, ca, proxy, timeout_seconds } = hook.settings.clone();
        Self {
            name: hook.name.clone(),
            url,
            events: if events.is_empty() { events_to_ask_for().collect() } else { events },
            restricted: hook.restricted.then(|| "1".to_owned()),
            ca,
            proxy,
            timeout_seconds: if timeout_seconds == 0 { String::new() } else { timeout_seconds.to_string() },
        }
    }

    fn settings(&self) -> Result<WebhookSettings, Errors> {
        let mut fields = model::Fields::new();
        if self.events.is_empty() {
            fields.refuse("/events", "choose one at least");
        }
        let seconds = self.timeout_seconds.trim();
        let seconds = if seconds.is_empty() { Ok(0) } else { seconds.parse::<u32>().map_err(|_| "must be a whole number") };
        let timeout_seconds = fields.keep("/timeout_seconds", seconds).unwrap_or_default();
        fields.finish().map_err(Errors)?;
        // All of them means those that come with later versions too.
        let all = events_to_ask_for().all(|event| self.events.contains(&event));
        Ok(WebhookSettings {
            url: self.url.trim().to_owned(),
            events: if all { Vec::new() } else { self.events.clone() },
            ca: self.ca.trim().to_owned(),
            proxy: self.proxy.trim().to_owned(),
            timeout_seconds,
        })
    }

    fn asks_for(&self, event: &EventType) -> bool {
        self.events.contains(event)
    }
}

/// What a webhook can be told of.
pub(crate) fn events_to_ask_for() -> impl Iterator<Item = EventType> {
    EventType::ALL.iter().copied().filter(|event| event.can_be_asked_for())
}

/// Settings are refused under `settings`; the form's fields have their own names.
fn errors(error: app::AppError) -> Result<Errors, Failure> {
    let mut errors = Errors::of(error)?;
    for field in &mut errors.0 {
        if let Some(rest) = field.pointer.strip_prefix("/settings") {
            field.pointer = rest.to_owned();
        }
    }
    Ok(errors)
}

#[derive(Template)]
#[template(path = "settings/webhook_new.html")]
struct NewPage {
    shell: Shell,
    form: WebhookForm,
    errors: Errors,
}

pub(crate) async fn new_page(visit: Visit) -> Screen {
    let form = WebhookForm { events: events_to_ask_for().collect(), ..WebhookForm::default() };
    page(&NewPage { shell: visit.shell, form, errors: Errors::default() })
}

/// Sets a webhook up. The answer is its page and no redirect: the secret is told once, and kept nowhere for another request.
pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<WebhookForm>) -> Screen {
    let refused = match form.settings() {
        Err(refused) => refused,
        Ok(settings) => {
            let input = WebhookInput { name: form.name.clone(), settings, restricted: form.restricted.is_some(), enabled: None };
            match webhook::create(&web.app, &visit.actor, input).await {
                Ok(made) => return shown(&web, visit, &made.view.id, made.secret.reveal().to_owned(), None).await,
                Err(error) => errors(error)?,
            }
        }
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, form, errors: refused })
}

#[derive(Template)]
#[template(path = "settings/webhook.html")]
struct ShowPage {
    shell: Shell,
    hook: WebhookView,
    deliveries: Page<DeliveryView>,
    form: WebhookForm,
    /// Shown on this page and never again.
    secret: String,
    errors: Errors,
}

impl ShowPage {
    fn url(&self) -> String {
        format!("/settings/webhooks/{}", self.hook.id)
    }
}

/// How many messages a page shows.
const SHOWN: u32 = 100;

/// What was just done, and which messages are shown.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ShowQuery {
    #[serde(flatten)]
    done: Done,
    #[serde(flatten)]
    older: Older,
}

pub(crate) async fn show(State(web): State<Web>, mut visit: Visit, Path(id): Path<String>, Query(query): Query<ShowQuery>) -> Screen {
    query.done.tell(&mut visit.shell);
    let hook = webhook::get(&web.app, &visit.actor, &id).await?;
    let deliveries = webhook::deliveries(&web.app, &visit.actor, &id, query.older.page(SHOWN)).await?;
    let form = WebhookForm::of(&hook);
    page(&ShowPage { shell: visit.shell, hook, deliveries, form, secret: String::new(), errors: Errors::default() })
}

async fn shown(web: &Web, visit: Visit, id: &str, secret: String, refused: Option<(WebhookForm, Errors)>) -> Screen {
    let hook = webhook::get(&web.app, &visit.actor, id).await?;
    let deliveries = webhook::deliveries(&web.app, &visit.actor, id, PageQuery::newest(SHOWN)).await?;
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (form, errors) = refused.unwrap_or_else(|| (WebhookForm::of(&hook), Errors::default()));
    page_with(status, &ShowPage { shell: visit.shell, hook, deliveries, form, secret, errors })
}

pub(crate) async fn save(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<WebhookForm>) -> Screen {
    let refused = match form.settings() {
        Err(refused) => refused,
        Ok(settings) => {
            let patch = WebhookPatch {
                name: Some(form.name.clone()),
                settings: Some(settings),
                restricted: Some(form.restricted.is_some()),
                enabled: None,
            };
            match webhook::update(&web.app, &visit.actor, &id, patch).await {
                Ok(hook) => return Ok(see(&format!("/settings/webhooks/{}?done=webhook", hook.id))),
                Err(error) => errors(error)?,
            }
        }
    };
    shown(&web, visit, &id, String::new(), Some((form, refused))).await
}

/// Whether a webhook goes on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PauseForm {
    /// Anything but nothing: yes.
    #[serde(default)]
    on: String,
}

pub(crate) async fn pause(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<PauseForm>) -> Screen {
    let patch = WebhookPatch { enabled: Some(!form.on.is_empty()), ..WebhookPatch::default() };
    let hook = webhook::update(&web.app, &visit.actor, &id, patch).await?;
    let done = if hook.enabled { "webhook-resumed" } else { "webhook-paused" };
    Ok(see(&format!("/settings/webhooks/{}?done={done}", hook.id)))
}

/// How a secret is changed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RotateForm {
    #[serde(default)]
    leaked: Option<String>,
}

pub(crate) async fn rotate(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<RotateForm>) -> Screen {
    let made = webhook::rotate(&web.app, &visit.actor, &id, RotateInput { keep_hours: form.leaked.is_some().then_some(0) }).await?;
    shown(&web, visit, &id, made.secret.reveal().to_owned(), None).await
}

pub(crate) async fn test(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    webhook::test(&web.app, &visit.actor, &id).await?;
    Ok(see(&format!("/settings/webhooks/{id}?done=webhook-tested")))
}

pub(crate) async fn resend(State(web): State<Web>, visit: Visit, Path((id, message)): Path<(String, String)>) -> Screen {
    webhook::resend(&web.app, &visit.actor, &id, &message).await?;
    Ok(see(&format!("/settings/webhooks/{id}?done=webhook-resent")))
}

#[derive(Template)]
#[template(path = "settings/webhook_delete.html")]
struct DeletePage {
    shell: Shell,
    hook: WebhookView,
}

pub(crate) async fn delete_page(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let hook = webhook::get(&web.app, &visit.actor, &id).await?;
    page(&DeletePage { shell: visit.shell, hook })
}

pub(crate) async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    webhook::delete(&web.app, &visit.actor, &id).await?;
    Ok(see("/settings/webhooks?done=webhook-deleted"))
}
