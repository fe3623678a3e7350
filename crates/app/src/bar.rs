//! What every page shows around its content.

use model::{Actor, Kind};
use serde::{Deserialize, Serialize};
use store::account::preference;
use store::{account, case, change};

use crate::App;
use crate::account::{Chosen, Theme};
use crate::error::Result;

/// The frame of a page, for one person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bar {
    /// The name that people read.
    pub display_name: String,
    /// Light or dark.
    pub theme: Theme,
    /// An IANA time zone, or empty for the browser's.
    pub time_zone: String,
    /// How many open cases there are for them.
    pub open_cases: i64,
    /// The last change: live updates go on from here.
    pub seq: i64,
    /// The kinds of records, for the rail.
    pub kinds: Vec<Kind>,
}

/// Reads the frame.
///
/// # Errors
/// When the store fails.
pub async fn bar(app: &App, actor: &Actor) -> Result<Bar> {
    let who = actor.clone();
    app.read(actor, move |tx| {
        let chosen = Chosen::of(preference::all(tx, who.account)?);
        let display_name = account::find(tx, &who.name)?.map(|account| account.display_name).filter(|name| !name.is_empty());
        Ok(Bar {
            display_name: display_name.unwrap_or(who.name),
            theme: chosen.theme,
            time_zone: chosen.time_zone,
            open_cases: case::count_open(tx)?,
            seq: change::last(tx)?,
            kinds: Kind::ALL.to_vec(),
        })
    })
    .await
}
