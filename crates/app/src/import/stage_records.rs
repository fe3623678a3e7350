//! Stages a file of records: nothing changes, everything is shown.

use model::case::case_number;
use model::{Actor, Fields, Kind, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::import::NewImport;
use store::journal::{Deed, ShownIn};
use store::{blob, import, journal};

use super::get::Report;
use super::rows::{prepare_table, table, too_large};
use super::{ImportView, MAX_FILE, Mapping, Options, file_name, get, keep, mapping};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// What comes with a file of records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageRecords {
    /// Their kind.
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// What their source is called; told from the file's name when empty.
    pub source: String,
    /// Columns and fields; guessed when not given.
    pub mapping: Option<Mapping>,
    /// The case that they are for; the library when not given.
    pub case: Option<String>,
}

/// Stages a file of records: CSV, a JSON array or JSON lines, told by its content.
///
/// # Errors
/// When the file is too large or no table, a column or field is unknown, the case is not open, or the actor is a reader.
pub async fn stage_records(app: &App, actor: &Actor, input: StageRecords, bytes: Vec<u8>) -> Result<ImportView> {
    require(actor, Role::Analyst)?;
    let mut fields = Fields::new();
    let kind = fields.keep("/kind", input.kind.parse::<Kind>());
    let name = file_name(&mut fields, &input.name, "records");
    let source = if input.source.trim().is_empty() { source_of(&name) } else { fields.line("/source", &input.source, 100) };
    fields.finish()?;
    let kind = kind.ok_or(AppError::NotFound("kind"))?;
    if bytes.len() > MAX_FILE {
        return Err(too_large());
    }
    let (bytes, table) = on_a_thread(move || table(&bytes).map(|table| (bytes, table))).await??;
    let remembered = if input.mapping.is_none() { mapping::recall(app, actor, kind, &table.columns).await? } else { None };
    let mapping = input.mapping.or_else(|| remembered.clone());
    let mut prepared = on_a_thread(move || prepare_table(table, kind, mapping)).await??;
    if remembered.is_some() {
        prepared.notes.push("columns become what they became the last time, of a file with the same columns".to_owned());
    }
    let kept = keep(app, bytes).await?;
    let options = Options { mapping: prepared.mapping.clone(), source, document: String::new() };
    let number = input.case;
    let rows = prepared.rows;
    let blobs = app.store.blobs().clone();
    let id: String = app
        .change(actor, move |tx, stamp| {
            let case = number.as_ref().map(|number| open_case(tx, number)).transpose()?;
            blob::keep(tx, &blobs, &kept, stamp.at)?;
            let new = NewImport { kind: kind.as_str(), case: case.as_ref().map_or(0, |case| case.id), name: &name, blob: &kept.sha256 };
            let report = Report { rows, ..Report::default() };
            let id = import::insert(tx, &new, &options, &report, stamp)?;
            let case = case.as_ref().map(|case| case_number(case.number));
            let details = json!({ "kind": kind, "name": name, "rows": rows, "case": case });
            journal::append(tx, stamp, &Deed { verb: "import.stage", object: &id, details }, ShownIn::Journal)?;
            Ok(id)
        })
        .await?;
    get::staged_records(app, actor, &id, prepared).await
}

/// What a file's source is called, so that tomorrow's export of the same list is known again: its name without dates.
fn source_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words: Vec<&str> = stem
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.chars().all(|c| c.is_ascii_digit() || c == 'T' || c == 'Z'))
        .collect();
    let source = model::text::fold(&words.join(" "));
    if source.is_empty() { "records".to_owned() } else { source }
}

#[cfg(test)]
mod tests {
    use super::source_of;

    #[test]
    fn tomorrows_export_has_the_same_source() {
        assert_eq!(source_of("CMDB_export-2026-11-24.csv"), "cmdb export");
        assert_eq!(source_of("CMDB_export-20261125T093000Z.csv"), "cmdb export");
        assert_eq!(source_of("2026-11-24.csv"), "records");
    }
}
