//! What searches found of a record, for its details.

use app::PageQuery;
use app::sighting::{self, RecordSightingView, SeenNameView};
use model::sighting::Outcome;
use model::{Actor, Timestamp};

use super::cell::count;
use super::picture::{self, Hist};
use crate::Web;
use crate::error::Failure;

/// How many searches the details show.
const SHOWN: usize = 3;
/// How many results of the newest searches are looked at for them.
const LOOKED_AT: u32 = 50;
/// Bars of a picture beside a list.
const BARS: i64 = 30;

/// What one search found of a record in one source.
pub(crate) struct PanelSighting {
    /// `SIGHT0001001`.
    pub(crate) number: String,
    /// The case's number.
    pub(crate) case: String,
    /// `last 7 days`.
    pub(crate) window: String,
    pub(crate) source: String,
    pub(crate) outcome: Outcome,
    /// `1,904`, or empty when it was not seen.
    pub(crate) count: String,
    /// What the source has in the window, in words.
    pub(crate) coverage: String,
    pub(crate) first_seen: Option<Timestamp>,
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) picture: Hist,
    /// The machines with most hits.
    pub(crate) hosts: Vec<SeenNameView>,
    pub(crate) hosts_total: i64,
}

impl PanelSighting {
    fn of(found: RecordSightingView) -> Self {
        let result = found.result;
        let window = found.window.from.zip(found.window.to).map(|(from, to)| (from.day(), to.day()));
        let frame = window.or_else(|| picture::frame_of(&result.histogram));
        Self {
            number: found.number,
            case: found.case,
            window: found.window.text,
            outcome: result.outcome,
            count: if result.outcome == Outcome::Seen { count(&result) } else { String::new() },
            picture: picture::hist(frame, &result.histogram, None, BARS),
            source: result.source,
            coverage: result.coverage,
            first_seen: result.first_seen,
            last_seen: result.last_seen,
            hosts: result.hosts.into_iter().take(10).collect(),
            hosts_total: result.hosts_total,
        }
    }
}

/// What the newest searches found of a record, source by source.
pub(crate) async fn panel(web: &Web, actor: &Actor, record_id: &str) -> Result<Vec<PanelSighting>, Failure> {
    let found = sighting::of_record(&web.app, actor, record_id, PageQuery::newest(LOOKED_AT)).await?.items;
    let mut searches: Vec<String> = Vec::new();
    let mut shown = Vec::new();
    for one in found {
        if !searches.contains(&one.number) {
            if searches.len() == SHOWN {
                break;
            }
            searches.push(one.number.clone());
        }
        shown.push(PanelSighting::of(one));
    }
    Ok(shown)
}
