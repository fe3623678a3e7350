//! Shows an import: staged, what would become of it; applied, what became of it.

use std::sync::Arc;

use model::case::case_number;
use model::{Actor, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::import::Import;
use store::{Tx, job, operation};

use super::merge::{Claimed, Fate, Into, plan};
use super::rows::{Link, Prepared, Ready, prepare};
use super::{
    ColumnView, INTEL, ImportState, ImportView, IntelView, Options, PreviewRow, RowStatus, SortView, TargetView, WhereWhy, bytes_of,
    find_import,
};
use crate::App;
use crate::error::{AppError, Result};
use crate::extract::{self, on_a_thread};
use crate::operation::OperationView;
use crate::record::{RecordView, display};

/// How many rows a preview shows.
pub(super) const PREVIEW_ROWS: usize = 50;
/// How many rows are decided on at once.
const CHUNK: usize = 500;
/// How many refusals a view tells.
pub(super) const REFUSALS_TOLD: usize = 200;

/// What came of an import, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    pub(super) rows: usize,
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) known: usize,
    pub(super) refused_count: usize,
    pub(super) refused: Vec<WhereWhy>,
    pub(super) notes: Vec<String>,
    pub(super) columns: Vec<ColumnView>,
    /// The operation that added to the case; empty when there was none.
    pub(super) operation: String,
    /// Of intelligence: what the document holds.
    pub(super) intel: Option<IntelView>,
    /// Of intelligence that is staged: the first objects, as its uploader sees them.
    pub(super) preview: Vec<PreviewRow>,
    /// Of intelligence that is being applied: how many objects and links are in.
    pub(super) next: usize,
}

/// An import by its id.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<ImportView> {
    let import = load(app, actor, id).await?;
    if import.kind == "text" {
        return text(app, actor, import).await;
    }
    if state(&import)? != ImportState::Staged || import.kind == INTEL {
        return applied(app, actor, import).await;
    }
    let kind: Kind = import.kind.parse().map_err(|error| AppError::Internal(format!("a staged import of {error}")))?;
    let options = Options::of(&import)?;
    let bytes = bytes_of(app, &import).await?;
    let prepared = on_a_thread(move || prepare(&bytes, kind, Some(options.mapping))).await??;
    staged_records(app, actor, id, prepared).await
}

/// Reads an import's row.
pub(super) async fn load(app: &App, actor: &Actor, id: &str) -> Result<Import> {
    let (id, name) = (id.to_owned(), actor.name.clone());
    app.read(actor, move |tx| find_import(tx, &name, &id)).await
}

/// The preview of a file that was read.
pub(super) async fn staged_records(app: &App, actor: &Actor, id: &str, prepared: Prepared) -> Result<ImportView> {
    let (id, name) = (id.to_owned(), actor.name.clone());
    let prepared = Arc::new(prepared);
    app.read(actor, move |tx| {
        let import = find_import(tx, &name, &id)?;
        let options = Options::of(&import)?;
        let library = is_open(tx, import.case)?;
        let mut view = blank(&import, options.clone())?;
        view.columns = columns(&prepared);
        view.mapping = prepared.mapping.clone();
        view.rows = prepared.rows;
        view.notes.clone_from(&prepared.notes);
        view.refused = prepared.refused.iter().take(REFUSALS_TOLD).cloned().collect();
        view.refused_count = prepared.refusals;
        view.known = prepared.repeated;
        let into = Into { library, source: &options.source };
        let mut claimed = Claimed::new();
        for chunk in prepared.ready.chunks(CHUNK) {
            let mut new = Claimed::new();
            let fates = plan(tx, chunk, into, &claimed, &mut new)?;
            claimed.extend(new);
            for (ready, fate) in chunk.iter().zip(fates) {
                count(&mut view, ready, &fate);
                if view.preview.len() < PREVIEW_ROWS {
                    view.preview.push(preview(ready, fate));
                }
            }
        }
        Ok(view)
    })
    .await
}

/// Whether what goes into a case (or none) arrives openly.
pub(super) fn is_open(tx: &mut Tx<'_>, case: i64) -> Result<bool> {
    if case == 0 {
        return Ok(true);
    }
    Ok(!store::case::find_by_id(tx, case)?.ok_or(AppError::NotFound("case"))?.restricted)
}

fn count(view: &mut ImportView, ready: &Ready, fate: &Fate) {
    match fate {
        Fate::New => view.created += 1,
        Fate::Updated { .. } => view.updated += 1,
        Fate::Known { .. } => view.known += 1,
        Fate::Refused(why) => {
            view.refused_count += 1;
            if view.refused.len() < REFUSALS_TOLD {
                view.refused.push(WhereWhy { r#where: ready.at.clone(), why: why.clone() });
            }
        }
    }
}

pub(super) fn preview(ready: &Ready, fate: Fate) -> PreviewRow {
    let mut fields = ready.record.fields();
    for (name, kind) in
        [("configuration_items", Kind::ConfigurationItem), ("affected_users", Kind::User), ("observables", Kind::Observable)]
    {
        let titles: Vec<Json> = titles(&ready.links, kind);
        if !titles.is_empty() {
            fields.insert(name.to_owned(), Json::Array(titles));
        }
    }
    let mut row = PreviewRow {
        r#where: ready.at.clone(),
        status: RowStatus::New,
        title: ready.record.title.clone(),
        display: display(ready.record.kind, &ready.record.category, &ready.record.title),
        fields,
        changes: Vec::new(),
        record: None,
        why: String::new(),
    };
    match fate {
        Fate::New => {}
        Fate::Known { record, .. } => {
            row.status = RowStatus::Known;
            row.record = Some((*record).into());
        }
        Fate::Updated { record, to, changes } => {
            row.status = RowStatus::Updated;
            row.fields = to.content.fields();
            row.changes = changes;
            row.record = Some(RecordView::from(*record));
        }
        Fate::Refused(why) => {
            row.status = RowStatus::Refused;
            row.why = why;
        }
    }
    row
}

fn titles(links: &[Link], kind: Kind) -> Vec<Json> {
    links.iter().filter(|link| link.record.kind == kind).map(|link| Json::from(link.record.title.as_str())).collect()
}

pub(super) fn columns(prepared: &Prepared) -> Vec<ColumnView> {
    prepared
        .columns
        .iter()
        .map(|name| ColumnView {
            name: name.clone(),
            field: prepared.mapping.get(name).cloned(),
            samples: prepared.samples.get(name).cloned().unwrap_or_default(),
        })
        .collect()
}

async fn text(app: &App, actor: &Actor, import: Import) -> Result<ImportView> {
    let known_good = app.known_good(actor).await?;
    let bytes = bytes_of(app, &import).await?;
    let extract = on_a_thread(move || extract::view(String::from_utf8_lossy(&bytes).into_owned(), &known_good)).await?;
    let staged = state(&import)? == ImportState::Staged;
    let mut view = if staged { blank(&import, Options::of(&import)?)? } else { applied(app, actor, import).await? };
    if staged {
        view.rows = extract.observables;
    }
    view.extract = Some(extract);
    Ok(view)
}

async fn applied(app: &App, actor: &Actor, import: Import) -> Result<ImportView> {
    let name = actor.name.clone();
    app.read(actor, move |tx| {
        let mut report = Report::of(&import)?;
        let mut view = blank(&import, Options::of(&import)?)?;
        view.rows = report.rows;
        // What was known already is told to whoever looked it up: others may know of less.
        if view.state != ImportState::Staged || import.created_by == name {
            view.created = report.created;
            view.updated = report.updated;
            view.known = report.known;
            view.preview = std::mem::take(&mut report.preview);
        } else if let Some(intel) = &mut report.intel {
            intel.sorts = intel.sorts.iter().map(|sort| SortView { created: 0, updated: 0, known: 0, ..sort.clone() }).collect();
        }
        view.intel = report.intel;
        if import.job > 0 {
            view.job = job::find_by_row(tx, import.job)?.map(|job| job.public_id);
        }
        view.refused_count = report.refused_count;
        view.refused = report.refused;
        view.notes = report.notes;
        view.columns = report.columns;
        if !report.operation.is_empty() {
            view.operation = operation::find(tx, &report.operation)?.map(OperationView::of);
        }
        Ok(view)
    })
    .await
}

pub(super) fn state(import: &Import) -> Result<ImportState> {
    serde_json::from_value(Json::from(import.state.as_str())).map_err(|error| AppError::Internal(error.to_string()))
}

fn blank(import: &Import, options: Options) -> Result<ImportView> {
    let targets = import.kind.parse::<Kind>().map(formats::records::targets).unwrap_or_default();
    let target = |target: formats::records::Target| TargetView {
        name: target.name.to_owned(),
        label: target.label.to_owned(),
        required: target.required,
    };
    Ok(ImportView {
        import_id: import.public_id.clone(),
        kind: import.kind.clone(),
        state: state(import)?,
        name: import.name.clone(),
        case: import.case_number.map(case_number),
        job: None,
        source: options.source,
        mapping: options.mapping,
        columns: Vec::new(),
        targets: targets.into_iter().map(target).collect(),
        rows: 0,
        created: 0,
        updated: 0,
        known: 0,
        refused_count: 0,
        refused: Vec::new(),
        notes: Vec::new(),
        preview: Vec::new(),
        extract: None,
        intel: None,
        document: Some(options.document).filter(|id| !id.is_empty()),
        operation: None,
        created_by: import.created_by.clone(),
        created_at: import.created_at,
        applied_at: import.applied_at.set(),
    })
}
