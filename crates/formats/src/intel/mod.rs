//! Threat intelligence: STIX and MISP documents, read into records and relationships.
//!
//! Whatever the format, a document comes out as objects, each one record, and as links between them by the ids that the
//! document uses. What can't be read is told with its place; the rest is kept. Each object keeps its text as it came, so
//! that nothing is lost that Vizsla has no field for.

pub mod misp;
mod sniff;
pub mod stix;

pub use sniff::is_intel;

use std::collections::BTreeMap;
use std::io::Read;

use model::Timestamp;
use model::kind::NewRecord;
use model::relationship::RelationshipType;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Objects, links not counted.
    pub objects: usize,
    /// Bytes of one object's text.
    pub object_bytes: usize,
    /// How many refusals are kept; all are counted.
    pub refusals: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 200 * 1024 * 1024, objects: 1_000_000, object_bytes: 4 * 1024 * 1024, refusals: 1_000 }
    }
}

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// STIX 2.0 or 2.1: a bundle, a list of objects, or one object.
    Stix,
    /// A MISP event, a list of events, or a galaxy's clusters.
    Misp,
}

/// One object of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct IntelObject {
    /// Where it stands, as a JSON pointer (RFC 6901): `/objects/17`.
    pub at: String,
    /// The id by which the document's links name it.
    pub id: String,
    /// What the document calls it: `threat-actor`, `ip-dst`; counts are by this word.
    pub told_as: String,
    /// The record that it is. Its `public_id` is given by its value (observables), or by its STIX id.
    pub record: NewRecord,
    /// When this version of it was made; [`Timestamp::NEVER`] when the document does not tell. Newer ones replace older ones.
    pub modified: Timestamp,
    /// Whether its source took it back.
    pub revoked: bool,
    /// Its text as it came, JSON; empty when it is only a part of another object.
    pub original: String,
}

/// A link between two objects.
#[derive(Debug, Clone, PartialEq)]
pub struct IntelLink {
    /// Where it stands.
    pub at: String,
    /// Its own id, when it is an object of its own (a STIX relationship); empty when it is a property of `from`.
    pub id: String,
    /// An object's id.
    pub from: String,
    /// How.
    pub relationship: RelationshipType,
    /// Another object's id.
    pub to: String,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// Since when.
    pub first_seen: Timestamp,
    /// Until when.
    pub last_seen: Timestamp,
    /// When this version of it was made.
    pub modified: Timestamp,
    /// Whether its source took it back.
    pub revoked: bool,
    /// Its text as it came, JSON; empty when it is a property.
    pub original: String,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands: a JSON pointer, or `line 3, column 7` of broken JSON.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a document holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is written in.
    pub format: Format,
    /// What it is about, in a few words: a report's name, an event's info; may be empty.
    pub title: String,
    /// Its objects, in its order. Ids may come twice; the newer version counts.
    pub objects: Vec<IntelObject>,
    /// Its links. An end is one of its objects, dangles, or was refused.
    pub links: Vec<IntelLink>,
    /// Objects that are named, and not in it: the id, and where it is named first. They may be known already.
    pub dangling: BTreeMap<String, String>,
    /// What could not be read, as far as the limit goes.
    pub refused: Vec<Refused>,
    /// How many could not.
    pub refusals: usize,
    /// How many things of each sort it has, in its own words: `objects`, `relationship`, `attributes`, `to_ids`, `sightings`.
    pub counts: BTreeMap<String, usize>,
    /// What was noticed about it as a whole.
    pub notes: Vec<String>,
}

impl Document {
    /// A document with nothing in it.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            title: String::new(),
            objects: Vec::new(),
            links: Vec::new(),
            dangling: BTreeMap::new(),
            refused: Vec::new(),
            refusals: 0,
            counts: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Notes what could not be read.
    pub fn refuse(&mut self, limits: &Limits, at: impl Into<String>, why: impl Into<String>) {
        self.refusals += 1;
        if self.refused.len() < limits.refusals {
            self.refused.push(Refused { at: at.into(), why: why.into() });
        }
    }

    /// Counts one more of a sort.
    pub fn count(&mut self, sort: &str) {
        match self.counts.get_mut(sort) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(sort.to_owned(), 1);
            }
        }
    }
}

/// A document that can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than is taken.
    #[error("the document is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// No JSON: where it breaks, and how.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// Packed, and broken.
    #[error("its gzip can't be unpacked: {0}")]
    NotGzip(String),
    /// JSON of another sort.
    #[error("{0}")]
    NotIntel(String),
}

/// How many times its size a packed document comes to: documents of intelligence come to some twenty times theirs, hostile ones
/// to a thousand.
const MOST_TIMES: usize = 200;
/// Bytes that a packed document may come to, however small it is.
const UNPACKED: usize = 8 * 1024 * 1024;

/// Unpacks gzip within the limit; none when the bytes are not packed.
///
/// # Errors
/// When it is broken, larger than is taken, or packed as only what is hostile is.
pub fn unpack(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Unreadable> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(None);
    }
    let mut unpacked = Vec::new();
    let most = limits.bytes.min(UNPACKED.max(bytes.len().saturating_mul(MOST_TIMES)));
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(most as u64 + 1);
    reader.read_to_end(&mut unpacked).map_err(|error| Unreadable::NotGzip(error.to_string()))?;
    match unpacked.len() > most {
        true if most < limits.bytes => Err(Unreadable::NotGzip(format!("it comes to more than {MOST_TIMES} times its size"))),
        true => Err(Unreadable::TooLarge { limit: limits.bytes }),
        false => Ok(Some(unpacked)),
    }
}

/// Reads a document, telling by its content what it is written in; gzip is unpacked.
///
/// # Errors
/// When it is too large, broken gzip, not JSON (with line and column), or neither STIX nor MISP.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Unreadable> {
    if bytes.len() > limits.bytes {
        return Err(Unreadable::TooLarge { limit: limits.bytes });
    }
    if let Some(unpacked) = unpack(bytes, limits)? {
        return read_plain(&unpacked, limits);
    }
    read_plain(bytes, limits)
}

fn read_plain(bytes: &[u8], limits: &Limits) -> Result<Document, Unreadable> {
    if misp::is_misp(bytes) {
        return misp::read(bytes, limits);
    }
    stix::read(bytes, limits).map_err(|error| match error {
        Unreadable::NotIntel(why) => Unreadable::NotIntel(format!("this is neither STIX nor MISP: {why}")),
        other => other,
    })
}

/// The text of a document: UTF-8, with or without a byte order mark.
fn text_of<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Unreadable> {
    if bytes.len() > limits.bytes {
        return Err(Unreadable::TooLarge { limit: limits.bytes });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Unreadable::NotJson(format!("line {line}, column {column}: this is not UTF-8"))
    })
}
