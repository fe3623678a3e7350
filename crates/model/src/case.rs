//! The security case and its life.

use crate::choice::choice;

choice! {
    /// What a case is about.
    pub enum CaseType {
        ThreatHunting = 1 "threat_hunting" "Threat hunting",
        IncidentResponse = 2 "incident_response" "Incident response",
        Campaign = 3 "campaign" "Campaign",
        Vulnerability = 4 "vulnerability" "Vulnerability",
        Compliance = 5 "compliance" "Compliance",
        RequestForInformation = 6 "request_for_information" "Request for information",
        Collaboration = 7 "collaboration" "Collaboration",
        Other = 8 "other" "Other",
    }
}

choice! {
    /// How much a case matters.
    pub enum Rating {
        Low = 1 "low" "Low",
        Moderate = 2 "moderate" "Moderate",
        High = 3 "high" "High",
        Critical = 4 "critical" "Critical",
    }
}

choice! {
    /// Where a case stands.
    pub enum CaseState {
        Draft = 1 "draft" "Draft",
        Analysis = 2 "analysis" "Analysis",
        Review = 3 "review" "Review",
        Closed = 4 "closed" "Closed",
        Cancelled = 5 "cancelled" "Cancelled",
    }
}

choice! {
    /// What the hunt found.
    pub enum Verdict {
        Undetermined = 1 "undetermined" "Undetermined",
        TargetedCampaign = 2 "targeted_campaign" "Targeted campaign",
        Opportunistic = 3 "opportunistic" "Opportunistic",
        Coincidence = 4 "coincidence" "Coincidence",
        FalsePositive = 5 "false_positive" "False positive",
    }
}

choice! {
    /// Traffic Light Protocol 2.0 (FIRST), from open to closed.
    pub enum Tlp {
        Clear = 1 "clear" "TLP:CLEAR",
        Green = 2 "green" "TLP:GREEN",
        Amber = 3 "amber" "TLP:AMBER",
        AmberStrict = 4 "amber+strict" "TLP:AMBER+STRICT",
        Red = 5 "red" "TLP:RED",
    }
}

choice! {
    /// Permissible Actions Protocol: what may be done with the case's information.
    pub enum Pap {
        Clear = 1 "clear" "PAP:CLEAR",
        Green = 2 "green" "PAP:GREEN",
        Amber = 3 "amber" "PAP:AMBER",
        Red = 4 "red" "PAP:RED",
    }
}

impl CaseState {
    /// Whether work goes on; closed and cancelled cases take comments and *reopen* only.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Analysis | Self::Review)
    }

    /// The states that can follow, in the order in which they are offered.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Analysis, Self::Closed, Self::Cancelled],
            Self::Analysis => &[Self::Review, Self::Closed, Self::Cancelled],
            Self::Review => &[Self::Analysis, Self::Closed],
            Self::Closed | Self::Cancelled => &[Self::Analysis],
        }
    }

    /// What moving from this state to another is called on a button.
    #[must_use]
    pub fn step_label(self, to: Self) -> &'static str {
        match (self, to) {
            (Self::Closed | Self::Cancelled, _) => "Reopen",
            (Self::Review, Self::Analysis) => "Back to analysis",
            (_, Self::Analysis) => "Start analysis",
            (_, Self::Review) => "Send to review",
            (_, Self::Closed) => "Close",
            (_, Self::Cancelled) => "Cancel case",
            (_, Self::Draft) => "Back to draft",
        }
    }
}

/// `SECC0001042` for 1042.
#[must_use]
pub fn case_number(number: i64) -> String {
    format!("SECC{number:07}")
}

/// 1042 for `SECC0001042`, in either case of letters.
#[must_use]
pub fn parse_case_number(text: &str) -> Option<i64> {
    parse_prefixed("SECC", text)
}

/// `SIGHT0001007` for 1007.
#[must_use]
pub fn search_number(number: i64) -> String {
    format!("SIGHT{number:07}")
}

/// 1007 for `SIGHT0001007`, in either case of letters.
#[must_use]
pub fn parse_search_number(text: &str) -> Option<i64> {
    parse_prefixed("SIGHT", text)
}

fn parse_prefixed(prefix: &str, text: &str) -> Option<i64> {
    let digits = text.trim().to_ascii_uppercase();
    let digits = digits.strip_prefix(prefix)?;
    if digits.len() < 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_seven_digits_and_may_outgrow_them() {
        assert_eq!(case_number(1_001), "SECC0001001");
        assert_eq!(parse_case_number("secc0001001"), Some(1_001));
        assert_eq!(parse_case_number(&case_number(123_456_789)), Some(123_456_789));
        for bad in ["SECC1", "SECC000100x", "0001001", "SECC-001001", ""] {
            assert_eq!(parse_case_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_open_case_can_be_closed_and_every_ended_one_reopened() {
        for state in CaseState::ALL {
            let next = state.next();
            if state.is_open() {
                assert!(next.contains(&CaseState::Closed));
            } else {
                assert_eq!(next, [CaseState::Analysis]);
            }
        }
        assert!(!CaseState::Review.next().contains(&CaseState::Cancelled));
    }
}
