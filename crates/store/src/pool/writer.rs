//! The one writer. It groups what is queued: each closure in a savepoint, one durable commit, then all are answered.

use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use tokio::sync::oneshot;

use super::Backend;
use super::backend::caught;
use super::checkpoint::Checkpoints;
use crate::engine::{Engine, Tx};
use crate::error::StoreError;
use model::Scope;

/// No group takes in more work once it has run this long: readers of fresh data and other writers wait for its commit.
const GROUP_TIME: Duration = Duration::from_millis(50);
const GROUP_SIZE: usize = 256;

/// The advisory lock that makes journal, change and commit order one on PostgreSQL: "vizsla" in ASCII.
const LOCK_WRITER: &str = "SELECT pg_advisory_xact_lock(130325988567137)";

/// A queued write.
pub(crate) trait Task: Send {
    /// Runs, keeps its outcome, and tells whether its changes stay.
    fn run(&mut self, backend: &mut Backend) -> Outcome;
    /// Whether its commit has to be on disk before it is answered.
    fn is_durable(&self) -> bool;
    /// Answers after the commit, with its own outcome or with the commit's failure.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
}

/// What a closure left in its savepoint.
pub(crate) enum Outcome {
    /// Changes, with the highest change number among them (0 for none).
    Keep(i64),
    /// A refusal: its changes are rolled back.
    Discard,
}

pub(crate) struct WriteTask<T, E, F> {
    scope: Scope,
    durable: bool,
    work: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> WriteTask<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    pub(crate) fn new(scope: Scope, durable: bool, work: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        (Self { scope, durable, work, outcome: None, answer }, receiver)
    }
}

impl<T, E, F> Task for WriteTask<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, backend: &mut Backend) -> Outcome {
        let mut tx = backend.tx(self.scope);
        let outcome = caught(|| (self.work)(&mut tx));
        let kept = if outcome.is_ok() { Outcome::Keep(tx.highest_change) } else { Outcome::Discard };
        self.outcome = Some(outcome);
        kept
    }

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let answer = match (failure, self.outcome) {
            // Its own refusal stands, whatever became of the others.
            (Some(_), Some(Err(own))) => Err(own),
            (Some(error), _) => Err(E::from(error.of_a_group())),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(E::from(StoreError::Closed)),
        };
        // Whoever asked may have gone; what was committed stays committed.
        let _ = self.answer.send(answer);
    }
}

pub(crate) fn run(mut backend: Backend, checkpoints: Option<&Checkpoints>, queue: &Receiver<Box<dyn Task>>, announce: impl Fn(i64)) {
    // What was taken from the queue and belongs to the next group.
    let mut carried: Option<Box<dyn Task>> = None;
    while let Some(first) = carried.take().or_else(|| queue.recv().ok()) {
        if let Some(checkpoints) = checkpoints {
            checkpoints.finish(&backend);
        }
        let mut group = vec![first];
        let result = commit_group(&mut backend, queue, &mut group, &mut carried);
        if let Err(error) = &result {
            tracing::error!(%error, writes = group.len(), "a group of writes was not committed");
            if let Err(error) = backend.run("ROLLBACK") {
                tracing::debug!(%error, "there was no transaction to roll back");
            }
        }
        for task in group {
            task.answer(result.as_ref().err());
        }
        if let Ok(highest_change) = result
            && highest_change > 0
        {
            announce(highest_change);
        }
    }
}

fn commit_group(
    backend: &mut Backend,
    queue: &Receiver<Box<dyn Task>>,
    group: &mut Vec<Box<dyn Task>>,
    carried: &mut Option<Box<dyn Task>>,
) -> Result<i64, StoreError> {
    let durable = group.first().is_none_or(|first| first.is_durable());
    begin(backend, durable)?;
    #[allow(clippy::disallowed_methods, reason = "how long the writer was held is not part of what is written")]
    let started = Instant::now();
    let mut highest_change = 0;
    let mut next = 0;
    loop {
        if next == 0
            && queue.is_empty()
            && let Some(alone) = group.first_mut()
        {
            // Nobody waits: what it changes needs no savepoint, for which every page would be copied once more.
            match alone.run(backend) {
                Outcome::Keep(change) => highest_change = highest_change.max(change),
                Outcome::Discard => {
                    backend.run("ROLLBACK")?;
                    begin(backend, durable)?;
                }
            }
            next = 1;
        }
        while let Some(task) = group.get_mut(next) {
            backend.run("SAVEPOINT one_write")?;
            match task.run(backend) {
                Outcome::Keep(change) => highest_change = highest_change.max(change),
                Outcome::Discard => backend.run("ROLLBACK TO SAVEPOINT one_write")?,
            }
            backend.run("RELEASE SAVEPOINT one_write")?;
            next += 1;
        }
        if group.len() >= GROUP_SIZE || started.elapsed() >= GROUP_TIME {
            break;
        }
        match queue.try_recv() {
            Ok(task) if task.is_durable() == durable => group.push(task),
            Ok(task) => {
                *carried = Some(task);
                break;
            }
            Err(_) => break,
        }
    }
    backend.run("COMMIT")?;
    Ok(highest_change)
}

fn begin(backend: &mut Backend, durable: bool) -> Result<(), StoreError> {
    match backend.engine() {
        Engine::Sqlite => {
            backend.run(if durable { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })?;
            backend.begin("BEGIN IMMEDIATE")
        }
        Engine::Postgres => {
            backend.begin("BEGIN")?;
            if !durable {
                backend.run("SET LOCAL synchronous_commit = off")?;
            }
            backend.run(LOCK_WRITER)
        }
    }
}
