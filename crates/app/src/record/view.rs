//! A record as both doors show it.

use model::artifact::{Finding, OriginKind, Severity};
use model::case::{CaseState, case_number};
use model::observable::{self, Observable};
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use store::annotation::Annotation;
use store::artifact::Origin;
use store::record::Record;

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordView {
    /// The id.
    pub id: String,
    /// The kind.
    pub kind: Kind,
    /// What every list shows first. Of an observable, its normal form.
    pub title: String,
    /// The title as it may be shown and copied: observables are defanged.
    pub display: String,
    /// By kind: type, class, department, …
    pub category: String,
    /// By kind.
    pub status: String,
    /// How grave.
    pub severity: Severity,
    /// What an analyst thinks of it.
    pub finding: Finding,
    /// Who it belongs to.
    pub owner: String,
    /// First seen in a log.
    pub first_seen: Option<Timestamp>,
    /// Last seen in a log.
    pub last_seen: Option<Timestamp>,
    /// The kind's own attributes.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub attributes: Map<String, Json>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// Counts changes: its ETag.
    pub version: i64,
}

impl From<Record> for RecordView {
    fn from(record: Record) -> Self {
        Self {
            id: record.public_id,
            kind: record.kind,
            display: display(record.kind, &record.category, &record.title),
            title: record.title,
            category: record.category,
            status: record.status,
            severity: record.severity,
            finding: record.finding,
            owner: record.owner,
            first_seen: record.first_seen.set(),
            last_seen: record.last_seen.set(),
            attributes: record.attributes,
            created_by: record.created_by,
            created_at: record.created_at,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
            version: record.version,
        }
    }
}

impl RecordView {
    /// An attribute as one line of text.
    #[must_use]
    pub fn attribute(&self, name: &str) -> String {
        match self.attributes.get(name) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
            Some(Json::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }
}

/// A title as it may be shown: an observable is never a live link.
pub(crate) fn display(kind: Kind, category: &str, title: &str) -> String {
    match (kind, category.parse()) {
        (Kind::Observable, Ok(of_type)) => observable::defang(&Observable { kind: of_type, value: title.to_owned() }),
        _ => title.to_owned(),
    }
}

/// Where an artifact came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OriginView {
    /// How it came.
    pub kind: OriginKind,
    /// From what: a record's, document's or search's id; may be empty.
    pub reference: String,
    /// What that is called; may be empty.
    pub title: String,
    /// Where in it; may be empty.
    pub detail: String,
    /// A login name.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

impl From<Origin> for OriginView {
    fn from(origin: Origin) -> Self {
        Self {
            kind: origin.kind,
            reference: origin.reference,
            title: origin.title,
            detail: origin.detail,
            added_by: origin.added_by,
            added_at: origin.added_at,
        }
    }
}

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnnotationView {
    /// The id.
    pub id: String,
    /// The record's id.
    pub record_id: String,
    /// The case it was written in.
    pub case: String,
    /// Where that case stands: in one that is closed or cancelled, annotations are neither corrected nor withdrawn.
    pub case_state: CaseState,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Counts changes: its ETag.
    pub version: i64,
}

impl From<Annotation> for AnnotationView {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: annotation.public_id,
            record_id: annotation.record_public_id,
            case: case_number(annotation.case_number),
            case_state: annotation.case_state,
            text: annotation.text,
            author: annotation.author,
            created_at: annotation.created_at,
            updated_at: annotation.updated_at,
            withdrawn_at: annotation.withdrawn_at.set(),
            version: annotation.version,
        }
    }
}
