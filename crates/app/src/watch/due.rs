//! Queues what watches are to do by now. Time that passed while the server was off is made up once: the next time is
//! counted from now.

use model::case::case_number;
use model::{Stamp, Timestamp};
use store::{Tx, case, job, source, watch};

use super::WatchView;
use super::added::{JOB as ADDED, Payload};
use crate::error::Result;
use crate::sighting::launch_standing;

/// How far before the last ask the next one begins, in seconds: for events that arrive late.
const OVERLAP: i64 = 3_600;
/// How far back an ask goes at most, in seconds.
const FARTHEST: i64 = 30 * 86_400;

/// Whether something is to be done.
pub(crate) fn is_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool> {
    Ok(!watch::to_look(tx)?.is_empty() || !watch::to_ask(tx, now)?.is_empty())
}

/// Queues it.
pub(crate) fn queue_due(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<()> {
    for (n, (row, who)) in watch::to_look(tx)?.into_iter().enumerate() {
        let Some(case) = case::find_by_id(tx, row)? else { continue };
        let stamp = Stamp { actor: who, ..stamp.part(n) };
        let (job, _) = job::queue(tx, ADDED.name, &Payload { subject: case_number(case.number) }, row, 0, &stamp)?;
        watch::looks(tx, row, job)?;
    }
    for (n, (row, who)) in watch::to_ask(tx, stamp.at)?.into_iter().enumerate() {
        ask(tx, &Stamp { actor: who, ..stamp.part(n) }, row)?;
    }
    Ok(())
}

/// Queues a search over the time since outside sources were last asked.
fn ask(tx: &mut Tx<'_>, stamp: &Stamp, row: i64) -> Result<()> {
    let (Some(watch), Some(case)) = (watch::find(tx, row)?, case::find_by_id(tx, row)?) else { return Ok(()) };
    // What the search says of its window is read by people: whole minutes at its start, whole seconds at its end.
    let to = whole(stamp.at, 1);
    let next = stamp.at.plus_seconds(watch.every * 60);
    let since = watch.asked_to.set().unwrap_or_else(|| stamp.at.plus_seconds(-watch.every * 60));
    let from = whole(since.plus_seconds(-OVERLAP).max(stamp.at.plus_seconds(-FARTHEST)), 60);
    let urls = watch.urls;
    let wanted = WatchView::from(Some(watch)).sources;
    let asked = |one: &source::Source| one.enabled && !one.external && (wanted.is_empty() || wanted.contains(&one.name));
    let sources: Vec<String> = source::list(tx)?.into_iter().filter(asked).map(|one| one.name).collect();
    if sources.is_empty() {
        watch::asks(tx, row, 0, next)?;
        return Ok(watch::asked(tx, row, stamp.at, "no source is there to be asked: set one up, or switch it on", None)?);
    }
    let job = launch_standing(tx, stamp, &case, (from, to), &sources, urls)?;
    Ok(watch::asks(tx, row, job, next)?)
}

/// A moment without what is left over of so many seconds.
fn whole(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(at.micros() - at.micros().rem_euclid(seconds * 1_000_000))
}
