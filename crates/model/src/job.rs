//! Long work.

use crate::choice::choice;

choice! {
    /// Where long work stands: of jobs and of sightings searches.
    pub enum JobState {
        Queued = 1 "queued" "Waiting",
        Running = 2 "running" "Running",
        Done = 3 "done" "Done",
        Failed = 4 "failed" "Failed",
        Cancelled = 5 "cancelled" "Cancelled",
    }
}

impl JobState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}
