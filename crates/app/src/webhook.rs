//! Webhooks: other systems are told of what happens here.
//!
//! A message is a row that is written with the change it tells of, and a job sends what is due. Messages hold names as in the
//! API, ids and counts: no text that somebody wrote, and nothing of a restricted case unless an administrator allowed it.

mod create;
mod delete;
mod deliveries;
mod get;
mod list;
mod raise;
mod resend;
mod rotate;
mod send;
mod test;
mod update;
mod view;

pub use connect::webhook::{LONGEST_TIMEOUT, USUAL_TIMEOUT};
pub use create::{NewWebhookView, WebhookInput, create};
pub use delete::delete;
pub use deliveries::deliveries;
pub use get::get;
pub use list::list;
pub(crate) use raise::{case_data, raise};
pub use resend::resend;
pub use rotate::{RotateInput, WebhookSecretView, rotate};
pub(crate) use send::{JOB, queue_due};
pub use test::test;
pub use update::{WebhookPatch, update};
pub use view::{DeliveryView, WebhookView};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use connect::webhook::{Receiver, Sender};
use model::webhook::EventType;
use model::{Fields, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Tx, webhook};

use crate::App;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The most webhooks.
const MOST: usize = 100;
/// How long messages that are over are kept, in seconds: thirty days.
const KEEP: i64 = 30 * 86_400;

/// Where a webhook is, and what it is told of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// The address that messages are sent to, with `https://` or `http://`.
    pub url: String,
    /// What it is told of; everything when none is named.
    pub events: Vec<EventType>,
    /// Certificates (PEM) of own authorities, trusted beside those of the system.
    pub ca: String,
    /// A proxy through which messages are sent: `http://proxy:3128`.
    pub proxy: String,
    /// How long it may take to answer: 15 seconds unless told, at most 60.
    pub timeout_seconds: u32,
}

impl WebhookSettings {
    /// The settings of a stored webhook.
    ///
    /// # Errors
    /// When they can't be read: they must be given anew.
    fn of(hook: &webhook::Webhook) -> Result<Self> {
        serde_json::from_str(&hook.settings)
            .map_err(|error| AppError::State(format!("the settings of {} can't be read: {error}. Give them anew, all of them", hook.name)))
    }

    /// Whether it is told of events of this type.
    fn wants(&self, event: EventType) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }

    fn receiver(&self) -> Receiver {
        let Self { url, ca, proxy, timeout_seconds, .. } = self.clone();
        Receiver { url, ca, proxy, timeout_seconds }
    }

    /// A way to the receiver.
    fn sender(&self, stopping: Arc<AtomicBool>) -> Result<Sender> {
        Sender::new(&self.receiver(), stopping).map_err(AppError::Invalid)
    }

    /// Each event once, in the order of their list; refuses what can't be used.
    async fn checked(mut self) -> Result<Self> {
        let mut fields = Fields::new();
        for (at, event) in self.events.iter().enumerate().filter(|(_, event)| !event.can_be_asked_for()) {
            fields.refuse(format!("/settings/events/{at}"), format!("{event} is sent to whichever webhook is tested, and to no other"));
        }
        fields.finish()?;
        self.url = self.url.trim().to_owned();
        self.events.sort_unstable();
        self.events.dedup();
        let receiver = self.receiver();
        match on_a_thread(move || Sender::new(&receiver, Arc::default()).err()).await? {
            None => Ok(self),
            Some(mut refused) => {
                refused.iter_mut().for_each(|field| field.pointer.insert_str(0, "/settings"));
                Err(AppError::Invalid(refused))
            }
        }
    }
}

/// The webhook of an id.
fn find(tx: &mut Tx<'_>, id: &str) -> Result<webhook::Webhook> {
    webhook::find(tx, id)?.ok_or(AppError::NotFound("webhook"))
}

/// Refuses a name that another webhook has.
fn require_free(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    match webhook::find_by_name(tx, name)? {
        Some(_) => Err(AppError::invalid("/name", "is the name of another webhook")),
        None => Ok(()),
    }
}

/// Forgets messages that are over since long.
pub(crate) fn tidy(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    webhook::forget(tx, now.plus_seconds(-KEEP))?;
    Ok(())
}

/// A secret that nobody can guess.
fn new_secret(app: &App) -> crate::account::Secret {
    connect::webhook::new_secret(app.world.seed()).into()
}
