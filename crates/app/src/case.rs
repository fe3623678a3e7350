//! Security cases.

mod activity;
mod break_glass;
mod create;
mod get;
mod list;
mod update;
mod view;

pub use activity::{ActivityView, activity};
pub use break_glass::{BreakGlass, break_glass};
pub use create::{CaseInput, create};
pub(crate) use create::{insert, optional_line, validate};
pub use get::get;
pub use list::{CaseQuery, list, open_count};
pub(crate) use list::{choices, cursor, limit, sort};
pub use update::{CasePatch, update};
pub use view::{CaseSummary, CaseView, KindCount};
