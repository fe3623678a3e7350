//! Long work: rows of the store, carried out on threads of their own, resumed after a crash.
//!
//! A kind of job is a function in a file of its own. Each is idempotent: whatever an interrupted attempt left is found
//! again or done again.

mod cancel;
mod get;
mod operation;
mod recent;
mod run;
mod view;
mod work;

pub use cancel::cancel;
pub use get::get;
pub use recent::recent;
pub(crate) use run::done;
pub use run::{Runner, drain, run_jobs};
pub use view::JobView;
pub(crate) use work::{Stop, Work};

use model::Stamp;
use model::job::JobState;
use store::Tx;
use store::job::Job;

use crate::App;
use crate::error::Result;

/// Which of the threads take a kind of job, so that long work of one sort keeps nobody else waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Any but those that wait for other systems.
    Any,
    /// It writes the log index, where one writes at a time: one thread takes such jobs.
    Logs,
    /// It sends messages to other systems: a thread of its own.
    Outbound,
    /// It asks other systems, which may let it wait for hours: two threads of its own.
    Outside,
}

/// A kind of job.
pub(crate) struct Kind {
    /// What `job.kind` holds.
    pub(crate) name: &'static str,
    /// What its progress counts.
    pub(crate) unit: &'static str,
    /// Which threads take it.
    pub(crate) lane: Lane,
    /// Carries it out. It ends the job itself, in the transaction of its last change.
    pub(crate) run: fn(&App, &Work) -> Result<(), Stop>,
    /// Says that it failed or was cancelled, in the transaction that ends the job.
    pub(crate) give_up: fn(&mut Tx<'_>, &Stamp, &Job, JobState, &str) -> Result<()>,
}

/// Every kind.
const KINDS: &[Kind] = &[
    operation::KIND,
    crate::import::JOB,
    crate::known_good::JOB,
    crate::logs::IMPORT_JOB,
    crate::logs::REMOVE_JOB,
    crate::retention::JOB,
    crate::sighting::JOB,
    crate::sighting::OUTSIDE_JOB,
    crate::watch::JOB,
    crate::watch::ADDED_JOB,
    crate::watch::FORGET_JOB,
    crate::webhook::JOB,
];

fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

fn unit(name: &str) -> &'static str {
    kind(name).map_or("steps", |kind| kind.unit)
}
