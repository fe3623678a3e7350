//! Writes a work note or a comment.

use model::case::case_number;
use model::note::{Audience, MAX_NOTE, NoteKind};
use model::{Actor, Fields, Role, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::case::Case;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, case, change, journal, note};

use super::NoteView;
use crate::App;
use crate::authorise::{find_case, require, require_open};
use crate::error::{AppError, Result};
use crate::sighting::about;

/// A new note.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteInput {
    /// Work note or comment.
    pub kind: NoteKind,
    /// Markdown.
    pub text: String,
    /// Who may read it; the team unless told. Comments are always for the team.
    #[serde(default)]
    pub audience: Option<Audience>,
}

/// Adds a note to a case. Closed cases take comments, not work notes.
///
/// # Errors
/// When it is empty or too long, the case does not take it, or the actor is a reader.
pub async fn add(app: &App, actor: &Actor, number: &str, input: NoteInput) -> Result<NoteView> {
    require(actor, Role::Analyst)?;
    let (number, new) = (number.to_owned(), NewNote::read(input)?);
    app.change(actor, move |tx, stamp| {
        let case = find_case(tx, &number)?;
        add_in(tx, stamp, &case, &new, "")
    })
    .await
}

/// A note that is fit to be written.
pub(crate) struct NewNote {
    kind: NoteKind,
    audience: Audience,
    text: String,
}

impl NewNote {
    /// Refuses what is empty or too long.
    pub(crate) fn read(input: NoteInput) -> Result<Self> {
        let text = note_text(&input.text)?;
        let audience = if input.kind == NoteKind::Comment { Audience::Team } else { input.audience.unwrap_or(Audience::Team) };
        Ok(Self { kind: input.kind, audience, text })
    }
}

/// [`add`] within a transaction. `search` is the number of the sightings search that it is about, or empty.
pub(crate) fn add_in(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, new: &NewNote, search: &str) -> Result<NoteView> {
    if new.kind != NoteKind::Comment {
        require_open(case)?;
    }
    let (_, public_id) = note::insert(tx, case.id, new.kind, new.audience, &new.text, stamp)?;
    // A note for few is in the journal by its length alone: activities are read by all.
    let mut details = if new.audience == Audience::Team {
        json!({ "note": public_id, "text": model::text::shorten(&new.text, 500) })
    } else {
        json!({ "note": public_id, "audience": new.audience })
    };
    about(&mut details, search);
    let verb = if new.kind == NoteKind::Comment { "comment.add" } else { "work_note.add" };
    journal::append(tx, stamp, &Deed { verb, object: &case_number(case.number), details }, ShownIn::Case(case.id))?;
    case::touch(tx, case.id, stamp)?;
    change::announce(tx, stamp, Topic::Notes, case.id)?;
    let note = note::find(tx, &public_id, &stamp.actor)?.ok_or(AppError::NotFound("note"))?;
    Ok(NoteView::of(note, case.number))
}

/// The text of a note, checked.
pub(crate) fn note_text(text: &str) -> Result<String> {
    let mut fields = Fields::new();
    let text = fields.text("/text", text.trim(), MAX_NOTE);
    if text.is_empty() {
        fields.refuse("/text", "write something");
    }
    fields.finish()?;
    Ok(text)
}
