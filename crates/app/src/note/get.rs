//! Shows one note.

use model::Actor;
use store::{case, note};

use super::NoteView;
use crate::App;
use crate::error::{AppError, Result};

/// A note by its id.
///
/// # Errors
/// When there is none that the actor may read.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<NoteView> {
    let (id, reader) = (id.to_owned(), actor.name.clone());
    app.read(actor, move |tx| {
        let note = note::find(tx, &id, &reader)?.ok_or(AppError::NotFound("note"))?;
        let number = case::find_by_id(tx, note.case)?.ok_or(AppError::NotFound("note"))?.number;
        Ok(NoteView::of(note, number))
    })
    .await
}
