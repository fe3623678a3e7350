//! What is known to be good: found in reports, it is marked and not ticked; in cases it is marked, and excluded in one go.

use app::known_good::{self, KnownGoodListView, KnownGoodView, NewKnownGood, RemoveKnownGood, SetKnownGoodList};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::error::Failure;
use crate::params::{Path, Query};
use crate::upload::Upload;

#[derive(Template)]
#[template(path = "known_good.html")]
struct ListPage {
    shell: Shell,
    list: Vec<KnownGoodView>,
    others: Vec<KnownGoodListView>,
    value: String,
    comment: String,
    errors: Errors,
    /// Refusals of an upload.
    upload: Errors,
    /// What an upload brought: new lists, newer versions, and files that were none.
    brought: Option<(i64, i64, i64)>,
}

impl ListPage {
    async fn of(web: &Web, visit: Visit) -> Result<Self, Failure> {
        let list = known_good::list(&web.app, &visit.actor).await?;
        let others = known_good::lists(&web.app, &visit.actor).await?;
        let (value, comment) = (String::new(), String::new());
        Ok(Self { shell: visit.shell, list, others, value, comment, errors: Errors::default(), upload: Errors::default(), brought: None })
    }
}

/// What the page says after an upload.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BroughtQuery {
    created: Option<i64>,
    updated: i64,
    refused: i64,
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Query(query): Query<BroughtQuery>) -> Screen {
    let shown = ListPage::of(&web, visit).await?;
    page(&ListPage { brought: query.created.map(|created| (created, query.updated, query.refused)), ..shown })
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
            let shown = ListPage::of(&web, visit).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &ListPage { value: form.value, comment: form.comment, errors, ..shown })
        }
    }
}

pub(crate) async fn remove(State(web): State<Web>, visit: Visit, Form(form): Form<EntryForm>) -> Screen {
    known_good::remove(&web.app, &visit.actor, RemoveKnownGood { value: form.value }).await?;
    Ok(see("/known-good"))
}

pub(crate) async fn import_lists(State(web): State<Web>, visit: Visit, upload: Upload) -> Screen {
    match known_good::import_lists(&web.app, &visit.actor, upload.files()).await {
        Ok(brought) => {
            let refused = brought.refused.len();
            Ok(see(&format!("/known-good?created={}&updated={}&refused={refused}#lists", brought.created, brought.updated)))
        }
        Err(error) => {
            let upload = Errors::of(error)?;
            let shown = ListPage::of(&web, visit).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &ListPage { upload, ..shown })
        }
    }
}

/// One of the switches of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SwitchForm {
    enabled: String,
    own_types_only: String,
}

pub(crate) async fn set_list(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<SwitchForm>) -> Screen {
    let switch = |word: &str| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let input = SetKnownGoodList { enabled: switch(&form.enabled), own_types_only: switch(&form.own_types_only) };
    known_good::set_list(&web.app, &visit.actor, &id, input).await?;
    Ok(see("/known-good#lists"))
}

pub(crate) async fn remove_list(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    known_good::remove_list(&web.app, &visit.actor, &id).await?;
    Ok(see("/known-good#lists"))
}
