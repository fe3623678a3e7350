//! Streams in the formats of the field, turned into the model's nouns and back.
//!
//! Takes readers or text, yields items and warnings. No files, no network; every parser is fuzzed.

pub mod export;
pub mod extract;
pub mod intel;
pub mod known_good;
pub mod log_events;
mod raw;
pub mod records;
