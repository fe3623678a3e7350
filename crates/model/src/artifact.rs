//! A record in a case.

use crate::choice::choice;

choice! {
    /// Whether an artifact counts.
    pub enum Status {
        Included = 1 "included" "Included",
        Excluded = 2 "excluded" "Excluded",
    }
}

choice! {
    /// Which artifacts a list shows.
    pub enum StatusFilter {
        Included = 1 "included" "Included",
        Excluded = 2 "excluded" "Excluded",
        All = 3 "all" "All",
    }
}

choice! {
    /// Why an artifact was excluded.
    pub enum ExclusionReason {
        KnownGood = 1 "known_good" "Known good",
        FalsePositive = 2 "false_positive" "False positive",
        OutOfScope = 3 "out_of_scope" "Out of scope",
        Duplicate = 4 "duplicate" "Duplicate",
        EvaluatedSafe = 5 "evaluated_safe" "Evaluated as safe",
        Other = 6 "other" "Other",
    }
}

choice! {
    /// How a record came into a case.
    pub enum OriginKind {
        Manual = 1 "manual" "By hand",
        CameAlong = 2 "came_along" "Came along with",
        Import = 3 "import" "Import",
        Document = 4 "document" "Document",
        Sighting = 5 "sighting" "Sightings search",
        Search = 6 "search" "Search",
    }
}

choice! {
    /// What an analyst thinks of a record.
    pub enum Finding {
        Unknown = 1 "unknown" "Unknown",
        Clean = 2 "clean" "Clean",
        Suspicious = 3 "suspicious" "Suspicious",
        Malicious = 4 "malicious" "Malicious",
    }
}

choice! {
    /// How grave a record is, lowest first so that a descending sort shows the gravest.
    pub enum Severity {
        None = 0 "none" "–",
        Low = 1 "low" "Low",
        Moderate = 2 "moderate" "Moderate",
        High = 3 "high" "High",
        Critical = 4 "critical" "Critical",
    }
}
