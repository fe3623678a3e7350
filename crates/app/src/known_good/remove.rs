//! Takes entries off the known-good list.

use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::{self, Topic};
use store::journal::{Deed, ShownIn};
use store::{journal, known_good};

use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// An entry to remove.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RemoveKnownGood {
    /// As it is on the list.
    pub value: String,
}

/// Takes an entry off the list.
///
/// # Errors
/// When it is not on it, or the actor is not a lead.
pub async fn remove(app: &App, actor: &Actor, input: RemoveKnownGood) -> Result<()> {
    require(actor, Role::Lead)?;
    app.change(actor, move |tx, stamp| {
        if !known_good::remove(tx, &input.value)? {
            return Err(AppError::NotFound("entry"));
        }
        journal::append(tx, stamp, &Deed { verb: "known_good.remove", object: &input.value, details: json!({}) }, ShownIn::Journal)?;
        known_good::lists_changed(tx, stamp)?;
        change::announce(tx, stamp, Topic::Records, 0)?;
        Ok(())
    })
    .await
}
