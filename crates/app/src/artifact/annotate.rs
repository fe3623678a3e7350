//! Writes the same annotation on one or many artifacts.

use model::{Actor, Fields, Role, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::case::Case;

use super::select::{Selected, with_selection};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;
use crate::operation::OperationView;
use crate::operation::bulk::{self, Bulk};

/// The longest annotation, in characters.
pub(crate) const MAX_ANNOTATION: usize = 20_000;

with_selection! {
    /// A selection, and what to say of it.
    #[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct AnnotateArtifacts {
        /// Markdown.
        pub text: String,
    }
}

/// Annotates artifacts; the annotation is shown wherever the record is, to those who may read this case.
///
/// # Errors
/// When nothing is selected or said, the case is not open, or the actor is a reader.
pub async fn annotate(app: &App, actor: &Actor, number: &str, mut input: AnnotateArtifacts) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    let text = annotation_text(&input.text)?;
    let selection = input.take_selection();
    selection.check()?;
    let selected = selection.resolve(app, actor, number).await?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        annotate_in(tx, stamp, &case, &text, selected.clone())
    })
    .await
}

/// [`annotate`] within a transaction: the case is open, the text checked, what is selected is in the case.
pub(crate) fn annotate_in(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, text: &str, selected: Selected) -> Result<OperationView> {
    bulk::start(tx, stamp, case, Bulk::Annotate { text: text.to_owned() }, selected.records, selected.skipped)
}

/// The text of an annotation, checked.
pub(crate) fn annotation_text(text: &str) -> Result<String> {
    let mut fields = Fields::new();
    let text = fields.text("/text", text.trim(), MAX_ANNOTATION);
    if text.is_empty() {
        fields.refuse("/text", "write something");
    }
    fields.finish()?;
    Ok(text)
}
