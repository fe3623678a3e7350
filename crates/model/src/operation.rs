//! Bulk actions, and what can be undone.

use crate::choice::choice;

choice! {
    /// What a bulk action did.
    pub enum OperationVerb {
        Add = 1 "add" "Added",
        Exclude = 2 "exclude" "Excluded",
        Include = 3 "include" "Included",
        Annotate = 4 "annotate" "Annotated",
        Undo = 5 "undo" "Undid",
        Withdraw = 6 "withdraw" "Withdrew",
    }
}

choice! {
    /// Where a bulk action stands.
    pub enum OperationState {
        Running = 1 "running" "Running",
        Done = 2 "done" "Done",
        Failed = 3 "failed" "Failed",
    }
}

choice! {
    /// Why a row was left alone.
    pub enum SkipReason {
        ChangedSince = 1 "changed_since" "Changed since",
        NotInCase = 2 "not_in_case" "Not in the case",
        Annotated = 3 "annotated" "Annotated since",
        NotFound = 4 "not_found" "Not found",
        Excluded = 5 "excluded" "Is excluded, and stays so",
    }
}

/// For how many seconds an operation can be undone: 30 days.
pub const UNDO_SECONDS: i64 = 30 * 86_400;
