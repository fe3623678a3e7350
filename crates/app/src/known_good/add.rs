//! Puts entries on the known-good list.

use formats::known_good::KnownGood;
use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::journal::{Deed, ShownIn};
use store::known_good::Entry;
use store::{change, change::Topic, journal, known_good};

use super::{KnownGoodView, compile};
use crate::App;
use crate::authorise::require;
use crate::case::optional_line;
use crate::error::{AppError, Result};

/// An entry to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewKnownGood {
    /// A value, `*.domain` (the domain and all below it), or a network in CIDR notation.
    pub value: String,
    /// Why it is good.
    pub comment: String,
}

/// Puts an entry on the list; one that is there gets the new comment.
///
/// # Errors
/// When it is no entry, or the actor is not a lead.
pub async fn add(app: &App, actor: &Actor, input: NewKnownGood) -> Result<KnownGoodView> {
    require(actor, Role::Lead)?;
    let (value, comment) = validate(&input)?;
    app.change(actor, move |tx, stamp| {
        known_good::put(tx, &value, &comment, stamp)?;
        let details = json!({ "comment": comment });
        journal::append(tx, stamp, &Deed { verb: "known_good.add", object: &value, details }, ShownIn::Journal)?;
        known_good::lists_changed(tx, stamp)?;
        change::announce(tx, stamp, Topic::Records, 0)?;
        let entries = known_good::list(tx)?;
        let entry = entries.into_iter().find(|entry| entry.value == value).ok_or(AppError::NotFound("entry"))?;
        Ok(KnownGoodView { value: entry.value, comment: entry.comment, created_by: entry.created_by, created_at: entry.created_at })
    })
    .await
}

fn validate(input: &NewKnownGood) -> Result<(String, String)> {
    let mut fields = Fields::new();
    let value = fields.line("/value", &input.value, 1_000);
    let comment = optional_line(&mut fields, "/comment", &input.comment, 1_000);
    if value.starts_with('#') || value.contains(" #") || value.contains("\t#") {
        fields.refuse("/value", "must not hold a comment: there is a field for it");
    }
    fields.finish()?;
    let entry = Entry { value: value.clone(), comment: comment.clone(), created_by: String::new(), created_at: Timestamp::NEVER };
    let compiled: KnownGood = compile(&[entry])?;
    match compiled.refused().first() {
        Some(refused) => Err(AppError::invalid("/value", refused.detail.clone())),
        None if compiled.is_empty() => Err(AppError::invalid("/value", "must not be empty")),
        None => Ok((value, comment)),
    }
}
