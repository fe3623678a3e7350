//! What one source holds of one observable, in a cell.

use app::sighting::{CoverageView, SightingResultView, SourceChange};
use model::list::thousands;
use model::sighting::{Basis, Change, Outcome};

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
    /// `new`, `gone`, or with a question mark where nobody can tell: since the earlier search; else empty.
    pub(crate) mark: &'static str,
    /// The whole story, on hover.
    pub(crate) title: String,
}

/// What became of a cell since an earlier search.
#[derive(Clone, Copy)]
pub(crate) struct Since<'a> {
    pub(crate) change: &'a SourceChange,
    /// The earlier search's number.
    pub(crate) with: &'a str,
}

impl Since<'_> {
    fn mark(self) -> &'static str {
        match self.change.change {
            Change::NewlySeen => "new",
            Change::NewlyCovered | Change::NotAskedBefore => "new?",
            Change::NoLongerSeen => "gone",
            Change::NoLongerCovered | Change::NotAskedNow => "gone?",
            Change::MoreEvents | Change::FewerEvents | Change::Same => "",
        }
    }

    fn said(self) -> String {
        let (then, with) = (thousands(self.change.then), self.with);
        match self.change.change {
            Change::NewlySeen => format!("; new: {with} looked there and did not see it"),
            Change::NewlyCovered => format!("; {with} had no data of that time"),
            Change::NotAskedBefore => format!("; {with} did not ask there, or got no answer"),
            Change::NoLongerSeen => format!("; {with} saw it in {then}"),
            Change::NoLongerCovered => format!("; {with} saw it in {then}, of a time that was not covered now"),
            Change::NotAskedNow => format!("; {with} saw it in {then}, and there was no answer now"),
            Change::MoreEvents | Change::FewerEvents => format!("; {then} in {with}"),
            Change::Same => format!("; as many in {with}"),
        }
    }
}

/// The cell of a source; `None` where it has not been asked yet.
pub(crate) fn cell(
    source: &str,
    result: Option<&SightingResultView>,
    coverage: Option<&CoverageView>,
    frame: Option<Frame>,
    since: Option<Since<'_>>,
) -> Cell {
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
    let mut title = match result {
        Some(result) if !result.error.is_empty() => result.error.clone(),
        Some(result) => format!("{source}: {text}; {}", result.coverage),
        None => format!("{source} has not been asked yet"),
    };
    title.push_str(&since.map(Since::said).unwrap_or_default());
    Cell { source: source.to_owned(), outcome, text, spark, partial, mark: since.map(Since::mark).unwrap_or_default(), title }
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
