//! The nouns of Vizsla and their rules.
//!
//! No I/O, no clock, no randomness, no SQL, no HTTP: `now` is a parameter, and so is every random byte.

mod choice;

pub use choice::UnknownChoice;

pub mod actor;
pub mod artifact;
pub mod case;
pub mod field;
pub mod job;
pub mod journal;
pub mod kind;
pub mod list;
pub mod note;
pub mod observable;
pub mod operation;
pub mod relationship;
pub mod sighting;
pub mod stamp;
pub mod technique;
pub mod text;
pub mod time;
pub mod webhook;

pub use actor::{Actor, Role, Scope};
pub use field::{FieldError, Fields};
pub use kind::Kind;
pub use stamp::Stamp;
pub use time::Timestamp;
