//! Stages a document of threat intelligence: nothing changes, everything is shown.

use std::sync::Arc;

use model::case::case_number;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::import::NewImport;
use store::journal::{Deed, ShownIn};
use store::{Tx, blob, import, journal};

use super::get::{PREVIEW_ROWS, REFUSALS_TOLD, Report, preview};
use super::intel::{Prepared, RELATIONSHIP, plan, plan_links, prepare, ready, too_large};
use super::merge::{Fate, Into};
use super::view::sort_key;
use super::{INTEL, ImportView, Options, file_name, get, keep};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;
use crate::extract::on_a_thread;

/// The largest document that is taken, in bytes.
const MAX_DOCUMENT: usize = 200 * 1024 * 1024;
/// How many objects are looked up at once.
const CHUNK: usize = 2_000;

/// What comes with a document.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageIntel {
    /// The file's name.
    pub name: String,
    /// What its source is called; the document's title when empty, or else the file's name.
    pub source: String,
    /// The case that it is for; the library when not given.
    pub case: Option<String>,
}

/// Stages a STIX or MISP document, told by its content; gzip is unpacked.
///
/// # Errors
/// When it is too large, or neither STIX nor MISP (broken JSON is told with line and column), the case is not open, or the
/// actor is a reader.
pub async fn stage_intel(app: &App, actor: &Actor, input: StageIntel, bytes: Vec<u8>) -> Result<ImportView> {
    require(actor, Role::Analyst)?;
    let mut fields = Fields::new();
    let name = file_name(&mut fields, &input.name, "Threat intelligence");
    let source = if input.source.trim().is_empty() { String::new() } else { fields.line("/source", &input.source, 100) };
    fields.finish()?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(too_large());
    }
    let (bytes, prepared) = on_a_thread(move || prepare(&bytes).map(|prepared| (bytes, Arc::new(prepared)))).await??;
    let kept = keep(app, bytes).await?;
    let title = &prepared.document.title;
    let source = match (source.is_empty(), title.is_empty()) {
        (false, _) => source,
        (true, false) => model::text::shorten(title, 100),
        (true, true) => name.clone(),
    };
    let options = Options { source, ..Options::default() };
    let (number, source) = (input.case.clone(), options.source.clone());
    // Looked at before the writer is held: a large document is compared with many records.
    let report = app
        .read(actor, move |tx| {
            let (in_case, library) = place(tx, number.as_ref())?;
            look(tx, &prepared, Into { library, source: &source }, in_case)
        })
        .await?;
    let number = input.case;
    let blobs = app.store.blobs().clone();
    let id: String = app
        .change(actor, move |tx, stamp| {
            let case = number.as_ref().map(|number| open_case(tx, number)).transpose()?;
            let in_case = case.as_ref().map_or(0, |case| case.id);
            blob::keep(tx, &blobs, &kept, stamp.at)?;
            let new = NewImport { kind: INTEL, case: in_case, name: &name, blob: &kept.sha256 };
            let id = import::insert(tx, &new, &options, &report, stamp)?;
            let case = case.as_ref().map(|case| case_number(case.number));
            let details = json!({ "kind": INTEL, "name": name, "rows": report.rows, "case": case });
            journal::append(tx, stamp, &Deed { verb: "import.stage", object: &id, details }, ShownIn::Journal)?;
            Ok(id)
        })
        .await?;
    get(app, actor, &id).await
}

/// The case's row (or 0), and whether what comes arrives openly.
pub(super) fn place(tx: &mut Tx<'_>, case: Option<&String>) -> Result<(i64, bool)> {
    let case = case.map(|number| open_case(tx, number)).transpose()?;
    Ok(case.map_or((0, true), |case| (case.id, !case.restricted)))
}

/// What would become of a document.
fn look(tx: &mut Tx<'_>, prepared: &Prepared, into: Into<'_>, case: i64) -> Result<Report> {
    let mut view = prepared.view();
    let mut report = Report {
        rows: prepared.rows(),
        refused_count: prepared.document.refusals,
        refused: prepared.refused(REFUSALS_TOLD),
        notes: prepared.document.notes.clone(),
        ..Report::default()
    };
    for start in (0..prepared.taken.len()).step_by(CHUNK) {
        let objects = prepared.objects(start..(start + CHUNK).min(prepared.taken.len()));
        let rows: Vec<_> = objects.iter().map(|object| ready(object)).collect();
        for ((object, row), fate) in objects.iter().zip(&rows).zip(plan(tx, &objects, &rows, into)?) {
            let sort = view.sorts.iter_mut().find(|sort| sort.is(sort_key(object)));
            let (total, of_sort) = match &fate {
                Fate::New => (&mut report.created, sort.map(|sort| &mut sort.created)),
                Fate::Updated { .. } => (&mut report.updated, sort.map(|sort| &mut sort.updated)),
                Fate::Known { .. } => (&mut report.known, sort.map(|sort| &mut sort.known)),
                Fate::Refused(_) => (&mut report.refused_count, None),
            };
            *total += 1;
            if let Some(of_sort) = of_sort {
                *of_sort += 1;
            }
            if report.preview.len() < PREVIEW_ROWS {
                report.preview.push(preview(row, fate));
            }
        }
    }
    let made_in = if into.library { 0 } else { case };
    for links in prepared.document.links.chunks(CHUNK) {
        let links: Vec<_> = links.iter().collect();
        let with_id = links.iter().filter(|link| !link.id.is_empty()).count();
        let (created, updated) = plan_links(tx, &links, made_in)?;
        report.created += created;
        report.updated += updated;
        report.known += with_id - created - updated;
        if let Some(sort) = view.sorts.iter_mut().find(|sort| sort.sort == RELATIONSHIP) {
            sort.created += created;
            sort.updated += updated;
            sort.known += with_id - created - updated;
        }
    }
    report.intel = Some(view);
    Ok(report)
}
