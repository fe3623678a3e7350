//! One search over all that is written: cases, records of every kind, notes, annotations.

mod everywhere;
mod view;

pub use everywhere::{SearchQuery, everywhere};
pub use view::{GroupCount, HitView, SearchGroup, SearchView};
