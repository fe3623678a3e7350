//! Lets a case watch, and ends it.

use model::case::case_number;
use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal, watch};

use super::WatchView;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;

/// From now on, the case's included observables are looked for in every log that comes in.
///
/// # Errors
/// When the case is not open, or the actor is a reader.
pub async fn set(app: &App, actor: &Actor, number: &str) -> Result<WatchView> {
    change(app, actor, number, true).await
}

/// New logs are no longer looked through for the case.
///
/// # Errors
/// When the case is not open, or the actor is a reader.
pub async fn unset(app: &App, actor: &Actor, number: &str) -> Result<WatchView> {
    change(app, actor, number, false).await
}

async fn change(app: &App, actor: &Actor, number: &str, on: bool) -> Result<WatchView> {
    require(actor, Role::Analyst)?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let changed = if on { watch::set(tx, case.id, stamp)? } else { watch::unset(tx, case.id)? };
        if changed {
            let deed = Deed { verb: "sighting.watch", object: &case_number(case.number), details: &json!({ "watching": on }) };
            journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
            change::announce(tx, stamp, Topic::Sightings, case.id)?;
        }
        Ok(watch::find(tx, case.id)?.into())
    })
    .await
}
