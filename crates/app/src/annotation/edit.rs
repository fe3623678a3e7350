//! Corrects an annotation; the journal keeps what it was.

use model::case::case_number;
use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{annotation, change, journal};

use super::find_own;
use crate::App;
use crate::artifact::annotation_text;
use crate::authorise::require;
use crate::error::{AppError, Conflict, Result};
use crate::record::AnnotationView;

/// A corrected text.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnotationPatch {
    /// Markdown.
    pub text: String,
}

/// Corrects an annotation of one's own; `if_match` is the version that was seen.
///
/// # Errors
/// When it is another's, its case is not open, it was corrected meanwhile, or is empty or too long.
pub async fn edit(app: &App, actor: &Actor, id: &str, if_match: Option<i64>, patch: AnnotationPatch) -> Result<AnnotationView> {
    require(actor, Role::Analyst)?;
    let text = annotation_text(&patch.text)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let before = find_own(tx, &who, &id)?;
        if before.text == text {
            return Ok(before.into());
        }
        if if_match.is_some_and(|seen| seen != before.version) {
            let conflicts = vec![Conflict { field: "text".to_owned(), theirs: json!(before.text), yours: json!(text) }];
            let current = serde_json::to_value(AnnotationView::from(before)).map_err(|e| AppError::Internal(e.to_string()))?;
            return Err(AppError::Conflict { conflicts, current });
        }
        annotation::correct(tx, before.id, &text, stamp)?;
        let details =
            json!({ "annotation": before.public_id, "record": before.record_public_id, "changes": { "text": [before.text, text] } });
        let deed = Deed { verb: "annotation.correct", object: &case_number(before.case_number), details };
        journal::append(tx, stamp, &deed, ShownIn::Case(before.case))?;
        change::announce(tx, stamp, Topic::Artifacts, before.case)?;
        Ok(annotation::find(tx, &id)?.ok_or(AppError::NotFound("annotation"))?.into())
    })
    .await
}
