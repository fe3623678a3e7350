//! Shows one event of the logs, with the observables in it.

use std::sync::Arc;

use model::Actor;
use serde::{Deserialize, Serialize};
use store::log_source;

use super::EventView;
use super::events::{locator, on_a_thread};
use crate::App;
use crate::error::{AppError, Result};
use crate::extract::{self, FindView};

/// An event and what it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WholeEventView {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// Its decoded values, each on a line of its own: the text that searches compare, and in which the finds stand.
    pub text: String,
    /// The different observables in it.
    pub observables: Vec<FindView>,
}

/// An event by its name.
///
/// # Errors
/// When it isn't there (any more), or the index can't be read.
pub async fn event(app: &App, actor: &Actor, id: &str) -> Result<WholeEventView> {
    let locator = locator(id).ok_or(AppError::NotFound("event"))?;
    let sources = app.read(actor, |tx| Ok(log_source::list(tx)?)).await?;
    let index = Arc::clone(&app.logs);
    let found = on_a_thread(move || Ok(index.event(locator)?)).await?.ok_or(AppError::NotFound("event"))?;
    let source = sources.into_iter().find(|source| source.id == found.source).map(|source| source.name);
    // What is left of a source that is being deleted is gone for people.
    let source = source.ok_or(AppError::NotFound("event"))?;
    let mut text = String::new();
    formats::log_events::values_of(found.shape, &found.raw, &mut text);
    let observables = if text.trim().is_empty() {
        Vec::new()
    } else {
        let mut seen = std::collections::HashSet::new();
        let finds = extract::extract(app, actor, text.clone()).await?.finds;
        finds.into_iter().filter(|find| seen.insert((find.r#type, find.value.clone()))).collect()
    };
    Ok(WholeEventView { event: EventView::whole(found, source), text, observables })
}
