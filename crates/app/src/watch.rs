//! Standing searches: a case's observables are looked for in logs as they come in, in the kept logs as they come into the case,
//! and in outside sources by the clock.

mod added;
mod ask;
mod due;
mod forget;
mod get;
mod run;
mod set;
mod standing;
mod tell;

pub(crate) use added::JOB as ADDED_JOB;
pub(crate) use ask::{ended, gather, gave_up};
pub(crate) use due::{is_due, queue_due};
pub(crate) use forget::JOB as FORGET_JOB;
pub use get::{WatchNews, WatchView, get};
pub(crate) use run::{JOB, queue};
pub use set::{WatchInput, set, unset};
pub(crate) use standing::Cache;

use store::case::Case;
use store::watch::Watch;
use store::{Tx, case};

use crate::error::Result;

/// The case of a row and its watch, while the case is open and watches.
fn watching(tx: &mut Tx<'_>, case: i64) -> Result<Option<(Case, Watch)>> {
    let Some(case) = case::find_by_id(tx, case)?.filter(|case| case.state.is_open()) else { return Ok(None) };
    Ok(store::watch::find(tx, case.id)?.map(|watch| (case, watch)))
}
