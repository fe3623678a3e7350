//! The log index: what was logged, when, where, by whom.
//!
//! Knows no case and no log format. Events come as borrowed text ([`NewEvent`]) in batches that are there whole or not
//! at all, in partitions by UTC month; a sightings search ([`LogIndex::search`]) looks values up by the rule *Match*
//! and never scans. Everything here blocks: call it from threads that may.

mod ask;
mod batch;
mod compare;
mod coverage;
mod docs;
mod document;
mod error;
mod event;
mod events;
mod fetch;
mod flow;
mod index;
mod lookup;
mod manifest;
mod marks;
mod needle;
mod network;
mod partition;
mod phrase;
mod query;
mod request;
mod retention;
mod scan;
mod search;
mod segment;
mod standing;
mod tally;
mod tokens;
mod wildcard;

pub use batch::BatchWriter;
pub use compare::{Comparison, Holds};
pub use error::LogError;
pub use event::{BatchSummary, Locator, NewEvent, StoredEvent, ValuesOf};
pub use events::{EventsFound, EventsRequest, Position};
pub use index::{LogIndex, Options};
pub use query::{Query, QueryError};
pub use request::{
    Alternative, Basis, GoneDay, Needle, NeedleKind, NeedleResult, Refused, Sample, SearchOutcome, SearchRequest, SourceCoverage, Stats,
};
pub use retention::Holding;
pub use scan::{ScanRequest, Scanned};
pub use standing::Standing;
