//! The threads that carry jobs out.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use model::job::JobState;
use model::{Scope, Stamp};
use store::change::Topic;
use store::job::Job;
use store::{StoreError, change, job};
use tokio::sync::watch;

use super::{KINDS, Lane, Stop, Work, kind};
use crate::App;
use crate::error::{AppError, Result};

/// What the threads take, one a thread: how many jobs run at the same time. Those that write the log index would wait for
/// each other there, and a hunter's search must wait neither for an import nor for a receiver of messages that is down; nor
/// may what waits for an outside source keep anything but its like waiting.
const THREADS: [&[Lane]; 6] = [&[Lane::Any, Lane::Logs], &[Lane::Any], &[Lane::Any], &[Lane::Outside], &[Lane::Outside], &[Lane::Outbound]];
/// How often a running job says that it is alive: well within [`job::ABANDONED_AFTER_SECONDS`].
const BEAT: Duration = Duration::from_secs(2);
/// How often the queue is looked at when nothing says that it changed: for jobs that wait to be tried again.
const TICK: Duration = Duration::from_secs(5);
/// How many transactions queue what is due before anything else is done.
const MOST_ROUNDS: usize = 100;
/// A job that failed so often has failed for good.
const ATTEMPTS: i64 = 3;
/// How long a job waits before it is tried again.
const RETRY_SECONDS: i64 = 20;

/// The running threads. Dropped, it lets them put back what they are doing, and waits for them.
#[derive(Debug)]
pub struct Runner {
    stopping: Arc<AtomicBool>,
    tell: watch::Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.tell.send_replace(());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a job thread had panicked");
            }
        }
    }
}

/// Jobs that threads of this process have in hand.
type InHand = Arc<Mutex<HashSet<i64>>>;

/// Takes over what a process that ended had in hand, and starts the threads. Call it once, when the data directory is
/// held.
///
/// # Errors
/// When the store can't be written, or the system gives no threads.
pub fn run_jobs(app: &App) -> Result<Runner> {
    match apart(|| app.store.write_blocking(Scope::System, job::take_over)) {
        Ok(0) => {}
        Ok(taken) => tracing::info!(jobs = taken, "jobs that were interrupted go on"),
        // Reading goes on. Their hearts beat no more, so that they are taken up once there is room.
        Err(error) if error.is_full() => tracing::warn!(%error, "jobs that were interrupted wait until there is room on the disk"),
        Err(error) => return Err(error.into()),
    }
    let (tell, _) = watch::channel(());
    let mut runner = Runner { stopping: Arc::default(), tell, threads: Vec::with_capacity(THREADS.len()) };
    let in_hand = InHand::default();
    for (number, lanes) in THREADS.into_iter().enumerate() {
        let failed = |error: std::io::Error| AppError::Internal(format!("a thread for jobs could not be started: {error}"));
        // It drives nothing but the waiting.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let (app, stopping, told, in_hand) = (app.clone(), Arc::clone(&runner.stopping), runner.tell.subscribe(), Arc::clone(&in_hand));
        let except: Vec<_> = KINDS.iter().filter(|kind| !lanes.contains(&kind.lane)).map(|kind| kind.name).collect();
        let plans = lanes.contains(&Lane::Outbound);
        let thread = std::thread::Builder::new()
            .name(format!("job-{number}"))
            .spawn(move || serve(&app, &except, plans, &runtime, &stopping, told, &in_hand))
            .map_err(failed)?;
        runner.threads.push(thread);
    }
    Ok(runner)
}

fn serve(
    app: &App,
    except: &[&'static str],
    plans: bool,
    runtime: &tokio::runtime::Runtime,
    stopping: &Arc<AtomicBool>,
    mut told: watch::Receiver<()>,
    in_hand: &InHand,
) {
    let mut changes = app.changes();
    while !stopping.load(Ordering::Relaxed) {
        // What is committed from here on wakes the wait below.
        changes.mark_unchanged();
        if plans && let Err(error) = queue_due(app) {
            tracing::warn!(%error, "what is due could not be queued; it is tried again");
        }
        match claim(app, except) {
            Ok(Some(job)) => {
                let id = job.id;
                // After the machine slept, a job of ours may look abandoned: it is not.
                if in_hand.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
                    carry_out(app, job, RETRY_SECONDS, stopping);
                    in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the job queue could not be read; it is tried again"),
        }
        runtime.block_on(async {
            let tick = tokio::time::sleep(TICK);
            tokio::select! {
                _ = told.changed() => {}
                Ok(()) = changes.changed() => {}
                () = tick => {}
            }
        });
    }
}

/// Carries out every job that waits, and what they queue in turn, and comes back when there is no more: for commands
/// and tests. Tells how many were carried out.
///
/// # Errors
/// When the store fails.
pub fn drain(app: &App) -> Result<usize> {
    // On a thread of its own, because the store's blocking calls must not be made from an async one.
    apart(|| {
        let stopping = Arc::default();
        let mut count = 0;
        while let Some(job) = {
            queue_due(app)?;
            claim(app, &[])?
        } {
            carry_out(app, job, 0, &stopping);
            count += 1;
        }
        Ok(count)
    })
}

fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn claim(app: &App, except: &[&'static str]) -> Result<Option<Job>, StoreError> {
    let (now, except) = (app.now(), except.to_vec());
    let others = except.clone();
    if !app.store.read_blocking(Scope::System, move |tx| job::waits(tx, now, &others))? {
        return Ok(None);
    }
    app.store.write_blocking(Scope::System, move |tx| job::claim_except(tx, now, &except))
}

/// Queues what is due by the clock: messages to webhooks, what watches do, and retention. A look first, so that the writer is
/// not kept; much of it in several transactions.
fn queue_due(app: &App) -> Result<()> {
    for _ in 0..MOST_ROUNDS {
        let stamp = app.stamp("system");
        let now = stamp.at;
        let due = app.store.read_blocking(Scope::System, move |tx| {
            Ok::<_, AppError>(
                !store::webhook::due(tx, now)?.is_empty() || crate::watch::is_due(tx, now)? || crate::retention::is_due(tx, now)?,
            )
        })?;
        if !due {
            break;
        }
        app.store.write_blocking(Scope::System, move |tx| {
            crate::watch::queue_due(tx, &stamp.part(1))?;
            crate::retention::queue_due(tx, &stamp.part(3))?;
            crate::webhook::queue_due(tx, &stamp.part(2))
        })?;
    }
    Ok(())
}

/// Carries a claimed job out, and sees to its end whatever happens.
fn carry_out(app: &App, job: Job, retry_seconds: i64, stopping: &Arc<AtomicBool>) {
    let work = Work::new(job, Arc::clone(stopping));
    let outcome = attempt(app, &work);
    let job = &work.job;
    let ended = match outcome {
        Ok(()) => Ok(()),
        Err(Stop::Cancelled) => end(app, job, JobState::Cancelled, ""),
        Err(Stop::Interrupted) => give_back(app, job, "", true, 0),
        Err(Stop::Again(why)) if job.attempts < ATTEMPTS => {
            tracing::warn!(job = job.public_id, kind = job.kind, attempt = job.attempts, error = why, "a job failed and is tried again");
            give_back(app, job, &why, false, retry_seconds)
        }
        Err(Stop::Again(why) | Stop::Final(why)) => {
            tracing::warn!(job = job.public_id, kind = job.kind, error = why, "a job failed");
            end(app, job, JobState::Failed, &why)
        }
    };
    if let Err(error) = ended {
        // Its heart beats no more, so that it is taken up again.
        tracing::error!(job = job.public_id, kind = job.kind, %error, "the end of a job could not be written; it is tried again");
    }
}

fn attempt(app: &App, work: &Work) -> Result<(), Stop> {
    let job = &work.job;
    let Some(kind) = kind(&job.kind) else {
        let name = &job.kind;
        return Err(Stop::Final(format!("this Vizsla knows no jobs of the kind `{name}`: use the version that queued it, or a newer one")));
    };
    if job.cancel {
        return Err(Stop::Cancelled);
    }
    if job.attempts > ATTEMPTS {
        let why = if job.error.is_empty() { "each time the server ended before it did" } else { job.error.as_str() };
        return Err(Stop::Final(format!(
            "it was tried {ATTEMPTS} times without coming to its end: {why}. Start it again when that is mended"
        )));
    }
    std::thread::scope(|scope| {
        let (working, ended) = channel();
        scope.spawn(move || keep_beating(app, work, &ended));
        let outcome = catch_unwind(AssertUnwindSafe(|| (kind.run)(app, work)));
        drop(working);
        outcome.unwrap_or_else(|_| Err(Stop::Again("a fault of Vizsla's own; its log tells more, please report it".to_owned())))
    })
}

/// Says that a job is alive and how far it is, until it ended, and hears whether it is to stop.
fn keep_beating(app: &App, work: &Work, ended: &Receiver<()>) {
    let mut told = None;
    while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
        let reported = work.reported();
        let news = reported != told;
        told = reported;
        let (stamp, id, case) = (app.stamp(&work.job.created_by), work.job.id, work.job.case);
        let beat = app.store.write_blocking(Scope::System, move |tx| {
            if news {
                change::announce(tx, &stamp, Topic::Jobs, case)?;
            }
            match reported {
                Some((done, total)) => job::beat(tx, id, done, total, stamp.at),
                None => job::heart(tx, id, stamp.at),
            }
        });
        match beat {
            Ok::<_, StoreError>(true) => work.set_cancelled(),
            Ok(false) => {}
            Err(error) => tracing::warn!(job = work.job.public_id, %error, "a job could not say that it is alive"),
        }
    }
}

fn end(app: &App, job: &Job, state: JobState, why: &str) -> Result<()> {
    let (job, why, stamp) = (job.clone(), why.to_owned(), app.stamp(&job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        if let Some(kind) = kind(&job.kind) {
            (kind.give_up)(tx, &stamp, &job, state, &why)?;
        }
        job::finish(tx, job.id, state, "", &why, stamp.at)?;
        change::announce(tx, &stamp, Topic::Jobs, job.case)?;
        Ok(())
    })
}

fn give_back(app: &App, job: &Job, why: &str, unused: bool, seconds: i64) -> Result<()> {
    let (id, case, why, stamp) = (job.id, job.case, why.to_owned(), app.stamp(&job.created_by));
    app.store.write_blocking(Scope::System, move |tx| {
        job::give_back(tx, id, &why, unused, stamp.at.plus_seconds(seconds))?;
        change::announce(tx, &stamp, Topic::Jobs, case)?;
        Ok(())
    })
}

/// Ends a job as done, in the transaction of its last change.
pub(crate) fn done(tx: &mut store::Tx<'_>, stamp: &Stamp, job: &Job, result: &serde_json::Value) -> Result<()> {
    job::finish(tx, job.id, JobState::Done, &result.to_string(), "", stamp.at)?;
    change::announce(tx, stamp, Topic::Jobs, job.case)?;
    Ok(())
}
