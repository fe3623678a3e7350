//! Why a record is in a case: where it came from, and where it stands.

use model::artifact::{ExclusionReason, Status};
use model::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use store::{artifact, known_good};

use super::{OriginView, find_record};
use crate::App;
use crate::authorise::find_case;
use crate::error::{AppError, Result};

/// A record's standing in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WhyView {
    /// Whether it counts.
    pub status: Status,
    /// Why it was excluded.
    pub reason: Option<ExclusionReason>,
    /// In the analyst's words.
    pub comment: String,
    /// Who excluded or included it last.
    pub status_by: String,
    /// When.
    pub status_at: Timestamp,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// Every place that it came from, oldest first.
    pub origins: Vec<OriginView>,
    /// Why it is known to be good; empty when no list knows it.
    pub known_good: String,
}

/// Where a record of a case came from, and where it stands there.
///
/// # Errors
/// When there is no such case or record that the actor may know of, or the case does not hold the record.
pub async fn why(app: &App, actor: &Actor, case: &str, id: &str) -> Result<WhyView> {
    let (number, id) = (case.to_owned(), id.to_owned());
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let record = find_record(tx, &id)?;
        let standing = artifact::find(tx, case.id, record.id)?.ok_or(AppError::NotFound("artifact"))?;
        let origins = artifact::origins(tx, case.id, record.id)?;
        Ok(WhyView {
            status: standing.status,
            reason: standing.reason,
            comment: standing.comment,
            status_by: standing.status_by,
            status_at: standing.status_at,
            added_by: standing.added_by,
            added_at: standing.added_at,
            origins: origins.into_iter().map(Into::into).collect(),
            known_good: known_good::marks_of(tx, &[record.id])?.remove(&record.id).unwrap_or_default(),
        })
    })
    .await
}
