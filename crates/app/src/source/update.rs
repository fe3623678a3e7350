//! Changes how an outside source is asked.

use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, source};

use super::create::check;
use super::{Settings, SourceView, find, settings};
use crate::App;
use crate::account::Secret;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// What is changed of a source; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourcePatch {
    /// How it is asked, as a whole.
    pub settings: Option<Settings>,
    /// The password, token or key; empty to forget it.
    #[schema(value_type = Option<String>)]
    pub secret: Option<Secret>,
    /// Whether searches ask it.
    pub enabled: Option<bool>,
}

/// Changes a source. With an address on another host, the secret must be given anew: it was meant for the host before.
///
/// # Errors
/// When there is none, the settings can't be used, the secret is missing, or the actor is no administrator.
pub async fn update(app: &App, actor: &Actor, name: &str, patch: SourcePatch) -> Result<SourceView> {
    require(actor, Role::Admin)?;
    let before = super::get(app, actor, name).await?;
    if let Some(settings) = &patch.settings {
        check(before.kind, settings, patch.secret.as_ref().map_or("", Secret::reveal)).await?;
    }
    let name = name.to_owned();
    app.change(actor, move |tx, stamp| {
        let source = find(tx, &name)?;
        let old = settings(&source);
        let stays = |new: &Settings| old.as_ref().is_ok_and(|old| new.goes_where(old));
        let new = match &patch.settings {
            Some(settings) => settings.clone(),
            None => settings(&source)?,
        };
        if patch.secret.is_none() && source.has_secret && !stays(&new) {
            return Err(AppError::invalid(
                "/secret",
                "must be given again when the address, the proxy or the tenant changes: it was given for the ones before",
            ));
        }
        let external = new.effective(source.kind).external;
        let enabled = patch.enabled.unwrap_or(source.enabled);
        source::update(tx, source.id, &json!(new).to_string(), enabled, external, stamp)?;
        if let Some(secret) = &patch.secret {
            source::set_secret(tx, source.id, secret.reveal())?;
        }
        let details = json!({ "kind": source.kind, "url": new.url, "enabled": enabled, "secret_changed": patch.secret.is_some() });
        journal::append(tx, stamp, &Deed { verb: "source.update", object: &name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(SourceView::of(find(tx, &name)?, true))
    })
    .await
}
