//! Stages a text: it is kept as a document, and shown with what was found in it.

use model::case::case_number;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::import::NewImport;
use store::journal::{Deed, ShownIn};
use store::{blob, document, import, journal};

use super::get::Report;
use super::{ImportView, Options, file_name, get, keep};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;
use crate::extract::check_text;

/// A text to be looked through.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageText {
    /// What it is called.
    pub name: String,
    /// The text.
    pub text: String,
    /// The case that it is for; may be chosen when it is applied.
    pub case: Option<String>,
}

/// Stages a text and finds the observables in it.
///
/// # Errors
/// When it is empty or too large, the case is not open, or the actor is a reader.
pub async fn stage_text(app: &App, actor: &Actor, input: StageText) -> Result<ImportView> {
    require(actor, Role::Analyst)?;
    check_text(&input.text)?;
    let mut fields = Fields::new();
    let name = file_name(&mut fields, &input.name, "Pasted text");
    fields.finish()?;
    let kept = keep(app, input.text.into_bytes()).await?;
    let number = input.case;
    let blobs = app.store.blobs().clone();
    let id: String = app
        .change(actor, move |tx, stamp| {
            let case = number.as_ref().map(|number| open_case(tx, number)).transpose()?;
            let in_case = case.as_ref().map_or(0, |case| case.id);
            blob::keep(tx, &blobs, &kept, stamp.at)?;
            let document = document::insert(tx, in_case, &name, &kept.sha256, stamp)?;
            let options = Options { document, ..Options::default() };
            let new = NewImport { kind: "text", case: in_case, name: &name, blob: &kept.sha256 };
            let id = import::insert(tx, &new, &options, &Report::default(), stamp)?;
            let case = case.as_ref().map(|case| case_number(case.number));
            let details = json!({ "kind": "text", "name": name, "bytes": kept.bytes, "case": case });
            journal::append(tx, stamp, &Deed { verb: "import.stage", object: &id, details }, ShownIn::Journal)?;
            Ok(id)
        })
        .await?;
    get(app, actor, &id).await
}
