//! Shows the known-good list.

use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use store::known_good;

use crate::App;
use crate::error::Result;

/// An entry of the known-good list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KnownGoodView {
    /// A value, `*.domain`, or a network.
    pub value: String,
    /// Why it is good.
    pub comment: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// All entries, by value.
///
/// # Errors
/// When the store fails.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<KnownGoodView>> {
    app.read(actor, |tx| {
        let view = |entry: known_good::Entry| KnownGoodView {
            value: entry.value,
            comment: entry.comment,
            created_by: entry.created_by,
            created_at: entry.created_at,
        };
        Ok(known_good::list(tx)?.into_iter().map(view).collect())
    })
    .await
}
