//! What the store promises, on SQLite and on PostgreSQL alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod artifacts;
mod backup;
mod blobs;
mod case_list;
mod common;
mod jobs;
mod journal;
mod notes;
mod records;
mod search;
mod statements;
mod undo_model;
mod visibility;
mod writer;
