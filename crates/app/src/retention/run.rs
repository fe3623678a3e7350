//! The job that removes what is older or more than is kept: a partition at a time, each of them whole or not at all.

use std::collections::BTreeMap;

use model::job::JobState;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::{Tx, blob, change, journal, log_source};

use super::plan::Part;
use super::view::name;
use super::{RetentionInput, RetentionRun, Stored, plan};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};

pub(crate) const JOB: Kind = Kind { name: "logs_retention", unit: "partitions", lane: Lane::Logs, run, give_up };

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// Nothing: it is about all logs.
    pub(super) subject: String,
}

/// Files whose rows are written in one transaction.
const CHUNK: usize = 500;

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    // What an attempt that ended before it could say so had removed.
    let told_late = settle(app, work, "", &[])?;
    let planned = plan(app, &RetentionInput::default(), Scope::System)?;
    let partitions: Vec<&[Part]> = planned.parts.chunk_by(|a, b| a.partition == b.partition).collect();
    let total = partitions.len() as u64;
    let mut ran = RetentionRun { events: told_late, by: work.job.created_by.clone(), ..RetentionRun::default() };
    for (at, parts) in partitions.into_iter().enumerate() {
        work.progress(at as u64, total);
        work.check()?;
        let Some(partition) = parts.first().map(|part| part.partition.as_str()) else { continue };
        let batches: Vec<i64> = parts.iter().flat_map(|part| part.batches.iter().copied()).collect();
        app.logs.expire(partition, &batches, app.now())?;
        ran.events += settle(app, work, partition, parts)?;
        ran.partitions += 1;
        ran.disk_bytes += parts.iter().map(|part| part.disk_bytes).sum::<u64>();
    }
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    ran.at = stamp.at;
    app.store.write_blocking(Scope::System, move |tx| {
        let result = json!({ "partitions": ran.partitions, "events": ran.events, "disk_bytes": ran.disk_bytes });
        Stored { last: Some(ran.clone()), ..Stored::load(tx)? }.save(tx)?;
        store::job::beat(tx, job.id, total as i64, total as i64, stamp.at)?;
        done(tx, &stamp, &job, &result)?;
        change::announce(tx, &stamp, Topic::Logs, 0)?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}

/// Writes down what the index lost and the files' rows do not know yet, journals it, and forgets the bytes of files of which
/// nothing is left. Tells how many events.
///
/// It compares, so that nothing is lost between the index and the database.
fn settle(app: &App, work: &Work, partition: &str, parts: &[Part]) -> Result<u64, Stop> {
    let expired = app.logs.expired();
    let meant = |batch: &i64| partition.is_empty() || parts.iter().any(|part| part.batches.contains(batch));
    let batches: Vec<i64> = expired.keys().filter(|batch| meant(batch)).copied().collect();
    let mut events = 0;
    for chunk in batches.chunks(CHUNK) {
        let rows = chunk.to_vec();
        let files = app.store.read_blocking(Scope::System, move |tx| log_source::files_by_rows(tx, &rows))?;
        let mut changed = Vec::new();
        let mut lost: BTreeMap<String, i64> = BTreeMap::new();
        for mut file in files {
            let gone = expired.get(&file.id).map_or(0, |gone| i64::try_from(*gone).unwrap_or(i64::MAX));
            let more = gone - file.expired;
            if more <= 0 {
                continue;
            }
            let left = app.logs.batch(file.id).unwrap_or_default();
            file.events = i64::try_from(left.events).unwrap_or(i64::MAX);
            (file.first_at, file.last_at) = (left.first.unwrap_or_default(), left.last.unwrap_or_default());
            (file.expired, file.expired_at) = (gone, app.now());
            *lost.entry(file.source_name.clone()).or_default() += more;
            changed.push(file);
        }
        if changed.is_empty() {
            continue;
        }
        events += lost.values().map(|count| u64::try_from(*count).unwrap_or_default()).sum::<u64>();
        let details = json!({ "partition": name(partition), "sources": told(&lost, parts) });
        let stamp = app.stamp(&work.job.created_by);
        let empty: Vec<String> = changed.iter().filter(|file| file.events == 0).map(|file| file.sha256.clone()).collect();
        let forgotten = app.store.write_blocking(Scope::System, move |tx| {
            log_source::expired(tx, &changed)?;
            let forgotten = blob::forget(tx, &empty)?;
            journal::append(tx, &stamp, &Deed { verb: "logs.expired", object: "logs", details: &details }, ShownIn::Journal)?;
            change::announce(tx, &stamp, Topic::Logs, 0)?;
            Ok::<_, AppError>(forgotten)
        })?;
        blob::remove_forgotten(&app.store, &forgotten)?;
    }
    Ok(events)
}

/// What each source lost, for the journal.
fn told(lost: &BTreeMap<String, i64>, parts: &[Part]) -> Vec<serde_json::Value> {
    lost.iter()
        .map(|(source, events)| {
            let of: Vec<&Part> = parts.iter().filter(|part| part.source == *source).collect();
            let date = |day: Option<i64>| day.map(|day| model::Timestamp::from_day(day).date()).unwrap_or_default();
            let days = || of.iter().filter_map(|part| part.days);
            json!({
                "source": source,
                "events": events,
                "from": date(days().map(|(first, _)| first).min()),
                "to": date(days().map(|(_, last)| last).max()),
                "disk_bytes": of.iter().map(|part| part.disk_bytes).sum::<u64>(),
                "why": of.first().map(|part| part.why),
            })
        })
        .collect()
}

fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
