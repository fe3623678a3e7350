//! A note as both doors show it.

use model::Timestamp;
use model::case::case_number;
use model::note::{Audience, NoteKind};
use serde::{Deserialize, Serialize};
use store::note::Note;

/// A work note or comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoteView {
    /// The id.
    pub id: String,
    /// The case.
    pub case: String,
    /// Work note or comment.
    pub kind: NoteKind,
    /// Who may read it.
    pub audience: Audience,
    /// Markdown.
    pub text: String,
    /// A login name.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last corrected.
    pub updated_at: Timestamp,
    /// 1 until it is corrected: its ETag.
    pub version: i64,
}

impl NoteView {
    pub(crate) fn of(note: Note, case: i64) -> Self {
        Self {
            id: note.public_id,
            case: case_number(case),
            kind: note.kind,
            audience: note.audience,
            text: note.text,
            author: note.author,
            created_at: note.created_at,
            updated_at: note.updated_at,
            version: note.version,
        }
    }
}
