//! The whole story of a case, newest first.

use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::journal;

use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// One thing that was done.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActivityView {
    /// The journal's number; pass the last one as `before` for older ones.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: a login name, `operator:<os user>` or `system`.
    pub actor: String,
    /// What: `case.create`, `artifact.exclude`, …
    pub verb: String,
    /// To what.
    pub object: String,
    /// What exactly; null after an erasure.
    pub details: Json,
}

/// What was done in a case before an entry, newest first.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn activity(app: &App, actor: &Actor, number: &str, before: Option<i64>, limit: u32) -> Result<Vec<ActivityView>> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let entries = journal::activity(tx, case.id, before.unwrap_or(i64::MAX), limit.clamp(1, 200))?;
        Ok(entries
            .into_iter()
            .map(|entry| ActivityView {
                seq: entry.seq,
                at: entry.at,
                actor: entry.actor,
                verb: entry.verb,
                object: entry.object,
                details: entry.details,
            })
            .collect())
    })
    .await
}
