//! Tells whether a case watches.

use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use store::watch;

use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// Whether a case's observables are looked for in logs as they come in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WatchView {
    /// Whether they are.
    pub watching: bool,
    /// Who asked for it; empty when nobody does.
    pub created_by: String,
    /// Since when.
    pub created_at: Option<Timestamp>,
}

impl From<Option<watch::Watch>> for WatchView {
    fn from(watch: Option<watch::Watch>) -> Self {
        watch.map_or_else(Self::default, |watch| Self { watching: true, created_by: watch.created_by, created_at: watch.created_at.set() })
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
