//! Lets a case watch, and ends it.

use model::case::case_number;
use model::sighting::UrlMatch;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal, source, watch};

use super::WatchView;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};

/// How often outside sources can be asked, in minutes.
const EVERY: std::ops::RangeInclusive<u32> = 15..=1_440;
/// The most sources that can be named.
const MOST_SOURCES: usize = 100;

/// How a case watches; what is not given stays, and is off at first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WatchInput {
    /// Every how many minutes outside sources are asked: 15 to 1,440, 0 for never.
    pub every_minutes: Option<u32>,
    /// Which outside sources, by name; an empty list for all that tell what happened here.
    pub sources: Option<Vec<String>>,
    /// How much of a URL has to stand in an event; all of it at first.
    pub urls: Option<UrlMatch>,
}

/// From now on, the case's included observables are looked for in every log that comes in, and asked of outside sources as
/// often as is said. With a new schedule, they are asked at once.
///
/// # Errors
/// When a source is unknown, the schedule can't be kept, the case is not open, or the actor is a reader.
pub async fn set(app: &App, actor: &Actor, number: &str, input: WatchInput) -> Result<WatchView> {
    require(actor, Role::Analyst)?;
    if input.every_minutes.is_some_and(|every| every != 0 && !EVERY.contains(&every)) {
        return Err(AppError::invalid("/every_minutes", "must be from 15 to 1,440, or 0 for never"));
    }
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let began = watch::set(tx, case.id, stamp)?;
        let before = WatchView::from(watch::find(tx, case.id)?);
        let every = input.every_minutes.unwrap_or(before.every_minutes);
        let sources = input.sources.clone().unwrap_or_else(|| before.sources.clone());
        let scheduled = every != before.every_minutes || sources != before.sources;
        if scheduled {
            check(tx, &sources)?;
            let next = if every > 0 { stamp.at } else { model::Timestamp::NEVER };
            watch::schedule(tx, case.id, every.into(), &json!(sources).to_string(), next)?;
        }
        let urls = input.urls.unwrap_or(before.urls);
        let matches = urls != before.urls;
        if matches {
            watch::match_urls(tx, case.id, urls)?;
        }
        if began || scheduled || matches {
            let details = json!({ "watching": true, "every_minutes": every, "sources": sources, "urls": urls });
            let deed = Deed { verb: "sighting.watch", object: &case_number(case.number), details };
            journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
            change::announce(tx, stamp, Topic::Sightings, case.id)?;
        }
        Ok(watch::find(tx, case.id)?.into())
    })
    .await
}

/// Refuses what is no outside source that tells what happened here.
fn check(tx: &mut Tx<'_>, sources: &[String]) -> Result<()> {
    if sources.len() > MOST_SOURCES {
        return Err(AppError::invalid("/sources", format!("must name at most {MOST_SOURCES}")));
    }
    let known = source::list(tx)?;
    let mut fields = Fields::new();
    for (at, name) in sources.iter().enumerate() {
        match known.iter().find(|source| source.name == *name) {
            None => {
                fields.refuse(format!("/sources/{at}"), "is no outside source; logs of Vizsla's own are looked through as they come in")
            }
            Some(source) if source.external => fields.refuse(format!("/sources/{at}"), "tells what others saw, which is nothing to watch"),
            Some(_) => {}
        }
    }
    Ok(fields.finish()?)
}

/// New logs are no longer looked through for the case, and outside sources no longer asked.
///
/// # Errors
/// When the case is not open, or the actor is a reader.
pub async fn unset(app: &App, actor: &Actor, number: &str) -> Result<WatchView> {
    require(actor, Role::Analyst)?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        if watch::unset(tx, case.id)? {
            let details = json!({ "watching": false });
            let deed = Deed { verb: "sighting.watch", object: &case_number(case.number), details };
            journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
            change::announce(tx, stamp, Topic::Sightings, case.id)?;
        }
        Ok(WatchView::default())
    })
    .await
}
