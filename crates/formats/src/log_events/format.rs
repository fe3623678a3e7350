//! The formats of events by name.

use std::fmt;
use std::str::FromStr;

/// A format of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON value a line.
    JsonLines,
    /// JSON values over any number of lines: arrays, pretty-printed objects, objects that wrap a list of events.
    Json,
    /// Delimited text with a header: comma, tab, semicolon or pipe.
    Csv,
    /// Zeek's own tab-separated logs with their `#fields` header.
    Zeek,
    /// Windows event log files.
    Evtx,
    /// RFC 5424, RFC 3164 and what products make of them.
    Syslog,
    /// W3C extended logs (IIS), with their `#Fields` header.
    W3c,
    /// Access logs of Apache, nginx and their like.
    AccessLog,
    /// `key=value` pairs.
    KeyValue,
    /// CEF and LEEF.
    Cef,
    /// Elasticsearch bulk: JSON lines with action lines between.
    ElasticBulk,
    /// Lines of text.
    Text,
}

impl Format {
    /// All formats, as they are offered.
    pub const ALL: [Self; 12] = [
        Self::JsonLines,
        Self::Json,
        Self::Csv,
        Self::Zeek,
        Self::Evtx,
        Self::Syslog,
        Self::W3c,
        Self::AccessLog,
        Self::KeyValue,
        Self::Cef,
        Self::ElasticBulk,
        Self::Text,
    ];

    /// Its name in commands and requests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "json-lines",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Zeek => "zeek",
            Self::Evtx => "evtx",
            Self::Syslog => "syslog",
            Self::W3c => "w3c",
            Self::AccessLog => "access-log",
            Self::KeyValue => "key-value",
            Self::Cef => "cef",
            Self::ElasticBulk => "elastic-bulk",
            Self::Text => "text",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::JsonLines => "JSON lines",
            Self::Json => "JSON",
            Self::Csv => "CSV (comma, tab, semicolon or pipe)",
            Self::Zeek => "Zeek TSV",
            Self::Evtx => "Windows event log (EVTX)",
            Self::Syslog => "Syslog",
            Self::W3c => "W3C extended (IIS)",
            Self::AccessLog => "Access log (Apache, nginx)",
            Self::KeyValue => "key=value",
            Self::Cef => "CEF or LEEF",
            Self::ElasticBulk => "Elasticsearch bulk",
            Self::Text => "Lines of text",
        }
    }

    /// Whether its events are lines whose searched text is the line itself.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Syslog | Self::W3c | Self::AccessLog | Self::KeyValue | Self::Cef | Self::Text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of json-lines, json, csv, zeek, evtx, syslog, w3c, access-log, key-value, cef, elastic-bulk, text")]
pub struct NoSuchFormat;

impl FromStr for Format {
    type Err = NoSuchFormat;

    fn from_str(name: &str) -> Result<Self, NoSuchFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(NoSuchFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert!(NoSuchFormat.to_string().contains(format.name()));
        }
        assert_eq!("xml".parse::<Format>(), Err(NoSuchFormat));
    }
}
