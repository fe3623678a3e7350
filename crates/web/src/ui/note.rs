//! Work notes and comments.

use app::AppError;
use app::case;
use app::note::{self, NoteInput, NotePatch, NoteView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::note::{Audience, NoteKind};
use serde::Deserialize;

use super::closed::closed;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::params::Path;

/// A new note.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NoteForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    audience: String,
    #[serde(default)]
    text: String,
}

pub(crate) async fn add(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<NoteForm>) -> Screen {
    let input = NoteInput {
        kind: form.kind.parse().unwrap_or(NoteKind::WorkNote),
        text: form.text.replace("\r\n", "\n"),
        audience: form.audience.parse::<Audience>().ok(),
    };
    match note::add(&web.app, &visit.actor, &number, input).await {
        Ok(note) => Ok(see(&format!("/cases/{}?saved=note:{}#note-{}", note.case, note.case, note.id))),
        Err(error) => {
            let errors = Errors::of(error)?;
            super::case::details_with(&web, visit, &number, StatusCode::UNPROCESSABLE_ENTITY, form.text, errors).await
        }
    }
}

#[derive(Template)]
#[template(path = "case/note.html")]
struct NotePage {
    shell: Shell,
    note: NoteView,
    text: String,
    /// What someone else made of it meanwhile.
    theirs: String,
    errors: Errors,
}

impl NotePage {
    /// The key under which the browser keeps what is typed.
    fn draft(&self) -> String {
        format!("note-edit:{}", self.note.id)
    }
}

/// A corrected note.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EditForm {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    text: String,
}

pub(crate) async fn edit_page(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let note = note::get(&web.app, &visit.actor, &id).await?;
    let case = case::get(&web.app, &visit.actor, &note.case).await?;
    if !case.state.is_open() && note.kind != NoteKind::Comment {
        return closed(visit.shell, case);
    }
    let text = note.text.clone();
    page(&NotePage { shell: visit.shell, note, text, theirs: String::new(), errors: Errors::default() })
}

pub(crate) async fn edit(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<EditForm>) -> Screen {
    let text = form.text.replace("\r\n", "\n");
    let refused = match note::edit(&web.app, &visit.actor, &id, Some(form.version), NotePatch { text: text.clone() }).await {
        Ok(note) => return Ok(see(&format!("/cases/{}#note-{}", note.case, note.id))),
        Err(error) => error,
    };
    let note = note::get(&web.app, &visit.actor, &id).await?;
    let (status, theirs, errors) = match refused {
        AppError::Conflict { .. } => (StatusCode::PRECONDITION_FAILED, note.text.clone(), Errors::default()),
        other => (StatusCode::UNPROCESSABLE_ENTITY, String::new(), Errors::of(other)?),
    };
    page_with(status, &NotePage { shell: visit.shell, note, text, theirs, errors })
}
