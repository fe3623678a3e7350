//! Sightings: were a case's observables seen in the logs, when, on which machines, by which accounts — and what do the
//! logs cover, so that "not seen" can be defended.

mod add_matched;
mod again;
mod compare;
mod coverage;
mod draft;
mod export;
mod finding;
mod get;
mod identify;
mod index;
mod judge;
mod list;
mod names;
mod needle;
mod of_record;
mod outside;
mod pattern;
mod pattern_query;
mod results;
mod run;
mod sample;
mod seen_with;
mod start;
mod view;

pub use add_matched::{AddMatched, add_matched};
pub use again::{RunAgain, again};
pub use compare::{ChangeCount, CompareItem, CompareQuery, CompareView, ComparedSource, ComparedView, EarlierView, SourceChange, compare};
pub use draft::{FindingDraft, FindingQuery, draft};
pub(crate) use export::searches as told;
pub use export::{AnswerExportQuery, export};
pub(crate) use finding::about;
pub use finding::{
    AnnotationFinding, IncidentFinding, IncidentMade, NoteFinding, RelationshipFinding, annotation, incident, note, relationships,
};
pub use get::get;
pub(crate) use judge::{NOT_FOUND, ONLY_AS_WRITTEN};
pub use list::{count, list};
pub(crate) use needle::needle;
pub use of_record::of_record;
pub(crate) use outside::asked;
pub use results::{ResultQuery, results, rows};
pub(crate) use run::{JOB, OUTSIDE_JOB};
pub use seen_with::{SeenWithView, seen_with};
pub use start::{SightingRequest, start};
pub(crate) use start::{launch_over, launch_standing, next_search_number};
pub use view::{
    CandidateView, CoverageView, DeletedDays, RecordSightingView, SampleView, SeenNameView, SightingResultView, SightingRowView,
    SightingSummary, SightingTotals, SightingView, WindowView,
};
