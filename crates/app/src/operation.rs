//! Bulk actions: one operation each, applied in chunks, undone as one.

pub(crate) mod bulk;
mod get;
mod undo;

use model::Timestamp;
use model::operation::{OperationState, OperationVerb, SkipReason};
use serde::{Deserialize, Serialize};
use store::operation::Operation;

pub use get::get;
pub use undo::undo;

/// A row that was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Skipped {
    /// The record's id.
    pub record_id: String,
    /// Why.
    pub reason: SkipReason,
}

/// What a bulk action did, or is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OperationView {
    /// The id, for `GET /operations/{id}` and its undo.
    pub operation_id: String,
    /// What it does.
    pub verb: OperationVerb,
    /// A sentence for people: `Excluded 48 artifacts as known good`.
    pub detail: String,
    /// How many rows it changed so far.
    pub affected: i64,
    /// How many rows were so already.
    pub unchanged: i64,
    /// Rows that were left alone, at most 100 of them.
    pub skipped: Vec<Skipped>,
    /// How many rows were left alone.
    pub skipped_count: i64,
    /// Running, done or failed.
    pub state: OperationState,
    /// The job that goes on with it, when it is large.
    pub job: Option<String>,
    /// A login name.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was undone.
    pub undone: bool,
}

impl OperationView {
    pub(crate) fn of(operation: Operation) -> Self {
        Self {
            operation_id: operation.public_id,
            verb: operation.verb,
            detail: operation.detail,
            affected: operation.affected,
            unchanged: operation.unchanged,
            skipped: Vec::new(),
            skipped_count: operation.skipped,
            state: operation.state,
            job: None,
            actor: operation.actor,
            at: operation.at,
            undone: operation.undone_by != 0,
        }
    }
}
