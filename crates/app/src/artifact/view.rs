//! An artifact as both doors show it.

use model::Timestamp;
use model::artifact::{ExclusionReason, Status};
use serde::{Deserialize, Serialize};
use store::artifact::Artifact;

use crate::record::{OriginView, RecordView};

/// A record in a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ArtifactView {
    /// The record.
    pub record: RecordView,
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
    /// Where it came from, oldest first.
    pub origins: Vec<OriginView>,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// How many annotations the reader may read.
    pub annotation_count: i64,
    /// In how many cases that the reader may know of.
    pub case_count: i64,
    /// In how many events the newest sightings search of this case saw it; null when none asked.
    pub sighted: Option<i64>,
    /// Why it is known to be good: the entry's reason, or the names of the lists; empty when no list knows it.
    pub known_good: String,
}

impl From<Artifact> for ArtifactView {
    fn from(artifact: Artifact) -> Self {
        Self {
            record: artifact.record.into(),
            status: artifact.status,
            reason: artifact.reason,
            comment: artifact.comment,
            status_by: artifact.status_by,
            status_at: artifact.status_at,
            origins: artifact.origins.into_iter().map(Into::into).collect(),
            added_by: artifact.added_by,
            added_at: artifact.added_at,
            annotation_count: artifact.annotations,
            case_count: artifact.cases,
            sighted: artifact.sighted,
            known_good: artifact.known_good,
        }
    }
}
