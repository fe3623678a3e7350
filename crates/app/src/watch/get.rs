//! Tells whether a case watches.

use model::sighting::UrlMatch;
use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use store::watch;

use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// Whether a case's observables are looked for in logs as they come in, and how often outside sources are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WatchView {
    /// Whether they are.
    pub watching: bool,
    /// Who asked for it; empty when nobody does.
    pub created_by: String,
    /// Since when.
    pub created_at: Option<Timestamp>,
    /// Every how many minutes outside sources are asked; 0 for never.
    pub every_minutes: u32,
    /// Which outside sources; empty for all that tell what happened here.
    pub sources: Vec<String>,
    /// How much of a URL has to stand in an event.
    pub urls: UrlMatch,
    /// When they are asked next.
    pub next_at: Option<Timestamp>,
    /// When they were last asked.
    pub asked_at: Option<Timestamp>,
    /// Why not all of them answered the last time; empty when they did.
    pub error: String,
    /// What was seen last.
    pub news: Option<WatchNews>,
}

/// What a watch saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WatchNews {
    /// When it was told.
    pub at: Timestamp,
    /// How many observables were seen.
    pub observables: i64,
    /// In which sources.
    pub sources: Vec<String>,
    /// The search that tells it, `SIGHT0001001`.
    pub search: String,
}

impl From<Option<watch::Watch>> for WatchView {
    fn from(watch: Option<watch::Watch>) -> Self {
        let Some(watch) = watch else { return Self::default() };
        Self {
            watching: true,
            created_by: watch.created_by,
            created_at: watch.created_at.set(),
            every_minutes: u32::try_from(watch.every).unwrap_or_default(),
            sources: serde_json::from_str(&watch.sources).unwrap_or_default(),
            urls: watch.urls,
            next_at: watch.next_at.set().filter(|_| watch.every > 0),
            asked_at: watch.asked_at.set(),
            error: watch.error,
            news: serde_json::from_str(&watch.news).ok(),
        }
    }
}

/// Whether a case watches.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn get(app: &App, actor: &Actor, number: &str) -> Result<WatchView> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        Ok(watch::find(tx, case.id)?.into())
    })
    .await
}
