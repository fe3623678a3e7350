//! Sets an outside source up.

use std::sync::Arc;

use connect::siem::Connection;
use model::sighting::SourceKind;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::source::NewSource;
use store::{change, journal, source};

use super::{MAX_NAME, MAX_SECRET, Settings, SourceView, find, in_settings, require_free};
use crate::App;
use crate::account::Secret;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// An outside source to set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceInput {
    /// Its name, by which a search asks for it.
    pub name: String,
    /// The product.
    pub kind: SourceKind,
    /// How it is asked.
    #[serde(default)]
    pub settings: Settings,
    /// The password, token or key; kept apart and never shown again.
    #[serde(default)]
    #[schema(value_type = String)]
    pub secret: Secret,
    /// Whether searches ask it; they do unless told.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// Sets a source up. Nothing is sent to it: test it afterwards.
///
/// # Errors
/// When the name is taken, the settings can't be used, or the actor is no administrator.
pub async fn create(app: &App, actor: &Actor, input: SourceInput) -> Result<SourceView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let name = fields.line("/name", &input.name, MAX_NAME);
    fields.finish()?;
    check(input.kind, &input.settings, input.secret.reveal()).await?;
    let settings = json!(input.settings).to_string();
    app.change(actor, move |tx, stamp| {
        require_free(tx, &name)?;
        let external = input.settings.effective(input.kind).external;
        let row = NewSource { name: &name, kind: input.kind, settings: &settings, enabled: input.enabled, external };
        let id = source::insert(tx, &row, stamp)?;
        source::set_secret(tx, id, input.secret.reveal())?;
        let details = json!({ "kind": input.kind, "url": input.settings.url, "enabled": input.enabled });
        journal::append(tx, stamp, &Deed { verb: "source.create", object: &name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(SourceView::of(find(tx, &name)?, true))
    })
    .await
}

/// Whether a source could be asked with these settings.
pub(super) async fn check(kind: SourceKind, settings: &Settings, secret: &str) -> Result<()> {
    if secret.chars().count() > MAX_SECRET {
        return Err(AppError::invalid("/secret", format!("must be at most {MAX_SECRET} characters")));
    }
    let (settings, secret) = (settings.clone(), secret.to_owned());
    let refused = on_a_thread(move || Connection::new(kind, &settings, &secret, Arc::default()).err()).await?;
    refused.map_or(Ok(()), |refused| Err(AppError::Invalid(in_settings(refused))))
}
