//! Lists a case's notes, newest first.

use model::Actor;
use store::note;

use super::NoteView;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// A case's notes that the actor may read, newest first, at most `limit`.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn list(app: &App, actor: &Actor, number: &str, limit: u32) -> Result<Vec<NoteView>> {
    let (number, reader) = (number.to_owned(), actor.name.clone());
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let notes = note::list(tx, case.id, &reader, i64::MAX, limit.clamp(1, 500))?;
        Ok(notes.into_iter().map(|note| NoteView::of(note, case.number)).collect())
    })
    .await
}

/// How many notes of a case the actor may read.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn count(app: &App, actor: &Actor, number: &str) -> Result<i64> {
    let (number, reader) = (number.to_owned(), actor.name.clone());
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        Ok(note::count(tx, case.id, &reader)?)
    })
    .await
}
