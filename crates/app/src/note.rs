//! Work notes and comments.

mod add;
mod edit;
mod list;
mod view;

pub use add::{NoteInput, add};
pub use edit::{NotePatch, edit};
pub use list::{count, list};
pub use view::NoteView;
