//! Lists records of the library, and of the cases that the actor may read.

use model::artifact::Finding;
use model::list::{Page, Sort, SortColumn};
use model::observable::refang;
use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use store::record::{self, RecordFilter};

use super::{RecordView, kind_word};
use crate::App;
use crate::case::{choices, cursor, limit, sort};
use crate::error::Result;

/// What a list of records shows. Several words in one filter are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordQuery {
    /// One kind; all when empty.
    pub kind: String,
    /// Keywords; each must occur. Defanged values are understood.
    pub q: String,
    /// Categories: observable types, classes, …
    pub category: String,
    /// Findings.
    pub finding: String,
    /// `added`, `title`, `category`, `severity`, `finding`, `first_seen` or `last_seen`; a minus before it turns the order.
    pub sort: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of the records that the actor may know of.
///
/// # Errors
/// When the query holds unknown words.
pub async fn list(app: &App, actor: &Actor, query: RecordQuery) -> Result<Page<RecordView>> {
    let filter = filter(&query)?;
    app.read(actor, move |tx| Ok(record::list(tx, &filter)?.map(RecordView::from))).await
}

/// The store's filter of a query.
pub(crate) fn filter(query: &RecordQuery) -> Result<RecordFilter> {
    let mut fields = Fields::new();
    let filter = RecordFilter {
        kind: kind_word(&mut fields, &query.kind),
        q: refang(&fields.text("/q", &query.q, 1_000)),
        categories: query.category.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect(),
        findings: choices::<Finding>(&mut fields, "/finding", &query.finding).iter().map(|f| f.code()).collect(),
        sort: sort(&mut fields, &query.sort, Sort { column: SortColumn::Added, descending: true }),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
        as_of: None,
    };
    fields.finish()?;
    Ok(filter)
}
