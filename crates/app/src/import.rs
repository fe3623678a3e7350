//! What comes in from outside: staged first, looked at, then applied.

mod apply;
mod apply_intel;
mod apply_records;
mod apply_text;
mod carrier;
mod get;
mod intel;
mod links;
mod mapping;
mod merge;
mod preview;
mod rows;
mod stage_intel;
mod stage_records;
mod stage_text;
mod view;

pub use apply::{Accepted, ApplyImport, apply};
pub(crate) use carrier::JOB;
pub use get::get;
pub use intel::{is_intel, looks_like_intel};
pub use preview::preview;
pub use stage_intel::{StageIntel, stage_intel};
pub use stage_records::{StageRecords, stage_records};
pub use stage_text::{StageText, stage_text};
pub use view::{ColumnView, ImportState, ImportView, IntelView, PreviewRow, RowStatus, SortView, TargetView, WhereWhy};

use std::collections::BTreeMap;
use std::io::Read;

use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use store::blob::BlobRef;
use store::import::Import;
use store::journal::ShownIn;
use store::{Tx, import};

use crate::App;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// The largest file of records, in bytes.
pub(crate) const MAX_FILE: usize = 20 * 1024 * 1024;

/// What `import.kind` holds of threat intelligence.
pub(crate) const INTEL: &str = "intel";

/// Columns of a file, and the field that each becomes.
pub type Mapping = BTreeMap<String, String>;

/// How a staged import is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// Of records: columns and fields.
    mapping: Mapping,
    /// Of records: what the source is called; the same source may change again what it told.
    source: String,
    /// Of text: the document that was kept.
    document: String,
}

impl Options {
    fn of(import: &Import) -> Result<Self> {
        serde_json::from_str(&import.options).map_err(|error| AppError::Internal(error.to_string()))
    }
}

fn find_import(tx: &mut Tx<'_>, actor: &str, id: &str) -> Result<Import> {
    import::find(tx, id, actor)?.ok_or(AppError::NotFound("import"))
}

/// Keeps bytes as a file of the data directory.
async fn keep(app: &App, bytes: Vec<u8>) -> Result<BlobRef> {
    let blobs = app.store.blobs().clone();
    on_a_thread(move || blobs.put(bytes.as_slice(), bytes.len() as u64)).await?.map_err(Into::into)
}

/// The bytes of a staged import.
async fn bytes_of(app: &App, import: &Import) -> Result<Vec<u8>> {
    let (app, import) = (app.clone(), import.clone());
    on_a_thread(move || read_file(&app, &import)).await?
}

/// The same, on a thread that may wait.
fn read_file(app: &App, import: &Import) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = app.store.blobs().get(&import.blob)?;
    file.read_to_end(&mut bytes).map_err(|error| AppError::Internal(format!("reading a staged file: {error}")))?;
    Ok(bytes)
}

/// Where what an import did is told: in its case's activities, if it has one.
fn shown_in(case: i64) -> ShownIn {
    if case == 0 { ShownIn::Journal } else { ShownIn::Case(case) }
}

/// A file's name without its directories, as one line.
fn file_name(fields: &mut Fields, given: &str, otherwise: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).collect();
    let name = if clean.trim().is_empty() { otherwise } else { clean.trim() };
    fields.line("/name", name, 200)
}

/// The actor without the request's idempotency key: for the changes of a request before its last.
fn part_of(actor: &Actor) -> Actor {
    Actor { idempotency: None, ..actor.clone() }
}
