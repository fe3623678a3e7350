//! What a job's function has in hand while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use logs::LogError;
use model::Scope;
use store::job::Job;
use store::{StoreError, account};

use crate::App;
use crate::error::AppError;

/// Why a job's function came back before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Someone asked for it.
    Cancelled,
    /// The server stops; the job goes on when it is started again.
    Interrupted,
    /// Something failed that may go better a little later.
    Again(String),
    /// Something failed that will fail every time.
    Final(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Again(error.to_string())
    }
}

impl From<AppError> for Stop {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(_) | AppError::Internal(_) => Self::Again(error.to_string()),
            _ => Self::Final(error.to_string()),
        }
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Cancelled => Self::Cancelled,
            LogError::Damaged { .. } | LogError::Version { .. } => Self::Final(error.to_string()),
            _ if error.is_disk_full() => Self::Again(format!("{error}. The disk is full: make room on it, then do it again")),
            _ => Self::Again(error.to_string()),
        }
    }
}

/// A claimed job: what to do, and how far it is.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) job: Job,
    done: AtomicI64,
    /// Negative as long as the function keeps the count itself.
    total: AtomicI64,
    cancelled: AtomicBool,
    stopping: Arc<AtomicBool>,
}

impl Work {
    pub(crate) fn new(job: Job, stopping: Arc<AtomicBool>) -> Self {
        Self { job, done: AtomicI64::new(0), total: AtomicI64::new(-1), cancelled: AtomicBool::new(false), stopping }
    }

    /// Says how far it is: written with the next beat.
    pub(crate) fn progress(&self, done: u64, total: u64) {
        self.done.store(i64::try_from(done).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.total.store(i64::try_from(total).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// How far it is, if the function said so.
    pub(crate) fn reported(&self) -> Option<(i64, i64)> {
        let total = self.total.load(Ordering::Relaxed);
        (total >= 0).then(|| (self.done.load(Ordering::Relaxed), total))
    }

    /// Whether it is to stop, and why: asked often.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(Stop::Cancelled)
        } else if self.stopping.load(Ordering::Relaxed) {
            Err(Stop::Interrupted)
        } else {
            Ok(())
        }
    }

    pub(crate) fn set_cancelled(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// What the job is about, as it was queued.
    pub(crate) fn payload<T: serde::de::DeserializeOwned>(&self) -> Result<T, Stop> {
        serde_json::from_str(&self.job.payload).map_err(|error| Stop::Final(format!("this job can't be read: {error}; start it again")))
    }

    /// What whoever started it may see: a job shows and takes nothing that its author may not know of.
    pub(crate) fn author(&self, app: &App) -> Result<Scope, Stop> {
        let name = self.job.created_by.clone();
        let account = app.store.read_blocking(Scope::System, move |tx| account::find(tx, &name))?;
        Ok(Scope::Viewer(account.map_or(0, |account| account.id)))
    }
}
