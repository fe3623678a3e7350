//! Exports records of the library, and of the cases that the actor may read.

use std::collections::HashSet;

use formats::export::{Head, Options};
use model::Actor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::journal::{Deed, ShownIn};
use store::record::{self, RecordFilter};
use store::{Tx, journal};

use super::run::{Scene, start};
use super::{ASKED, Export, Wanted, options, within_limit};
use crate::App;
use crate::error::{AppError, Result};
use crate::record::{RecordQuery, filter};

/// What of the records is exported, and in what.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordExportQuery {
    /// `stix`, `misp`, `csv`, `json`, `jsonl` or `plain`.
    pub format: String,
    /// One kind; all when empty.
    pub kind: String,
    /// Keywords; each must occur.
    pub q: String,
    /// Categories: observable types, classes, …
    pub category: String,
    /// Findings.
    pub finding: String,
    /// Whether observables are written so that nobody clicks them; `csv` and `plain` only.
    pub defang: bool,
    /// Whether a table begins with a byte order mark, for spreadsheets; `csv` only.
    pub bom: bool,
}

/// A selection of records, and how it is exported.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportRecords {
    /// Records by their ids.
    pub record_ids: Vec<String>,
    /// All that match this query of a list, instead.
    pub all_matching: Option<RecordQuery>,
    /// But these.
    pub except: Vec<String>,
    /// From the list answer: records that came later are left out.
    pub as_of: Option<String>,
    /// `stix`, `misp`, `csv`, `json`, `jsonl` or `plain`.
    pub format: String,
    /// Whether observables are written so that nobody clicks them; `csv` and `plain` only.
    pub defang: bool,
    /// Whether a table begins with a byte order mark, for spreadsheets; `csv` only.
    pub bom: bool,
}

/// Exports all records that match.
///
/// # Errors
/// When a word is unknown.
pub async fn records_by_query(app: &App, actor: &Actor, query: RecordExportQuery) -> Result<Export> {
    let all_matching =
        RecordQuery { kind: query.kind, q: query.q, category: query.category, finding: query.finding, ..RecordQuery::default() };
    let input = ExportRecords {
        all_matching: Some(all_matching),
        format: query.format,
        defang: query.defang,
        bom: query.bom,
        ..ExportRecords::default()
    };
    records(app, actor, input).await
}

/// Exports a selection of records. Readers may, what they may read.
///
/// # Errors
/// When a word is unknown, nothing is selected, or more than one export takes.
pub async fn records(app: &App, actor: &Actor, input: ExportRecords) -> Result<Export> {
    if input.record_ids.is_empty() && input.all_matching.is_none() {
        return Err(AppError::invalid("/record_ids", "select at least one record, or say all_matching"));
    }
    if !input.record_ids.is_empty() && input.all_matching.is_some() {
        return Err(AppError::invalid("/all_matching", "can't be given together with record_ids"));
    }
    let as_of = input.as_of.as_ref().map(|text| text.parse()).transpose();
    let as_of = as_of.map_err(|_| AppError::invalid("/as_of", "is not the as_of of a list answer"))?;
    let kind = input.all_matching.as_ref().map(|query| query.kind.clone()).unwrap_or_default();
    let options = options(Wanted { format: &input.format, defang: input.defang, bom: input.bom, kind: &kind })?;
    let matching = input.all_matching.as_ref().map(filter).transpose()?.map(|filter| RecordFilter { as_of, ..filter });
    let rows = app.read(actor, move |tx| rows(tx, &input, matching)).await?;
    begin(app, actor, options, rows, &kind).await
}

fn rows(tx: &mut Tx<'_>, input: &ExportRecords, matching: Option<RecordFilter>) -> Result<Vec<i64>> {
    let ids = |tx: &mut Tx<'_>, ids: &[String]| -> Result<Vec<i64>> {
        Ok(record::find_all(tx, ids)?.into_iter().map(|record| record.id).collect())
    };
    let mut rows = match matching {
        Some(filter) => within_limit(record::matching_ids(tx, &filter, ASKED)?)?,
        None => ids(tx, &input.record_ids)?,
    };
    if !input.except.is_empty() {
        let except: HashSet<i64> = ids(tx, &input.except)?.into_iter().collect();
        rows.retain(|row| !except.contains(row));
    }
    rows.sort_unstable();
    Ok(rows)
}

async fn begin(app: &App, actor: &Actor, options: Options, rows: Vec<i64>, kind: &str) -> Result<Export> {
    let details = json!({ "format": options.format, "count": rows.len(), "kind": kind, "defang": options.defang });
    let uuid = app
        .change(actor, move |tx: &mut Tx<'_>, stamp| {
            let deed = Deed { verb: "record.export", object: "", details: &details };
            journal::append(tx, stamp, &deed, ShownIn::Journal)?;
            Ok(stamp.uuid("export", 0))
        })
        .await?;
    let head = Head { at: app.now(), by: actor.name.clone(), uuid, case: None };
    let name = options.kind.map_or("records", |kind| kind.spec().path);
    let file_name = format!("{name}.{}", options.format.ending());
    Ok(start(app, Scene { actor: actor.clone(), case: 0, notes: false, options, head, rows }, file_name))
}
