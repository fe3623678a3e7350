//! Artifacts: records in a case.

mod add;
mod annotate;
mod exclude;
mod include;
mod incoming;
mod list;
mod select;
mod standing;
mod view;

pub(crate) use add::add_from;
pub use add::{AddArtifacts, NewObservable, add};
pub use annotate::{AnnotateArtifacts, annotate};
pub(crate) use annotate::{annotate_in, annotation_text};
pub use exclude::{ExcludeArtifacts, exclude};
pub use include::{IncludeArtifacts, include};
pub(crate) use incoming::{Incoming, Newcomers, Source, add_range};
pub use list::{ArtifactQuery, list};
pub(crate) use list::{filter, only_an_object};
pub use select::Selection;
pub(crate) use select::with_selection;
pub use standing::{StandingView, standing};
pub use view::ArtifactView;
