//! Tests the connection to an outside source.

use std::sync::Arc;

use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, source};

use super::{SourceView, find, open};
use crate::App;
use crate::authorise::require;
use crate::error::Result;
use crate::extract::on_a_thread;

/// Asks a source what it holds, and keeps what it said. A failure is an answer: its reason is in `error`.
///
/// # Errors
/// When there is none, its settings can't be used any more, or the actor is no administrator.
pub async fn test(app: &App, actor: &Actor, name: &str) -> Result<SourceView> {
    require(actor, Role::Admin)?;
    let name = name.to_owned();
    let wanted = name.clone();
    let stored = app.read(actor, move |tx| find(tx, &wanted)).await?;
    let asking = app.clone();
    let said = on_a_thread(move || open(&asking, &stored, Arc::default()).map(|connection| connection.test())).await??;
    let (answer, error) = match said {
        Ok(answer) => (answer.replace('\0', " "), String::new()),
        Err(error) => (String::new(), error.to_string().replace('\0', " ")),
    };
    app.change(actor, move |tx, stamp| {
        let source = find(tx, &name)?;
        source::tested(tx, source.id, &answer, &error, stamp.at)?;
        let details = json!({ "answered": error.is_empty() });
        journal::append(tx, stamp, &Deed { verb: "source.test", object: &name, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        Ok(SourceView::of(find(tx, &name)?, true))
    })
    .await
}
