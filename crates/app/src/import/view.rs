//! An import as both doors show it.

use std::collections::BTreeMap;

use formats::intel::IntelObject;
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Mapping;
use crate::extract::ExtractView;
use crate::operation::OperationView;
use crate::record::RecordView;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Uploaded and looked at; nothing was changed.
    Staged,
    /// A job is at it.
    Applying,
    /// Done.
    Applied,
    /// Gone wrong.
    Failed,
}

/// What becomes, or became, of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// A record that was not there.
    New,
    /// A record that is there, with fields that change.
    Updated,
    /// A record that is there and stays as it is.
    Known,
    /// Not taken.
    Refused,
}

/// Something that was not taken, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WhereWhy {
    /// `row 17`, `line 17`, `item 17`.
    pub r#where: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ColumnView {
    /// As the file calls it.
    pub name: String,
    /// The field that it becomes; null when it is left out.
    pub field: Option<String>,
    /// Its first values.
    pub samples: Vec<String>,
}

/// What a column can become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TargetView {
    /// The word in mappings.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Whether each record needs it.
    pub required: bool,
}

/// A row as it would be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PreviewRow {
    /// Where it stands in the file.
    pub r#where: String,
    /// What becomes of it.
    pub status: RowStatus,
    /// What the record is called.
    pub title: String,
    /// The same as it may be shown: observables are defanged.
    pub display: String,
    /// The record's fields by the names of its kind, as they will be.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Map<String, Json>,
    /// Which of them change, when it is updated.
    pub changes: Vec<String>,
    /// The record as it is now, when it is known.
    pub record: Option<RecordView>,
    /// Why it is refused; empty otherwise.
    pub why: String,
}

/// One sort of objects of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SortView {
    /// What the document calls them: `threat-actor`, `ip-dst`, `relationship`.
    pub sort: String,
    /// What they become; null for relationships. One word of a document may become several: an observable and an indicator.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Of observables, their type.
    #[serde(default)]
    pub category: String,
    /// How many it tells of, each record once.
    pub told: usize,
    /// How many are new.
    pub created: usize,
    /// How many are known and change.
    pub updated: usize,
    /// How many are known and stay as they are.
    pub known: usize,
}

/// What objects are told apart by: the word of the document, the kind, and of observables the type.
pub(crate) type SortKey<'a> = (&'a str, Option<Kind>, &'a str);

/// The sort of an object.
pub(crate) fn sort_key(object: &IntelObject) -> SortKey<'_> {
    let kind = object.record.kind;
    (&object.told_as, Some(kind), if kind == Kind::Observable { &object.record.category } else { "" })
}

impl SortView {
    pub(crate) fn of((sort, kind, category): SortKey<'_>) -> Self {
        Self { sort: sort.to_owned(), kind, category: category.to_owned(), ..Self::default() }
    }

    pub(crate) fn is(&self, (sort, kind, category): SortKey<'_>) -> bool {
        self.sort == sort && self.kind == kind && self.category == category
    }
}

/// What a document of threat intelligence holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntelView {
    /// `STIX` or `MISP`.
    pub format: String,
    /// What it is about; may be empty.
    pub title: String,
    /// How many things of each sort it has, in its own words.
    pub counts: BTreeMap<String, usize>,
    /// What becomes of them, by sort.
    pub sorts: Vec<SortView>,
    /// How many objects it names without holding them.
    pub dangling_count: usize,
    /// The first of those, and where they are named.
    pub dangling: Vec<WhereWhy>,
}

/// An import: what it holds, and what becomes (or became) of it. Numbers cover what the reader may know of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportView {
    /// The id.
    pub import_id: String,
    /// A kind of record, `text`, or `intel`.
    pub kind: String,
    /// Where it stands.
    pub state: ImportState,
    /// The file's name.
    pub name: String,
    /// The case it is for.
    pub case: Option<String>,
    /// The job that goes on with it, when it is large.
    pub job: Option<String>,
    /// Of records: what their source is called. The same source may change again what it told.
    pub source: String,
    /// Of records: columns and the field that each becomes. Those that are not in it are left out.
    pub mapping: Mapping,
    /// Of records: every column of the file.
    pub columns: Vec<ColumnView>,
    /// Of records: what columns can become.
    pub targets: Vec<TargetView>,
    /// How many rows (of text: different observables; of intelligence: objects and links) there are.
    pub rows: usize,
    /// How many are new.
    pub created: usize,
    /// How many are known and change.
    pub updated: usize,
    /// How many are known and stay as they are.
    pub known: usize,
    /// How many are refused.
    pub refused_count: usize,
    /// The first of those, with why.
    pub refused: Vec<WhereWhy>,
    /// What was noticed: an encoding that was guessed, words that were not understood.
    pub notes: Vec<String>,
    /// Of records or intelligence that is staged: the first 50 rows.
    pub preview: Vec<PreviewRow>,
    /// Of intelligence: what the document holds.
    pub intel: Option<IntelView>,
    /// Of text: the text and what was found in it.
    pub extract: Option<ExtractView>,
    /// The document that was kept, of text.
    pub document: Option<String>,
    /// What was added to the case, to be undone.
    pub operation: Option<OperationView>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was applied.
    pub applied_at: Option<Timestamp>,
}

impl ImportView {
    /// The kind of its records; none of text.
    #[must_use]
    pub fn record_kind(&self) -> Option<Kind> {
        self.kind.parse().ok()
    }
}
