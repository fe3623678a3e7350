//! ATT&CK techniques of a case: associated by hand, and rolled up from its artifacts.

mod change;
mod list;
mod set;
mod view;

pub use change::{ChangeTechniques, change};
pub use list::list;
pub use set::{SetTechniques, set};
pub(crate) use view::of_case;
pub use view::{TechniqueOrigin, TechniqueView};
