//! The threads that own the connections: one writer, several readers, each behind a bounded queue.
//!
//! A closure runs on such a thread from the begin of its transaction to the end: no `await` can happen inside, and a
//! request that goes away can't leave half a change. Measured on two cores, an indexed select through a connection of
//! one's own takes 4 µs, through an async SQL layer 50 µs.

mod backend;
mod checkpoint;
mod writer;

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

pub(crate) use backend::{Backend, Target};

use crate::engine::Tx;
use crate::error::StoreError;
use model::Scope;
use writer::{Task, WriteTask};

type ReadTask = Box<dyn FnOnce(&mut Backend) + Send>;

/// How many requests may wait for a reader, and how many for the writer, before new ones are turned away.
const QUEUE: usize = 4_096;

pub(crate) struct Pool {
    reads: Option<Sender<ReadTask>>,
    writes: Option<Sender<Box<dyn Task>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts one writer on `first`, and `readers` readers on connections of their own.
    pub(crate) fn start(
        target: &Target,
        mut first: Backend,
        readers: usize,
        announce: impl Fn(i64) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (reads, read_queue) = bounded::<ReadTask>(QUEUE);
        let (writes, write_queue) = bounded::<Box<dyn Task>>(QUEUE);
        let mut threads = Vec::with_capacity(readers + 2);
        let checkpoints = checkpoint::start(target, &mut first)?.map(|(checkpoints, thread)| {
            threads.push(thread);
            checkpoints
        });
        // Before the thread that hears from it, so that it is joined first: threads end in the order of this list.
        threads.insert(0, spawn("store-writer", move || writer::run(first, checkpoints.as_ref(), &write_queue, announce))?);
        for number in 0..readers {
            let backend = target.connect()?;
            let queue: Receiver<ReadTask> = read_queue.clone();
            threads.push(spawn(&format!("store-reader-{number}"), move || {
                let mut backend = backend;
                for task in queue {
                    task(&mut backend);
                }
            })?);
        }
        Ok(Self { reads: Some(reads), writes: Some(writes), threads })
    }

    pub(crate) fn read<T, E, F>(&self, scope: Scope, work: F) -> Result<oneshot::Receiver<Result<T, E>>, StoreError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let task: ReadTask = Box::new(move |backend| {
            // A caller that went away takes no answer; there is nothing to undo in a read.
            let _ = answer.send(backend.read(scope, work));
        });
        submit(self.reads.as_ref(), task)?;
        Ok(receiver)
    }

    pub(crate) fn write<T, E, F>(&self, scope: Scope, durable: bool, work: F) -> Result<oneshot::Receiver<Result<T, E>>, StoreError>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (task, receiver) = WriteTask::new(scope, durable, work);
        submit(self.writes.as_ref(), Box::new(task) as Box<dyn Task>)?;
        Ok(receiver)
    }
}

/// How much waits for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Reads.
    pub reads: usize,
    /// Writes.
    pub writes: usize,
}

impl crate::Store {
    /// How much waits for its threads right now.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let Pool { reads, writes, .. } = &*self.pool;
        Waiting { reads: reads.as_ref().map_or(0, Sender::len), writes: writes.as_ref().map_or(0, Sender::len) }
    }
}

impl Drop for Pool {
    /// Lets what is queued finish, then ends the threads.
    fn drop(&mut self) {
        self.reads = None;
        self.writes = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a store thread had panicked");
            }
        }
    }
}

fn submit<T>(queue: Option<&Sender<T>>, task: T) -> Result<(), StoreError> {
    match queue.ok_or(StoreError::Closed)?.try_send(task) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(_)) => Err(StoreError::Busy),
        Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| StoreError::File { what: format!("starting the thread {name}"), error })
}
