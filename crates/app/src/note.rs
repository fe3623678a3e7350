//! Work notes and comments.

mod add;
mod edit;
mod get;
mod list;
mod view;

pub(crate) use add::{NewNote, add_in};
pub use add::{NoteInput, add};
pub use edit::{NotePatch, edit};
pub use get::get;
pub use list::{count, list};
pub use view::NoteView;
