//! The journal's chain: append-only, each entry bound to the one before it.
//!
//! The details of an entry are bound by a salted hash, so that they can be erased while the chain stays whole.

use serde::Serialize;

use crate::text::{hex, sha256_hex};
use crate::time::Timestamp;

/// The `prev` of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What of an entry is bound by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// 1, 2, 3, … without a gap.
    pub seq: i64,
    /// When, in microseconds.
    pub at: i64,
    /// Who: a login name, `operator:<os user>` or `system`.
    pub actor: String,
    /// What was done: `case.create`, `artifact.exclude`, …
    pub verb: String,
    /// To what: `SECC0001001`, a record's id, …
    pub object: String,
    /// SHA-256 over salt and details.
    pub details: String,
    /// The hash of the entry before.
    pub prev: String,
}

/// Details that can't be written as canonical JSON (a number that is not finite).
#[derive(Debug, thiserror::Error)]
#[error("journal details can't be written as canonical JSON: {0}")]
pub struct NotCanonical(String);

/// Canonical JSON (RFC 8785).
///
/// # Errors
/// When a number is not finite.
pub fn canonical(value: &impl Serialize) -> Result<String, NotCanonical> {
    serde_json_canonicalizer::to_string(value).map_err(|error| NotCanonical(error.to_string()))
}

/// The salted hash of an entry's details, given as canonical JSON.
#[must_use]
pub fn details_hash(salt: &[u8], details: &str) -> String {
    sha256_hex(format!("{}:{details}", hex(salt)).as_bytes())
}

impl Entry {
    /// The hash over all fields, `prev` among them.
    ///
    /// # Errors
    /// Never in practice: all fields are text and integers.
    pub fn hash(&self) -> Result<String, NotCanonical> {
        Ok(sha256_hex(canonical(self)?.as_bytes()))
    }
}

/// When the journal was made of what: said to people as `seq:hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The entry.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl std::fmt::Display for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl std::str::FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "expected SEQ:HASH, as Vizsla prints it".to_owned();
        let (seq, hash) = text.split_once(':').ok_or_else(bad)?;
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let digits = !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit());
        match seq.parse() {
            Ok(seq) if digits && seq > 0 => Ok(Self { seq, hash: hash.to_ascii_lowercase() }),
            _ => Err(bad()),
        }
    }
}

/// Moment, for readers of the chain.
impl Entry {
    /// When this happened.
    #[must_use]
    pub fn moment(&self) -> Timestamp {
        Timestamp(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_names_an_entry() {
        let hash = "ab".repeat(32);
        assert_eq!(format!("7:{hash}").parse(), Ok(Anchor { seq: 7, hash: hash.clone() }));
        for nonsense in [
            format!("-1:{hash}"),
            format!("0:{hash}"),
            format!("+1:{hash}"),
            format!(":{hash}"),
            format!("99999999999999999999:{hash}"),
            "1:ab".to_owned(),
        ] {
            assert!(nonsense.parse::<Anchor>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_changed_field_changes_the_hash() {
        let entry = Entry {
            seq: 1,
            at: 1_700_000_000_000_000,
            actor: "ada".to_owned(),
            verb: "case.create".to_owned(),
            object: "SECC0001001".to_owned(),
            details: details_hash(b"salt", "{}"),
            prev: GENESIS.to_owned(),
        };
        let hash = entry.hash().unwrap_or_default();
        assert_eq!(hash.len(), 64);
        let other = Entry { actor: "eve".to_owned(), ..entry.clone() };
        assert_ne!(other.hash().unwrap_or_default(), hash);
        let anchor = Anchor { seq: 1, hash };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
    }
}
