//! Standing searches: a case's observables are looked for in logs as they come in.

mod get;
mod run;
mod set;

pub use get::{WatchView, get};
pub(crate) use run::{JOB, queue};
pub use set::{set, unset};
