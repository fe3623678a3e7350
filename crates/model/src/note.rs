//! Work notes and comments.

use crate::choice::choice;

choice! {
    /// Who a note speaks to.
    pub enum NoteKind {
        WorkNote = 1 "work_note" "Work note",
        Comment = 2 "comment" "Comment",
    }
}

choice! {
    /// Who may read a work note.
    pub enum Audience {
        Team = 1 "team" "The team",
        WorkNotesList = 2 "work_notes_list" "Work notes list",
    }
}

/// The longest note, in characters.
pub const MAX_NOTE: usize = 100_000;
