//! Outside sources of sightings: set up by administrators, asked in sightings searches beside the log index.

mod create;
mod delete;
mod dry_run;
mod get;
mod list;
mod test;
mod update;
mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use create::{SourceInput, create};
pub use delete::delete;
pub use dry_run::{DryRun, QuestionView, dry_run};
pub use get::get;
pub use list::list;
pub use test::test;
pub use update::{SourcePatch, update};
pub use view::SourceView;

pub use connect::siem::{DEFAULT_QUERY, Settings, usual_query};

use connect::siem::Connection;
use model::{Actor, FieldError, Role, Scope};
use store::{Tx, log_source, source};

use crate::App;
use crate::error::{AppError, Result};

/// The longest name of a source, in characters: as for sources of logs.
const MAX_NAME: usize = 100;
/// The longest secret, in characters.
const MAX_SECRET: usize = 10_000;

/// The source of a name.
fn find(tx: &mut Tx<'_>, name: &str) -> Result<source::Source> {
    source::find(tx, name)?.ok_or(AppError::NotFound("source"))
}

/// Refuses a name that a source of either kind has: in a search they stand side by side.
pub(crate) fn require_free(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    if source::find(tx, name)?.is_some() || log_source::find(tx, name)?.is_some() {
        return Err(AppError::invalid("/name", "is the name of another source: logs and outside sources share one list of names"));
    }
    Ok(())
}

/// The settings of a stored source.
///
/// # Errors
/// When they can't be read: they must be given anew.
pub(crate) fn settings(source: &source::Source) -> Result<Settings> {
    serde_json::from_str(&source.settings)
        .map_err(|error| AppError::State(format!("the settings of {} can't be read: {error}. Give them anew, all of them", source.name)))
}

/// A stored source with its secret, ready to be asked: on a thread that may wait.
pub(crate) fn open(app: &App, source: &source::Source, cancelled: Arc<AtomicBool>) -> Result<Connection> {
    let id = source.id;
    let secret = app.store.read_blocking(Scope::System, move |tx| Ok::<_, AppError>(source::secret(tx, id)?))?;
    Connection::new(source.kind, &settings(source)?, &secret, cancelled).map_err(|refused| AppError::Invalid(in_settings(refused)))
}

/// The places of the settings, as both doors name them.
fn in_settings(refused: Vec<FieldError>) -> Vec<FieldError> {
    let place = |pointer: String| if matches!(pointer.as_str(), "/kind" | "/secret") { pointer } else { format!("/settings{pointer}") };
    refused.into_iter().map(|field| FieldError { pointer: place(field.pointer), detail: field.detail }).collect()
}

/// Whether the actor may see how a source is asked.
fn sees_settings(actor: &Actor) -> bool {
    actor.role >= Role::Admin
}
