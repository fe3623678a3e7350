//! The list of what is known to be good: found in reports, it is marked and not ticked.

use app::known_good::{self, KnownGoodView, NewKnownGood, RemoveKnownGood};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;

#[derive(Template)]
#[template(path = "known_good.html")]
struct ListPage {
    shell: Shell,
    list: Vec<KnownGoodView>,
    value: String,
    comment: String,
    errors: Errors,
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit) -> Screen {
    let list = known_good::list(&web.app, &visit.actor).await?;
    page(&ListPage { shell: visit.shell, list, value: String::new(), comment: String::new(), errors: Errors::default() })
}

/// An entry.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EntryForm {
    #[serde(default)]
    value: String,
    #[serde(default)]
    comment: String,
}

pub(crate) async fn add(State(web): State<Web>, visit: Visit, Form(form): Form<EntryForm>) -> Screen {
    let input = NewKnownGood { value: form.value.clone(), comment: form.comment.clone() };
    match known_good::add(&web.app, &visit.actor, input).await {
        Ok(_) => Ok(see("/known-good")),
        Err(error) => {
            let errors = Errors::of(error)?;
            let list = known_good::list(&web.app, &visit.actor).await?;
            let again = ListPage { shell: visit.shell, list, value: form.value, comment: form.comment, errors };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}

pub(crate) async fn remove(State(web): State<Web>, visit: Visit, Form(form): Form<EntryForm>) -> Screen {
    known_good::remove(&web.app, &visit.actor, RemoveKnownGood { value: form.value }).await?;
    Ok(see("/known-good"))
}
