//! Lists a case's notes, newest first.

use model::Actor;
use model::list::Page;
use store::note;

use super::NoteView;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;
use crate::pages::{PageQuery, page, row};

/// One page of a case's notes that the actor may read, newest first.
///
/// # Errors
/// When there is no case that the actor may know of, or the query is not understood.
pub async fn list(app: &App, actor: &Actor, number: &str, query: PageQuery) -> Result<Page<NoteView>> {
    let (before, limit) = query.before()?;
    let (number, reader) = (number.to_owned(), actor.name.clone());
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let notes = note::list(tx, case.id, &reader, before, limit + 1)?;
        let total = note::count(tx, case.id, &reader)?;
        let found = page(notes, limit, total, |note| row(note.id));
        Ok(Page { total, total_is_exact: true, ..found.map(|note| NoteView::of(note, case.number)) })
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
