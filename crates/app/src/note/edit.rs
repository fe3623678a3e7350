//! Corrects a note. The earlier text is kept; another's correction is never overwritten.

use model::case::case_number;
use model::note::NoteKind;
use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{case, change, journal, note};

use super::NoteView;
use super::add::note_text;
use crate::App;
use crate::authorise::{require, require_open};
use crate::error::{AppError, Conflict, Result};

/// A corrected text.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotePatch {
    /// Markdown.
    pub text: String,
}

/// Corrects a note of one's own; `if_match` is the version that was seen.
///
/// # Errors
/// When it is another's, it is a work note of a case that is not open, was corrected meanwhile, or is empty or too long.
pub async fn edit(app: &App, actor: &Actor, id: &str, if_match: Option<i64>, patch: NotePatch) -> Result<NoteView> {
    require(actor, Role::Analyst)?;
    let text = note_text(&patch.text)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let note = note::find(tx, &id, &who.name)?.ok_or(AppError::NotFound("note"))?;
        let case = case::find_by_id(tx, note.case)?.ok_or(AppError::NotFound("note"))?;
        if note.author != who.name && who.role < Role::Admin {
            return Err(AppError::Forbidden("only its author may correct a note".to_owned()));
        }
        // Comments are what a closed case takes, and their authors may put right what they wrote there.
        if note.kind != NoteKind::Comment {
            require_open(&case)?;
        }
        if note.text == text {
            return Ok(NoteView::of(note, case.number));
        }
        if if_match.is_some_and(|seen| seen != note.version) {
            let conflicts = vec![Conflict { field: "text".to_owned(), theirs: json!(note.text), yours: json!(text) }];
            let current = serde_json::to_value(NoteView::of(note, case.number)).map_err(|e| AppError::Internal(e.to_string()))?;
            return Err(AppError::Conflict { conflicts, current });
        }
        note::correct(tx, note.id, &text, stamp)?;
        let details = json!({ "note": note.public_id, "version": note.version + 1 });
        journal::append(tx, stamp, &Deed { verb: "note.correct", object: &case_number(case.number), details }, ShownIn::Case(case.id))?;
        change::announce(tx, stamp, Topic::Notes, case.id)?;
        let note = note::find(tx, &id, &who.name)?.ok_or(AppError::NotFound("note"))?;
        Ok(NoteView::of(note, case.number))
    })
    .await
}
