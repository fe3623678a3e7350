//! Shows what an outside source would be asked, without asking it.

use std::sync::Arc;

use connect::siem::Asked;
use model::sighting::UrlMatch;
use model::time::Window;
use model::{Actor, Role};
use serde::{Deserialize, Serialize};

use super::{find, open};
use crate::App;
use crate::artifact::NewObservable;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;
use crate::sighting::asked;

/// The most observables of a dry run.
const MOST: usize = 20;

/// For which observables the question is shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DryRun {
    /// Values, or values with their types.
    pub observables: Vec<NewObservable>,
    /// The length of time until now, `7d` unless told; `all` for all data.
    pub last: String,
    /// How much of a URL has to stand in an event; all of it unless told.
    pub urls: Option<UrlMatch>,
}

/// A question, as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuestionView {
    /// The method and the full address.
    pub request: String,
    /// The body; may be empty.
    pub body: String,
}

/// What a source would be asked for these observables. Nothing is sent.
///
/// # Errors
/// When there is no such source, an observable is none or can't be asked for in the source's language, or the actor is a reader.
pub async fn dry_run(app: &App, actor: &Actor, name: &str, input: DryRun) -> Result<Vec<QuestionView>> {
    require(actor, Role::Analyst)?;
    if input.observables.is_empty() || input.observables.len() > MOST {
        return Err(AppError::invalid("/observables", format!("must be 1 to {MOST} observables")));
    }
    let window = match input.last.trim() {
        "all" => Window::All,
        last => Window::last(if last.is_empty() { "7d" } else { last }, app.now())
            .map_err(|error| AppError::invalid("/last", error.to_string()))?,
    };
    let urls = input.urls.unwrap_or_default();
    let mut all: Vec<Asked> = Vec::with_capacity(input.observables.len());
    for (at, observable) in input.observables.iter().enumerate() {
        let found = observable.read().map_err(|why| AppError::invalid(&format!("/observables/{at}"), why))?;
        all.push(asked(at as i64, found.kind.as_str(), &found.value, urls));
    }
    let name = name.to_owned();
    let stored = app.read(actor, move |tx| find(tx, &name)).await?;
    let app = app.clone();
    let questions = on_a_thread(move || {
        let connection = open(&app, &stored, Arc::default())?;
        connection.dry_run(&all, window).map_err(|error| AppError::invalid("/observables", error.to_string()))
    })
    .await??;
    Ok(questions.into_iter().map(|question| QuestionView { request: question.request, body: question.body }).collect())
}
