//! A job as both doors show it.

use model::Timestamp;
use model::case::case_number;
use model::job::JobState;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::job::Job;

/// Long work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobView {
    /// The id.
    pub id: String,
    /// Which work: `logs`, `sightings`, `operation`, …
    pub kind: String,
    /// What it works on: a file's name, a search's number; may be empty.
    pub subject: String,
    /// The case it is for.
    pub case: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// How much is done.
    pub done: i64,
    /// Of how much; 0 while unknown.
    pub total: i64,
    /// What is counted: `bytes`, `steps` or `rows`.
    pub unit: String,
    /// How much a second since it was started, while it runs.
    pub rate: Option<f64>,
    /// About how many seconds are left, while that can be told.
    pub eta_seconds: Option<i64>,
    /// What went wrong, and what to do about it.
    pub errors: Vec<String>,
    /// What came out; null until then.
    pub result: Json,
    /// Whether someone asked it to stop.
    pub cancel_requested: bool,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What a payload says of itself.
#[derive(Debug, Default, Deserialize)]
struct Subject {
    #[serde(default)]
    subject: String,
}

impl JobView {
    pub(crate) fn of(job: Job, now: Timestamp) -> Self {
        let seconds = now.micros().saturating_sub(job.started_at.micros()) as f64 / 1e6;
        let running = job.state == JobState::Running && job.done > 0 && seconds > 0.0;
        let rate = running.then(|| job.done as f64 / seconds);
        let left = (job.total - job.done).max(0) as f64;
        let eta_seconds = rate.filter(|rate| *rate > 0.0 && job.total > 0).map(|rate| (left / rate).ceil() as i64);
        Self {
            subject: serde_json::from_str::<Subject>(&job.payload).unwrap_or_default().subject,
            unit: super::unit(&job.kind).to_owned(),
            id: job.public_id,
            kind: job.kind,
            case: job.case_number.map(case_number),
            state: job.state,
            // The last beat was before the end.
            done: if job.state == JobState::Done { job.total.max(job.done) } else { job.done },
            total: job.total,
            rate,
            eta_seconds,
            errors: if job.error.is_empty() { Vec::new() } else { vec![job.error] },
            result: serde_json::from_str(&job.result).unwrap_or_default(),
            cancel_requested: job.cancel,
            created_by: job.created_by,
            created_at: job.created_at,
            started_at: job.started_at.set(),
            finished_at: job.finished_at.set(),
        }
    }

    /// How much of a hundred is done; none while the whole is unknown.
    #[must_use]
    pub fn percent(&self) -> Option<i64> {
        (self.total > 0).then(|| (self.done.clamp(0, self.total) * 100) / self.total)
    }
}
