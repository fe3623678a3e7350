//! Shows a record with what hangs on it.

use model::kind::field_values;
use model::{Actor, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use store::{Tx, record};

use super::{RecordView, find_record};
use crate::App;
use crate::error::Result;

/// How many related records of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KindTotal {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: i64,
}

/// A record, and how much there is around it. Every number covers only what the reader may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordDetails {
    /// The record.
    pub record: RecordView,
    /// Its fields by the names of its kind, as a form shows them.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Map<String, Json>,
    /// Where it was imported from.
    pub sources: Vec<String>,
    /// Related records by kind, kinds without any left out.
    pub related: Vec<KindTotal>,
    /// In how many cases it is.
    pub case_count: i64,
    /// How many annotations it has.
    pub annotation_count: i64,
}

/// A record by its id.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<RecordDetails> {
    let id = id.to_owned();
    app.read(actor, move |tx| {
        let record = find_record(tx, &id)?;
        load(tx, record)
    })
    .await
}

/// Reads what hangs on a record and makes its details.
pub(crate) fn load(tx: &mut Tx<'_>, record: record::Record) -> Result<RecordDetails> {
    let related = record::related_counts(tx, record.id)?;
    let around = record::around(tx, record.id)?;
    let fields = fields_of(&record);
    Ok(RecordDetails {
        fields,
        sources: around.sources,
        related: related.into_iter().map(|of_kind| KindTotal { kind: of_kind.kind, count: of_kind.count }).collect(),
        case_count: around.cases,
        annotation_count: around.annotations,
        record: record.into(),
    })
}

/// A stored record's fields, by the names of its kind.
pub(crate) fn fields_of(record: &record::Record) -> Map<String, Json> {
    let r = record;
    field_values(r.kind, &r.title, &r.category, &r.status, r.severity, r.finding, &r.owner, &r.attributes)
}
