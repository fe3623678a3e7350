//! Queues what watches are to do by now. Time that passed while the server was off is made up once: the next time is
//! counted from now.

use model::case::case_number;
use model::{Stamp, Timestamp};
use serde_json::json;
use store::job::OfCase;
use store::watch::Watch;
use store::{Tx, job, source, watch};

use super::WatchView;
use super::added::{JOB as ADDED, Payload};
use crate::error::Result;
use crate::sighting::launch_standing;

/// How far before the last ask the next one begins, in seconds: for events that arrive late.
const OVERLAP: i64 = 3_600;
/// How far back an ask goes at most, in seconds.
const FARTHEST: i64 = 30 * 86_400;

/// Cases whose jobs are queued in one transaction; the others' turn comes with the next.
const AT_ONCE: i64 = 20;

/// Whether something is to be done.
pub(crate) fn is_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool> {
    Ok(!watch::to_look(tx, 1)?.is_empty() || !watch::to_ask(tx, now, 1)?.is_empty())
}

/// Queues some of it.
pub(crate) fn queue_due(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<()> {
    let mut jobs = Vec::new();
    for due in watch::to_look(tx, AT_ONCE)? {
        let payload = json!(Payload { subject: case_number(due.number) }).to_string();
        jobs.push(OfCase { case: due.case, payload, actor: due.created_by });
    }
    let jobs = job::queue_each(tx, ADDED.name, &jobs, stamp)?;
    if !jobs.is_empty() {
        watch::looks(tx, &jobs)?;
    }
    let due = watch::to_ask(tx, stamp.at, AT_ONCE)?;
    let sources = if due.is_empty() { Vec::new() } else { source::list(tx)? };
    for (n, (case, watch)) in due.into_iter().enumerate() {
        ask(tx, &Stamp { actor: watch.created_by.clone(), ..stamp.part(n) }, case, watch, &sources)?;
    }
    Ok(())
}

/// Queues a search over the time since outside sources were last asked.
fn ask(tx: &mut Tx<'_>, stamp: &Stamp, row: i64, watch: Watch, sources: &[source::Source]) -> Result<()> {
    // What the search says of its window is read by people: whole minutes at its start, whole seconds at its end.
    let to = whole(stamp.at, 1);
    let next = stamp.at.plus_seconds(watch.every * 60);
    let since = watch.asked_to.set().unwrap_or_else(|| stamp.at.plus_seconds(-watch.every * 60));
    let from = whole(since.plus_seconds(-OVERLAP).max(stamp.at.plus_seconds(-FARTHEST)), 60);
    let urls = watch.urls;
    let wanted = WatchView::from(Some(watch)).sources;
    let asked = |one: &&source::Source| one.enabled && !one.external && (wanted.is_empty() || wanted.contains(&one.name));
    let sources: Vec<String> = sources.iter().filter(asked).map(|one| one.name.clone()).collect();
    if sources.is_empty() {
        watch::asks(tx, row, 0, next)?;
        return Ok(watch::asked(tx, row, stamp.at, "no source is there to be asked: set one up, or switch it on", None)?);
    }
    let job = launch_standing(tx, stamp, row, (from, to), &sources, urls)?;
    Ok(watch::asks(tx, row, job, next)?)
}

/// A moment without what is left over of so many seconds.
fn whole(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(at.micros() - at.micros().rem_euclid(seconds * 1_000_000))
}
