//! Shows what would become of a staged file under another mapping. Nothing is kept: the mapping that is applied is the one
//! that comes with the applying.

use model::{Actor, Kind};

use super::get::{load, staged_records, state};
use super::rows::prepare;
use super::{ImportState, ImportView, Mapping, bytes_of, get};
use crate::App;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// The preview of a staged file of records, its columns taken for other fields.
///
/// # Errors
/// When there is none that the actor may know of, or a column or field is unknown.
pub async fn preview(app: &App, actor: &Actor, id: &str, mapping: Mapping) -> Result<ImportView> {
    let import = load(app, actor, id).await?;
    if import.kind == "text" || state(&import)? != ImportState::Staged {
        return get(app, actor, id).await;
    }
    let kind: Kind = import.kind.parse().map_err(|error| AppError::Internal(format!("a staged import of {error}")))?;
    let bytes = bytes_of(app, &import).await?;
    let prepared = on_a_thread(move || prepare(&bytes, kind, Some(mapping))).await??;
    staged_records(app, actor, id, prepared).await
}
