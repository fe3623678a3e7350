//! The rows that are ticked in a list of artifacts, as its form sends them.

use app::artifact::{ArtifactQuery, Selection};
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::form;
use crate::error::Failure;

/// What is selected, and the list that it was selected in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SelectionForm {
    pub(crate) record: Vec<String>,
    /// Set when all that match are meant, whatever is ticked.
    pub(crate) all_matching: Option<String>,
    pub(crate) as_of: String,
    pub(crate) kind: String,
    pub(crate) q: String,
    pub(crate) status: String,
    pub(crate) category: String,
    pub(crate) finding: String,
    pub(crate) marked: String,
}

impl SelectionForm {
    /// The query of all that match, when they are meant.
    pub(crate) fn matching(&self) -> Option<ArtifactQuery> {
        self.all_matching.as_ref().map(|_| ArtifactQuery {
            kind: self.kind.clone(),
            q: self.q.clone(),
            status: self.status.clone(),
            category: self.category.clone(),
            finding: self.finding.clone(),
            marked: self.marked.clone(),
            ..ArtifactQuery::default()
        })
    }

    /// What a verb takes.
    pub(crate) fn selection(&self) -> Selection {
        let all_matching = self.matching();
        let record_ids = if all_matching.is_some() { Vec::new() } else { self.record.clone() };
        Selection { record_ids, all_matching, except: Vec::new(), as_of: Some(self.as_of.clone()).filter(|text| !text.is_empty()) }
    }
}

/// A form that was sent with a selection: the same body read as both. (Flattened into the other, lists of one name would be
/// lost.)
pub(crate) struct Selecting<T>(pub(crate) SelectionForm, pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Selecting<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = form::bytes(request, state).await?;
        Ok(Self(form::parse(&bytes)?, form::parse(&bytes)?))
    }
}
