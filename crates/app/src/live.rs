//! What changed, for browsers that listen.

use model::case::case_number;
use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use store::change;

use crate::App;
use crate::error::Result;

/// Changes told at once; a browser further behind asks again.
const LIMIT: i64 = 500;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangeView {
    /// Grows with every change.
    pub seq: i64,
    /// The case, if it is in one.
    pub case: Option<String>,
    /// `case`, `artifacts`, `notes`, `sightings`, `jobs`, `records` or `logs`.
    pub topic: String,
    /// Who changed it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// The changes after a number that the actor may know of, oldest first, and the number of the last change of all.
///
/// # Errors
/// When the store fails.
pub async fn since(app: &App, actor: &Actor, seq: i64) -> Result<(Vec<ChangeView>, i64)> {
    app.read(actor, move |tx| {
        let last = change::last(tx)?;
        let changes: Vec<ChangeView> = change::since(tx, seq, LIMIT)?
            .into_iter()
            .map(|change| ChangeView {
                seq: change.seq,
                case: change.case_number.map(case_number),
                topic: change.topic,
                actor: change.actor,
                at: change.at,
            })
            .collect();
        // With a full page there may be more: go on from its last.
        let upto = if changes.len() as i64 == LIMIT { changes.last().map_or(last, |change| change.seq) } else { last };
        Ok((changes, upto))
    })
    .await
}

/// The number of the last change.
///
/// # Errors
/// When the store fails.
pub async fn last(app: &App, actor: &Actor) -> Result<i64> {
    app.read(actor, |tx| Ok(change::last(tx)?)).await
}
