//! The job that sends a webhook what is due. It ends after a while, so that other webhooks get their turn, and at the first
//! message that a receiver does not take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connect::webhook::{Answered, Message, SendError, Sender};
use model::job::JobState;
use model::webhook::{DeliveryState, PATIENCE_SECONDS, next_try};
use model::{Scope, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::webhook::{DueDelivery, Tried, Webhook};
use store::{Tx, change, job, journal, webhook};

use super::WebhookSettings;
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};

pub(crate) const JOB: Kind = Kind { name: "webhook", unit: "messages", lane: Lane::Outbound, run, give_up };

/// Messages of one job.
const MOST: u64 = 200;
/// The shortest and the longest time for which a webhook that fails is left alone, in seconds.
const REST: (i64, i64) = (5, 900);
/// The status that says that a receiver is no more.
const GONE: u16 = 410;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    /// Nothing: a webhook's name is no business of those who may not administer.
    subject: String,
    /// The webhook's row.
    webhook: i64,
}

/// Queues a job for each webhook that has messages due.
pub(crate) fn queue_due(tx: &mut Tx<'_>, stamp: &Stamp) -> Result<()> {
    for (n, webhook) in webhook::due(tx, stamp.at)?.into_iter().enumerate() {
        let (job, _) = job::queue(tx, JOB.name, &Payload { subject: String::new(), webhook }, 0, 0, &stamp.part(n))?;
        webhook::set_job(tx, webhook, job)?;
    }
    Ok(())
}

/// What came of the messages of a job.
#[derive(Debug, Default)]
struct Sent {
    delivered: u64,
    failed: u64,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { webhook, .. } = work.payload()?;
    let mut sent = Sent::default();
    let mut way: Option<Sender> = None;
    let stopping = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (working, ended) = std::sync::mpsc::channel::<()>();
        // Whoever waits for an answer hears that the server stops.
        scope.spawn(|| {
            let ended = ended;
            while ended.recv_timeout(std::time::Duration::from_millis(50)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                if work.check().is_err() {
                    stopping.store(true, Ordering::Relaxed);
                }
            }
        });
        let outcome = (|| {
            while sent.delivered < MOST && sent.failed == 0 {
                work.check()?;
                let now = app.now();
                let (hook, due, secrets) = app.store.read_blocking(Scope::System, move |tx| {
                    Ok::<_, AppError>((
                        webhook::find_by_row(tx, webhook)?,
                        webhook::next(tx, webhook, now)?,
                        webhook::secrets(tx, webhook, now)?,
                    ))
                })?;
                let (Some(hook), Some(due)) = (hook.filter(|hook| hook.enabled), due) else { break };
                if due.restricted && !hook.restricted {
                    keep_back(app, &due, now)?;
                    continue;
                }
                let said = match &way {
                    Some(way) => send(way, now, &due, &secrets),
                    None => match WebhookSettings::of(&hook).and_then(|settings| settings.sender(Arc::clone(&stopping))) {
                        Ok(made) => send(way.insert(made), now, &due, &secrets),
                        Err(refused) => Err(SendError::Network(refused.to_string())),
                    },
                };
                if said == Err(SendError::Cancelled) {
                    work.check()?;
                    return Err(Stop::Interrupted);
                }
                let arrived = said.as_ref().is_ok_and(|said| (200..300).contains(&said.status));
                note(app, work, hook, &due, said)?;
                if arrived { sent.delivered += 1 } else { sent.failed += 1 }
            }
            Ok(())
        })();
        drop(working);
        outcome
    })?;
    let (stamp, job) = (app.stamp(&work.job.created_by), work.job.clone());
    app.store.write_blocking(Scope::System, move |tx| {
        if sent.delivered + sent.failed > 0 {
            change::announce(tx, &stamp, Topic::Webhooks, 0)?;
        }
        done(tx, &stamp, &job, &json!({ "delivered": sent.delivered, "failed": sent.failed }))
    })?;
    Ok(())
}

fn send(way: &Sender, now: Timestamp, due: &DueDelivery, secrets: &[String]) -> Result<Answered, SendError> {
    way.send(&Message { id: &due.public_id, at: now, body: &due.body }, secrets)
}

/// Gives up a message of a case that was restricted after the message was written.
fn keep_back(app: &App, due: &DueDelivery, now: Timestamp) -> Result<(), Stop> {
    let id = due.id;
    let error = "the case was restricted before it was sent".to_owned();
    let kept = Tried { state: DeliveryState::Failed, next_at: Timestamp::NEVER, status: 0, error };
    app.store.write_blocking(Scope::System, move |tx| webhook::tried(tx, id, &kept, now))?;
    Ok(())
}

/// Notes what came of a try, with the message and with its webhook.
fn note(app: &App, work: &Work, hook: Webhook, due: &DueDelivery, said: Result<Answered, SendError>) -> Result<(), Stop> {
    let (stamp, due) = (app.stamp(&work.job.created_by), due.clone());
    app.store.write_blocking(Scope::System, move |tx| {
        // As it is now: it may have been changed or deleted while it was asked.
        let Some(mut hook) = webhook::find_by_row(tx, hook.id)? else { return Ok(()) };
        let status = said.as_ref().map_or(0, |said| said.status);
        if (200..300).contains(&status) {
            let arrived = Tried { state: DeliveryState::Delivered, next_at: Timestamp::NEVER, status: status.into(), error: String::new() };
            webhook::tried(tx, due.id, &arrived, stamp.at)?;
            if hook.failing_since.is_set() {
                hook.failing_since = Timestamp::NEVER;
                webhook::stands(tx, &hook, Timestamp::NEVER)?;
            }
            return Ok(());
        }
        let asked = said.as_ref().ok().and_then(|said| said.retry_after);
        let next = if status == GONE { None } else { next_try(due.attempts + 1, stamp.at, asked, stamp.seed[0]) };
        let state = if next.is_some() { DeliveryState::Pending } else { DeliveryState::Failed };
        let error = said.as_ref().err().map_or_else(|| refusal(status), |error| error.to_string().replace('\0', " "));
        let failed = Tried { state, next_at: next.unwrap_or(Timestamp::NEVER), status: status.into(), error };
        webhook::tried(tx, due.id, &failed, stamp.at)?;
        if !hook.failing_since.is_set() {
            hook.failing_since = stamp.at;
        }
        let failing = stamp.at.micros().saturating_sub(hook.failing_since.micros()) / 1_000_000;
        let why = match () {
            () if status == GONE => "its receiver answered 410 (Gone): it wants no more messages".to_owned(),
            () if failing >= PATIENCE_SECONDS => format!("no message arrived for {} days: {}", failing / 86_400, failed.error),
            () => String::new(),
        };
        if hook.enabled && !why.is_empty() {
            pause(tx, &stamp, &mut hook, why, status == GONE)?;
        }
        let rest = (failing / 4).clamp(REST.0, REST.1).max(asked.unwrap_or_default().min(86_400));
        Ok::<_, AppError>(webhook::stands(tx, &hook, stamp.at.plus_seconds(rest))?)
    })?;
    Ok(())
}

/// Stops sending to a webhook. What waits stays for when it goes on, unless the receiver wants none of it.
fn pause(tx: &mut Tx<'_>, stamp: &Stamp, hook: &mut Webhook, why: String, gone: bool) -> Result<()> {
    hook.enabled = false;
    if gone {
        webhook::drop_waiting(tx, hook.id, &why, stamp.at)?;
    }
    journal::append(tx, stamp, &Deed { verb: "webhook.pause", object: &hook.name, details: json!({ "why": why }) }, ShownIn::Journal)?;
    hook.paused = why;
    Ok(change::announce(tx, stamp, Topic::Webhooks, 0)?)
}

fn refusal(status: u16) -> String {
    match status {
        300..=399 => format!("it answered {status}, a redirect, which is not followed"),
        _ => format!("it answered {status}"),
    }
}

fn give_up(_: &mut Tx<'_>, _: &Stamp, _: &Job, _: JobState, _: &str) -> Result<()> {
    Ok(())
}
