//! How long events are kept: by age and by size, for all sources and for each.
//!
//! What goes are whole partitions (UTC months) of a source, so that a window is covered or not by whole days, and most of
//! it is the removal of a directory. An event is kept as long as is set, and goes with the last of its month.

mod dry_run;
mod due;
mod get;
mod plan;
mod run;
mod set;
mod start;
mod view;

pub use dry_run::dry_run;
pub(crate) use due::{is_due, queue_due};
pub use get::get;
pub(crate) use run::JOB;
pub use set::{RetentionInput, set};
pub use start::start;
pub use view::{ExpiredPart, ExpiredSource, RetentionPlanView, RetentionRun, RetentionView, SourceRetention, Why};

use std::collections::{BTreeMap, HashMap};

use ::logs::Holding;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Tx, job, log_source, setting};

use crate::App;
use crate::error::{AppError, Result};
use plan::{Held, Plan, Rules};

/// The name of the setting.
const SETTING: &str = "logs.retention";
/// How often retention runs, in seconds.
const EVERY: i64 = 86_400;
/// The most days that can be set: more than a century is for good.
const MOST_DAYS: u32 = 36_500;
/// The most bytes that can be set: an exabyte.
const MOST_BYTES: u64 = 1_000_000_000_000_000_000;

/// The setting as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    kept_days: u32,
    kept_bytes: u64,
    /// When it runs next, in microseconds; 0 when nothing is to go.
    next_at: i64,
    /// The job that runs it, or ran it last.
    job: i64,
    last: Option<RetentionRun>,
}

impl Stored {
    /// The setting, or why it can't be read; as at first where none was made.
    fn read(tx: &mut Tx<'_>) -> Result<std::result::Result<Self, serde_json::Error>> {
        Ok(setting::get(tx, SETTING)?.map_or_else(|| Ok(Self::default()), |text| serde_json::from_str(&text)))
    }

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        Self::read(tx)?.map_err(|error| {
            AppError::State(format!(
                "the setting {SETTING} can't be read, so no logs are removed: {error}. \
                 Set both kept_days and kept_bytes by PUT /api/v1/log-retention to replace it"
            ))
        })
    }

    fn save(&self, tx: &mut Tx<'_>) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|error| AppError::Internal(error.to_string()))?;
        Ok(setting::set(tx, SETTING, &text)?)
    }

    /// Whether its job has not ended.
    fn runs(&self, tx: &mut Tx<'_>) -> Result<bool> {
        Ok(job::find_by_row(tx, self.job)?.is_some_and(|job| !job.state.is_ended()))
    }
}

/// What the rules would be with a change to them, and the files that the index holds events of.
fn rules(tx: &mut Tx<'_>, stored: &Stored, input: &RetentionInput) -> Result<Rules> {
    let mut sources = BTreeMap::new();
    for source in log_source::list(tx)? {
        let kept = match input.sources.as_ref().and_then(|sources| sources.get(&source.name)) {
            Some(changed) => *changed,
            None => source.kept_days.and_then(|days| u32::try_from(days).ok()),
        };
        sources.insert(source.id, (source.name, kept));
    }
    Ok(Rules { kept_days: input.kept_days.unwrap_or(stored.kept_days), kept_bytes: input.kept_bytes.unwrap_or(stored.kept_bytes), sources })
}

/// What would go by the rules now. Blocks: it reads the sizes of files.
fn plan(app: &App, input: &RetentionInput, scope: model::Scope) -> Result<Plan> {
    let holdings = app.logs.holdings().map_err(|error| AppError::Internal(error.to_string()))?;
    // Events without a time count from when their file came in.
    let undated: Vec<i64> = holdings.iter().filter(|held| held.ends.is_none()).map(|held| held.batch).collect();
    let input = input.clone();
    let (rules, came) = app.store.read_blocking(scope, move |tx| {
        let stored = Stored::load(tx)?;
        let files = log_source::files_by_rows(tx, &undated)?;
        let came: HashMap<i64, Timestamp> = files.into_iter().map(|file| (file.id, file.created_at)).collect();
        Ok::<_, AppError>((rules(tx, &stored, &input)?, came))
    })?;
    let held = |holding: Holding| {
        let ends = holding.ends.or_else(|| came.get(&holding.batch).copied())?;
        Some(Held { ends, holding })
    };
    Ok(plan::plan(&rules, holdings.into_iter().filter_map(held).collect(), app.now()))
}
