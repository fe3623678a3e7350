//! Tells a case what its watch saw: activity, live event, webhooks, and what its pages show.

use model::Stamp;
use model::case::case_number;
use model::webhook::EventType;
use serde_json::json;
use store::case::Case;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal, watch};

use super::WatchNews;
use crate::error::Result;
use crate::webhook;

/// What was seen, and where.
pub(super) struct Seen<'a> {
    /// How many observables.
    pub(super) observables: usize,
    /// In which sources.
    pub(super) sources: &'a [String],
    /// In which file that came in; empty where it was in none.
    pub(super) file: &'a str,
    /// The search that tells more.
    pub(super) search: &'a str,
}

/// Tells a case what was seen, once.
pub(super) fn tell(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, seen: &Seen<'_>) -> Result<()> {
    let Seen { observables, sources, file, search } = *seen;
    let details = json!({ "search": search, "observables": observables, "source": sources.join(", "), "file": file });
    let deed = Deed { verb: "sighting.watched", object: &case_number(case.number), details: &details };
    journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
    let news = WatchNews { at: stamp.at, observables: observables as i64, sources: sources.to_vec(), search: search.to_owned() };
    watch::set_news(tx, case.id, &json!(news).to_string(), stamp.at)?;
    change::announce(tx, stamp, Topic::Watch, case.id)?;
    let told = json!({ "case": case_number(case.number), "search": search, "observables": observables, "sources": sources });
    webhook::raise(tx, stamp, EventType::SightingSeen, case, &told)
}
