//! Applies a staged import.

use model::case::case_number;
use model::{Actor, Role};
use serde::{Deserialize, Serialize};

use super::get::{load, state};
use super::{ImportState, ImportView, Mapping, apply_text, carrier, get};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// An observable that was accepted in a review.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Its type; common aliases are understood.
    pub r#type: String,
    /// Its value; defanged is fine.
    pub value: String,
}

/// What was decided on a staged import.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApplyImport {
    /// Of records: another mapping than the staged one.
    pub mapping: Option<Mapping>,
    /// Of records: another name of their source.
    pub source: Option<String>,
    /// Of text: the observables that are taken; those that are ticked when not given.
    pub accepted: Option<Vec<Accepted>>,
    /// The case that it goes into, when it was staged for none. The library alone when not given at all.
    pub case: Option<String>,
}

/// Applies an import: once. Applied again, it changes nothing and answers what came of it. Large ones go on as a job, which
/// the answer names.
///
/// # Errors
/// When there is none that the actor may know of, the case is not open, a column is unknown, or the actor is a reader.
pub async fn apply(app: &App, actor: &Actor, id: &str, input: ApplyImport) -> Result<ImportView> {
    require(actor, Role::Analyst)?;
    let import = load(app, actor, id).await?;
    if let (Some(staged), Some(given)) = (import.case_number.map(case_number), &input.case)
        && !staged.eq_ignore_ascii_case(given.trim())
    {
        return Err(AppError::invalid("/case", format!("it was staged for {staged}")));
    }
    if state(&import)? == ImportState::Staged {
        if import.kind == "text" {
            apply_text::apply(app, actor, &import, input).await?;
        } else {
            carrier::apply(app, actor, import, input).await?;
        }
    }
    get(app, actor, id).await
}
