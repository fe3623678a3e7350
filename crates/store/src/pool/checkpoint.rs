//! Moving what SQLite's log holds into the database file, beside the writer instead of within one of its commits.
//!
//! Left to itself, SQLite does it in the commit that fills the log: with 64 MiB of pages, that commit and everybody who
//! waits behind it took a quarter of a second. Here a thread of its own does it while the writer goes on. The log starts
//! over only when all of it is in the file at a moment when nobody writes, so the writer moves the short rest itself
//! once the log is long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Backend, Target, spawn};
use crate::error::StoreError;

/// Pages (of 4 KiB) that gather before they are moved: pages that change again and again are moved once.
const GATHER: i32 = 8_192;
/// From how many pages on the log is to start over.
const START_OVER: i32 = 16_384;
/// What the writer may move itself, in a few milliseconds.
const SHORT_REST: i32 = 1_024;
/// How often the thread tries to come within a short rest of a busy writer.
const ROUNDS: usize = 4;

/// What the writer and the thread tell each other.
#[derive(Default)]
struct Progress {
    /// Pages of the log that are in the file.
    moved: AtomicI32,
    /// The writer shall move the rest.
    finish: AtomicBool,
}

/// The writer's side.
pub(super) struct Checkpoints {
    progress: Arc<Progress>,
}

/// Starts the thread, and has the writer's connection tell it how long the log is. Nothing on PostgreSQL.
pub(super) fn start(target: &Target, writer: &mut Backend) -> Result<Option<(Checkpoints, JoinHandle<()>)>, StoreError> {
    let Backend::Sqlite(connection) = writer else { return Ok(None) };
    let progress = Arc::new(Progress::default());
    let (asks, asked) = bounded::<()>(1);
    let Backend::Sqlite(own) = target.connect()? else { return Ok(None) };
    let thread = {
        let progress = Arc::clone(&progress);
        spawn("store-checkpoint", move || run(&own, &asked, &progress))?
    };
    connection.wal_hook(Some({
        let progress = Arc::clone(&progress);
        move |_: &mut rusqlite::hooks::Wal, pages| {
            committed(&progress, &asks, pages);
            Ok(())
        }
    }))?;
    Ok(Some((Checkpoints { progress }, thread)))
}

/// After each commit: how many pages the log holds now.
fn committed(progress: &Progress, asks: &Sender<()>, pages: i32) {
    let moved = progress.moved.load(Ordering::Relaxed);
    if pages < moved {
        // The log started over.
        progress.moved.store(0, Ordering::Relaxed);
    } else if pages - moved < GATHER {
        return;
    }
    // When it has been asked already, once is enough.
    let _ = asks.try_send(());
}

fn run(connection: &rusqlite::Connection, asked: &Receiver<()>, progress: &Progress) {
    while asked.recv().is_ok() {
        for _ in 0..ROUNDS {
            match checkpoint(connection) {
                Ok((pages, moved)) => {
                    progress.moved.store(moved, Ordering::Relaxed);
                    if pages < START_OVER {
                        break;
                    }
                    if pages - moved < SHORT_REST {
                        progress.finish.store(true, Ordering::Relaxed);
                        break;
                    }
                }
                Err(error) => {
                    // Nothing is lost: the log holds it, and the next time moves it.
                    tracing::warn!(%error, "the database's log could not be moved into its file");
                    break;
                }
            }
        }
    }
}

/// Pages in the log, and how many of them are in the file.
fn checkpoint(connection: &rusqlite::Connection) -> rusqlite::Result<(i32, i32)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

impl Checkpoints {
    /// Between two commits: moves the short rest when that lets the log start over.
    pub(super) fn finish(&self, writer: &Backend) {
        let Backend::Sqlite(connection) = writer else { return };
        if !self.progress.finish.swap(false, Ordering::Relaxed) {
            return;
        }
        match checkpoint(connection) {
            Ok((_, moved)) => self.progress.moved.store(moved, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the rest of the database's log could not be moved into its file"),
        }
    }
}
