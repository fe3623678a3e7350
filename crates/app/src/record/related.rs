//! The records that a record is joined with: a pivot.

use model::relationship::RelationshipType;
use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use store::record;

use super::{RecordView, find_record, kind_word};
use crate::App;
use crate::error::Result;

/// How many are shown.
const LIMIT: u32 = 500;

/// Which way a relationship leads, seen from the record that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From it to the other.
    Outgoing,
    /// From the other to it.
    Incoming,
}

/// A record at the other end of a relationship.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RelatedView {
    /// How the two are joined.
    pub relationship: RelationshipType,
    /// Which way.
    pub direction: Direction,
    /// The other record.
    pub record: RecordView,
}

/// The records related to one, both ways, of one kind or (when empty) of all; those joined last come first. A configuration item
/// and the vulnerabilities of its vulnerable items are related too.
///
/// # Errors
/// When there is no record that the actor may know of, or no such kind.
pub async fn related(app: &App, actor: &Actor, id: &str, kind: &str) -> Result<Vec<RelatedView>> {
    let mut fields = Fields::new();
    let kind = kind_word(&mut fields, kind);
    fields.finish()?;
    let id = id.to_owned();
    app.read(actor, move |tx| {
        let record = find_record(tx, &id)?;
        let related = record::related(tx, record.id, kind, LIMIT)?;
        Ok(related
            .into_iter()
            .map(|one| RelatedView {
                relationship: one.relationship,
                direction: if one.outgoing { Direction::Outgoing } else { Direction::Incoming },
                record: one.record.into(),
            })
            .collect())
    })
    .await
}
