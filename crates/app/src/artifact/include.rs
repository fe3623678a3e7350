//! Brings excluded artifacts back.

use model::{Actor, Role};

use super::select::Selection;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;
use crate::operation::OperationView;
use crate::operation::bulk::{self, Bulk};

/// A selection.
pub type IncludeArtifacts = Selection;

/// Includes artifacts again.
///
/// # Errors
/// When nothing is selected, the case is not open, or the actor is a reader.
pub async fn include(app: &App, actor: &Actor, number: &str, selection: IncludeArtifacts) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    selection.check()?;
    let selected = selection.resolve(app, actor, number).await?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        bulk::start(tx, stamp, &case, Bulk::Include, selected.records.clone(), selected.skipped.clone())
    })
    .await
}
