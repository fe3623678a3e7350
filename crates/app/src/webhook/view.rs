//! Webhooks and their messages as both doors show them.

use connect::webhook::host;
use model::Timestamp;
use model::webhook::{DeliveryState, EventType};
use serde::{Deserialize, Serialize};
use store::{Tx, webhook};

use super::WebhookSettings;
use crate::error::Result;

/// A webhook. Its secret is shown to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The host that messages are sent to.
    pub host: String,
    /// Where it is, and what it is told of.
    pub settings: WebhookSettings,
    /// Whether it is told of restricted cases too.
    pub restricted: bool,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Why Vizsla itself paused it, or can't read its settings; empty otherwise.
    pub paused: String,
    /// Since when no message arrived; nothing when the last one did.
    pub failing_since: Option<Timestamp>,
    /// Until when the secret before the newest signs too.
    pub old_secret_until: Option<Timestamp>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl WebhookView {
    pub(super) fn load(tx: &mut Tx<'_>, hook: webhook::Webhook, now: Timestamp) -> Result<Self> {
        let old = webhook::old_secret_until(tx, hook.id, now)?;
        let (settings, unread) = match WebhookSettings::of(&hook) {
            Ok(settings) => (settings, String::new()),
            Err(error) => (WebhookSettings::default(), error.to_string()),
        };
        Ok(Self {
            id: hook.public_id,
            name: hook.name,
            host: host(&settings.url),
            settings,
            restricted: hook.restricted,
            enabled: hook.enabled,
            paused: if unread.is_empty() { hook.paused } else { unread },
            failing_since: hook.failing_since.set(),
            old_secret_until: old.set(),
            created_by: hook.created_by,
            created_at: hook.created_at,
            updated_at: hook.updated_at,
        })
    }
}

/// A message to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// Its `webhook-id`, the same at every try.
    pub id: String,
    /// What it tells of.
    #[serde(rename = "type")]
    pub of_type: EventType,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried since it was last asked to be sent.
    pub attempts: i64,
    /// When it is tried next, if it waits.
    pub next_at: Option<Timestamp>,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// The status that came back at the last try; nothing when none did.
    pub status: Option<u16>,
    /// Why the last try failed; empty when it did not.
    pub error: String,
    /// When it was written.
    pub created_at: Timestamp,
}

impl From<webhook::Delivery> for DeliveryView {
    fn from(delivery: webhook::Delivery) -> Self {
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.public_id,
            of_type: delivery.of_type,
            state: delivery.state,
            attempts: delivery.attempts,
            next_at: delivery.next_at.set().filter(|_| waits),
            tried_at: delivery.tried_at.set(),
            status: u16::try_from(delivery.status).ok().filter(|status| *status > 0),
            error: delivery.error,
            created_at: delivery.created_at,
        }
    }
}
