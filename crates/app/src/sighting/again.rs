//! Runs a sightings search again: the same observables, asked of the logs as they are now.

use std::collections::HashSet;

use model::case::case_number;
use model::time::Window;
use model::{Actor, Kind, Role, Timestamp};
use serde::{Deserialize, Serialize};
use store::artifact;
use store::sighting::{self, Search};

use super::SightingView;
use super::get::{find, sources};
use super::start::{Asked, MAX_OBSERVABLES, known, launch};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};

/// How a search is run again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunAgain {
    /// Over all data instead of its window.
    pub all_data: bool,
}

/// Starts a search with the observables and sources of an earlier one. "The last seven days" end now again; a range of
/// dates stays. What was excluded since is left out, and so are sources that are no more.
///
/// # Errors
/// When there is no search that the actor may know of, nothing is left to look for, its case is not open, or the actor is
/// a reader.
pub async fn again(app: &App, actor: &Actor, sight_number: &str, input: RunAgain) -> Result<SightingView> {
    require(actor, Role::Analyst)?;
    let number = sight_number.to_owned();
    let of_search = number.clone();
    let records = app
        .read(actor, move |tx| {
            let search = find(tx, &of_search)?;
            let case = open_case(tx, &case_number(search.case_number))?;
            let before = sighting::needles(tx, search.id, 0, MAX_OBSERVABLES as i64)?;
            let before: HashSet<i64> = before.into_iter().map(|needle| needle.record).collect();
            let included = artifact::included(tx, case.id, Kind::Observable)?;
            let mut rows: Vec<i64> = included.into_iter().filter(|row| before.contains(row)).collect();
            let observables = rows.len();
            if search.patterns > 0 {
                let before = sighting::patterns(tx, search.id, 0, MAX_OBSERVABLES as i64)?;
                let before: HashSet<i64> = before.into_iter().map(|pattern| pattern.record).collect();
                rows.extend(sighting::with_patterns(tx, case.id)?.into_iter().filter(|row| before.contains(row)));
            }
            let patterns = (rows.len() - observables) as i64;
            Ok((rows, patterns))
        })
        .await?;
    if records.0.is_empty() {
        return Err(AppError::State("all of its observables are excluded by now: include some, or start another search".to_owned()));
    }
    app.change(actor, move |tx, stamp| {
        let search = find(tx, &number)?;
        let case = open_case(tx, &case_number(search.case_number))?;
        let (records, patterns) = records.clone();
        let asked = sources(&search);
        let sources = known(tx)?.into_iter().filter(|name| asked.is_empty() || asked.contains(name)).collect();
        let (window, window_text) = if input.all_data { (Window::All, "all data".to_owned()) } else { window(&search, stamp.at) };
        launch(tx, stamp, &case, &Asked { records, patterns, window, window_text, sources, urls: search.urls })
    })
    .await
}

/// The window of an earlier search, as it is now.
fn window(search: &Search, now: Timestamp) -> (Window, String) {
    let text = search.window_text.clone();
    if search.all_data {
        return (Window::All, text);
    }
    if text.starts_with("last ") {
        let seconds = search.window_to.micros().saturating_sub(search.window_from.micros()) / 1_000_000;
        return (Window::Between(now.plus_seconds(-seconds), now), text);
    }
    (Window::Between(search.window_from, search.window_to), text)
}
