//! Deletes an outside source.

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, source};

use super::{SourceView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// Deletes a source with its secret. What searches found in it stays with their cases.
///
/// # Errors
/// When there is none, or the actor is no administrator.
pub async fn delete(app: &App, actor: &Actor, name: &str) -> Result<SourceView> {
    require(actor, Role::Admin)?;
    let name = name.to_owned();
    app.change(actor, move |tx, stamp| {
        let source = find(tx, &name)?;
        source::delete(tx, source.id)?;
        let details = json!({ "kind": source.kind });
        journal::append(tx, stamp, &Deed { verb: "source.delete", object: &name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(SourceView::of(source, true))
    })
    .await
}
