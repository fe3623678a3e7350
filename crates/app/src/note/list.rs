//! Lists a case's notes, newest first.

use model::list::{Cursor, CursorKey, Page};
use model::{Actor, Fields};
use serde::Deserialize;
use store::note;

use super::NoteView;
use crate::App;
use crate::authorise::find_case;
use crate::case::{cursor, limit};
use crate::error::Result;

/// Which part of a case's notes.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct NoteQuery {
    /// From the answer before.
    pub cursor: String,
    /// At most 100; 50 unless told otherwise.
    pub limit: Option<u32>,
}

/// One page of a case's notes that the actor may read, newest first.
///
/// # Errors
/// When there is no case that the actor may know of, or the query is not understood.
pub async fn list(app: &App, actor: &Actor, number: &str, query: NoteQuery) -> Result<Page<NoteView>> {
    let mut fields = Fields::new();
    let limit = limit(&mut fields, query.limit);
    let before = match cursor(&mut fields, &query.cursor) {
        None => i64::MAX,
        Some(Cursor { key: CursorKey::Int(_), id }) => id,
        Some(_) => {
            fields.refuse("/cursor", "is not one of this list");
            0
        }
    };
    fields.finish()?;
    let (number, reader) = (number.to_owned(), actor.name.clone());
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let mut notes = note::list(tx, case.id, &reader, before, limit + 1)?;
        let more = notes.len() > limit as usize;
        notes.truncate(limit as usize);
        let next_cursor = notes.last().filter(|_| more).map(|last| Cursor { key: CursorKey::Int(last.id), id: last.id }.to_string());
        let total = note::count(tx, case.id, &reader)?;
        let items = notes.into_iter().map(|note| NoteView::of(note, case.number)).collect();
        Ok(Page { items, next_cursor, total, total_is_exact: true, as_of: String::new() })
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
