//! Walks the journal's chain, over one snapshot.

use model::journal::Anchor;
use model::{Actor, Fields, Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use store::journal;

use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// What the chain is held against.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyQuery {
    /// A head that was kept elsewhere, as `SEQ:HASH`; without one, a chain that was written anew from its first entry fits.
    pub anchor: String,
}

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VerificationView {
    /// Whether every entry fits, and the anchor if one was given.
    pub whole: bool,
    /// How many entries fit, from the first on.
    pub entries: i64,
    /// How many of them have had their details erased.
    pub erased: i64,
    /// The last entry that fits, as `SEQ:HASH`.
    pub head: Option<String>,
    /// The first entry that does not fit.
    pub broken_at: Option<i64>,
    /// Why it does not; empty when all fit.
    pub why: String,
    /// The anchor that the chain was held against; null without one.
    pub anchor: Option<String>,
    /// When it was walked.
    pub at: Timestamp,
}

/// Walks the chain from its first entry, and holds it against an anchor if one is given.
///
/// # Errors
/// When the actor is no lead, or the anchor is not `SEQ:HASH`.
pub async fn verify(app: &App, actor: &Actor, query: VerifyQuery) -> Result<VerificationView> {
    require(actor, Role::Lead)?;
    let mut fields = Fields::new();
    let text = query.anchor.trim();
    let anchor: Option<Anchor> = if text.is_empty() { None } else { fields.keep("/anchor", text.parse()) };
    fields.finish()?;
    let at = app.now();
    // The chain is one: what is told of it is numbers and hashes, nothing that a case holds.
    app.store
        .read::<_, AppError, _>(Scope::System, move |tx| {
            let found = journal::verify(tx, anchor.as_ref())?;
            Ok(VerificationView {
                whole: found.broken.is_none(),
                entries: found.entries,
                erased: found.erased,
                head: found.head,
                broken_at: found.broken.as_ref().map(|broken| broken.seq),
                why: found.broken.map(|broken| broken.why).unwrap_or_default(),
                anchor: anchor.map(|anchor| anchor.to_string()),
                at,
            })
        })
        .await
}
