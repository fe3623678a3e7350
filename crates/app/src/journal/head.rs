//! Shows the journal's last entry: what to keep elsewhere as an anchor.

use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use store::journal;

use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// Where the journal stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HeadView {
    /// How many entries there are.
    pub entries: i64,
    /// The last entry, as `SEQ:HASH`: keep it elsewhere, and check against it later; null before the first.
    pub head: Option<String>,
}

/// The journal's last entry.
///
/// # Errors
/// When the actor is no lead.
pub async fn head(app: &App, actor: &Actor) -> Result<HeadView> {
    require(actor, Role::Lead)?;
    app.read(actor, |tx| {
        let head = journal::head(tx)?;
        Ok(HeadView { entries: head.as_ref().map_or(0, |anchor| anchor.seq), head: head.map(|anchor| anchor.to_string()) })
    })
    .await
}
