//! Lists in the form of MISP's warninglists (misp-warninglists, `schema.json`): a name, a way of matching, entries.

use std::collections::HashSet;

use model::observable::ObservableType as T;
use serde::Deserialize;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct ListLimits {
    /// Bytes of a list's file.
    pub bytes: usize,
    /// Entries of a list.
    pub entries: usize,
    /// Bytes of one entry.
    pub entry_bytes: usize,
}

impl Default for ListLimits {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, entries: 2_000_000, entry_bytes: 8_192 }
    }
}

/// How a list's entries match (PyMISPWarningLists, `WarningList._slow_search`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListType {
    /// The value is an entry.
    String,
    /// An entry stands somewhere in the value.
    Substring,
    /// The value's host, or the value, is an entry or below one.
    Hostname,
    /// The value is an address in a network, or an entry as it is written.
    Cidr,
    /// A regular expression finds something in the value.
    Regex,
}

impl ListType {
    /// The word of the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Substring => "substring",
            Self::Hostname => "hostname",
            Self::Cidr => "cidr",
            Self::Regex => "regex",
        }
    }
}

/// A list as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warninglist {
    /// What it calls itself.
    pub name: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Its version; newer ones have greater numbers.
    pub version: u64,
    /// How it matches.
    pub sort: ListType,
    /// MISP's attribute types that it is for, in its own words; empty when it is for all.
    pub matching_attributes: Vec<String>,
    /// Its entries, each once, in its order.
    pub entries: Vec<String>,
    /// How many entries could not be taken: empty, too long, or no text.
    pub skipped: usize,
}

/// What is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAList {
    /// Larger than is taken.
    #[error("is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// Too many entries.
    #[error("has more than the {limit} entries that are taken")]
    TooMany {
        /// Entries.
        limit: usize,
    },
    /// No JSON, or JSON of another sort.
    #[error("is not a warninglist: {0}")]
    NotAWarninglist(String),
}

#[derive(Deserialize)]
struct File {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    version: Version,
    #[serde(rename = "type")]
    sort: ListType,
    #[serde(default)]
    matching_attributes: Vec<String>,
    list: Vec<serde_json::Value>,
}

/// A number, or a number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Number(u64),
    Text(String),
}

impl Default for Version {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Warninglist {
    /// Reads a list's file.
    ///
    /// # Errors
    /// When it is too large, no JSON, or JSON of another sort.
    pub fn parse(bytes: &[u8], limits: &ListLimits) -> Result<Self, NotAList> {
        if bytes.len() > limits.bytes {
            return Err(NotAList::TooLarge { limit: limits.bytes });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let file: File = serde_json::from_slice(bytes).map_err(|error| NotAList::NotAWarninglist(error.to_string()))?;
        let name = file.name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NotAList::NotAWarninglist("it has no name".to_owned()));
        }
        if file.list.len() > limits.entries {
            return Err(NotAList::TooMany { limit: limits.entries });
        }
        let told = file.list.len();
        let mut known = HashSet::new();
        let mut twice = 0;
        let mut entries = Vec::with_capacity(told);
        for entry in file.list {
            let serde_json::Value::String(entry) = entry else { continue };
            if entry.is_empty() || entry.len() > limits.entry_bytes {
                continue;
            }
            if known.insert(entry.clone()) {
                entries.push(entry);
            } else {
                twice += 1;
            }
        }
        let skipped = told - entries.len() - twice;
        let version = match file.version {
            Version::Number(number) => number,
            Version::Text(text) => text.trim().parse().unwrap_or_default(),
        };
        let matching_attributes = file.matching_attributes;
        Ok(Self { name, description: file.description, version, sort: file.sort, matching_attributes, entries, skipped })
    }

    /// Whether the list is for a type of observable, by its `matching_attributes`.
    #[must_use]
    pub fn is_for(&self, kind: T) -> bool {
        self.types() & bit(kind) != 0
    }

    /// The types of observables that the list is for, a bit each.
    pub(super) fn types(&self) -> u64 {
        let each = self.matching_attributes.iter().flat_map(|word| word.split('|')).map(|word| types_of(word.trim()));
        match each.fold(0, |all, one| all | one) {
            // For all types, or only for such as no observable has: then the list is not limited.
            0 => u64::MAX,
            types => types,
        }
    }
}

/// A type's bit.
pub(super) fn bit(kind: T) -> u64 {
    1_u64.checked_shl(u32::from(kind as u8)).unwrap_or(0)
}

/// The types of observables that one of MISP's attribute types is read as.
fn types_of(attribute: &str) -> u64 {
    let all = |kinds: &[T]| kinds.iter().fold(0, |all, kind| all | bit(*kind));
    match attribute {
        "ip" | "ip-src" | "ip-dst" => all(&[T::Ipv4Addr, T::Ipv6Addr]),
        "domain" | "hostname" => all(&[T::DomainName, T::Hostname]),
        "url" | "uri" | "link" => bit(T::Url),
        "filename" => all(&[T::FileName, T::FilePath]),
        // Fingerprints of certificates that have no type of their own.
        "x509-fingerprint-md5" | "x509-fingerprint-sha256" => bit(T::Other),
        // Only a part of composite types.
        "port" | "value" => 0,
        other => T::from_alias(other).map_or(0, bit),
    }
}
