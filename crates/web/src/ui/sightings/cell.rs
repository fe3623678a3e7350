//! What one source holds of one observable, in a cell.

use app::sighting::{CoverageView, SightingResultView};
use model::list::thousands;
use model::sighting::{Basis, Outcome};

use super::picture::{self, Frame};

/// A cell of the matrix.
pub(crate) struct Cell {
    /// The source's name.
    pub(crate) source: String,
    pub(crate) outcome: Outcome,
    /// `1,904`, `≥ 10,000`, `not seen`.
    pub(crate) text: String,
    /// Heights of the small picture.
    pub(crate) spark: Vec<String>,
    /// `9/14 d` where not all of the window is covered.
    pub(crate) partial: String,
    /// The whole story, on hover.
    pub(crate) title: String,
}

/// The cell of a source; `None` where it has not been asked yet.
pub(crate) fn cell(source: &str, result: Option<&SightingResultView>, coverage: Option<&CoverageView>, frame: Option<Frame>) -> Cell {
    let outcome = result.map_or(Outcome::Pending, |result| result.outcome);
    let (text, spark) = match (outcome, result) {
        (Outcome::Seen, Some(result)) => (count(result), picture::spark(frame, &result.histogram)),
        (Outcome::NotSeen, _) => ("not seen".to_owned(), Vec::new()),
        (Outcome::NoCoverage, _) => ("no coverage".to_owned(), Vec::new()),
        (Outcome::Failed, _) => ("failed".to_owned(), Vec::new()),
        _ => ("…".to_owned(), Vec::new()),
    };
    let lacks = coverage.filter(|held| held.covered && held.days_covered < held.days_in_window);
    let partial = match (outcome, lacks) {
        (Outcome::NotSeen, Some(held)) => format!("{}/{} d", held.days_covered, held.days_in_window),
        _ => String::new(),
    };
    let title = match result {
        Some(result) if !result.error.is_empty() => result.error.clone(),
        Some(result) => format!("{source}: {text}; {}", result.coverage),
        None => format!("{source} has not been asked yet"),
    };
    Cell { source: source.to_owned(), outcome, text, spark, partial, title }
}

/// How many events, and in which sense if not the plain one.
pub(crate) fn count(result: &SightingResultView) -> String {
    let (number, sense) = match result.basis {
        Basis::Exact => (result.count, ""),
        Basis::Normalised => (result.count_normalised.unwrap_or(result.count), " respelt"),
        Basis::Subdomains => (result.with_subdomains.unwrap_or(result.count), " below"),
    };
    format!("{}{}{sense}", if result.count_is_exact { "" } else { "≥ " }, thousands(number))
}
