//! Throws artifacts out of a case without losing them.

use model::artifact::ExclusionReason;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};

use super::select::with_selection;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;
use crate::operation::OperationView;
use crate::operation::bulk::{self, Bulk};

/// The longest comment, in characters.
const MAX_COMMENT: usize = 2_000;

with_selection! {
    /// A selection, and why.
    #[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct ExcludeArtifacts {
        /// Why.
        pub reason: ExclusionReason,
        /// In the analyst's words.
        #[serde(default)]
        pub comment: String,
    }
}

/// Excludes artifacts: hidden from every view, count and search, and brought back by [`include`](super::include()) or undo.
///
/// # Errors
/// When nothing is selected, the case is not open, or the actor is a reader.
pub async fn exclude(app: &App, actor: &Actor, number: &str, mut input: ExcludeArtifacts) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    let mut fields = Fields::new();
    let comment = fields.text("/comment", input.comment.trim(), MAX_COMMENT);
    if input.reason == ExclusionReason::Other && comment.is_empty() {
        fields.refuse("/comment", "say why, when the reason is another");
    }
    fields.finish()?;
    let reason = input.reason;
    let selection = input.take_selection();
    selection.check()?;
    let selected = selection.resolve(app, actor, number).await?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let bulk = Bulk::Exclude { reason, comment: comment.clone() };
        bulk::start(tx, stamp, &case, bulk, selected.records.clone(), selected.skipped.clone())
    })
    .await
}
