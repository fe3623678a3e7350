//! The properties of one object, read by their types (STIX 2.1, section 2), with every breach noted at its place.

use model::Timestamp;
use serde_json::{Map, Value};

use super::pattern::Version;

/// How many breaches of one object are told.
const TOLD: usize = 3;

/// An object as it is read.
pub(super) struct Properties<'a> {
    pub(super) map: &'a Map<String, Value>,
    /// Its pointer.
    pub(super) at: &'a str,
    pub(super) version: Version,
    breaches: Vec<(String, String)>,
}

impl<'a> Properties<'a> {
    pub(super) fn new(map: &'a Map<String, Value>, at: &'a str, version: Version) -> Self {
        Self { map, at, version, breaches: Vec::new() }
    }

    /// Notes a breach of the specification at a property.
    pub(super) fn refuse(&mut self, name: &str, why: impl Into<String>) {
        self.breaches.push((format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1")), why.into()));
    }

    /// Where the first breach is, and what all are, as far as they are told.
    pub(super) fn breach(&self) -> Option<(String, String)> {
        let (at, why) = self.breaches.first()?;
        let mut told = why.clone();
        for (at, why) in self.breaches.iter().skip(1).take(TOLD - 1) {
            told.push_str(&format!("; {at} {why}"));
        }
        if self.breaches.len() > TOLD {
            told.push_str(&format!("; and {} more", self.breaches.len() - TOLD));
        }
        Some((at.clone(), told))
    }

    /// A property that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Text.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.refuse(name, "must be text");
                None
            }
        }
    }

    /// Text that must be there.
    pub(super) fn demand(&mut self, name: &str) {
        match self.get(name) {
            None => self.refuse(name, "is missing"),
            Some(Value::String(text)) if text.is_empty() => self.refuse(name, "must not be empty"),
            Some(_) => {}
        }
    }

    /// `true` or `false`.
    pub(super) fn bool(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        let read = value.as_bool();
        if read.is_none() {
            self.refuse(name, "must be true or false");
        }
        read
    }

    /// A whole number, 0 or more.
    pub(super) fn count(&mut self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        let read = value.as_u64();
        if read.is_none() {
            self.refuse(name, "must be a whole number, 0 or more");
        }
        read
    }

    /// A number, as it is written.
    pub(super) fn number(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        if value.is_number() {
            return Some(value.to_string());
        }
        self.refuse(name, "must be a number");
        None
    }

    /// How sure, 0 to 100.
    pub(super) fn confidence(&mut self) -> Option<u8> {
        let value = self.get("confidence")?;
        let read = value.as_u64().and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 100);
        if read.is_none() {
            self.refuse("confidence", "must be a whole number from 0 to 100");
        }
        read
    }

    /// A time: RFC 3339, in UTC with `Z`.
    pub(super) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let read = moment(text);
        if read.is_none() {
            self.refuse(name, format!("must be a time like 2026-11-24T09:30:00Z, not `{}`", model::text::shorten(text, 40)));
        }
        read
    }

    /// Two times, the second not before the first; `apart` when they must not be equal either.
    pub(super) fn span(&mut self, first: &str, second: &str, apart: bool) -> (Timestamp, Timestamp) {
        let (from, to) = (self.moment(first), self.moment(second));
        if let (Some(from), Some(to)) = (from, to)
            && (to < from || (apart && to == from))
        {
            self.refuse(second, format!("must not be before `{first}`{}", if apart { ", nor the same" } else { "" }));
        }
        (from.unwrap_or_default(), to.unwrap_or_default())
    }

    /// A list of text.
    pub(super) fn texts(&mut self, name: &str) -> Vec<&'a str> {
        let Some(value) = self.get(name) else {
            return Vec::new();
        };
        let texts = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<&str>>>());
        texts.unwrap_or_else(|| {
            self.refuse(name, "must be a list of text");
            Vec::new()
        })
    }

    /// The id of an object.
    pub(super) fn reference(&mut self, name: &str) -> Option<&'a str> {
        let id = self.text(name)?;
        if is_id(id) {
            return Some(id);
        }
        self.refuse(name, not_an_id(id));
        None
    }

    /// A list of ids of objects.
    pub(super) fn references(&mut self, name: &str) -> Vec<&'a str> {
        let ids = self.texts(name);
        if let Some((n, bad)) = ids.iter().enumerate().find(|(_, id)| !is_id(id)) {
            let why = not_an_id(bad);
            let place = format!("{}/{name}/{n}", self.at);
            self.breaches.push((place, why));
        }
        ids
    }

    /// A list of objects.
    pub(super) fn objects(&mut self, name: &str) -> Vec<&'a Map<String, Value>> {
        let Some(value) = self.get(name) else {
            return Vec::new();
        };
        let objects = value.as_array().and_then(|items| items.iter().map(Value::as_object).collect::<Option<Vec<_>>>());
        objects.unwrap_or_else(|| {
            self.refuse(name, "must be a list of objects");
            Vec::new()
        })
    }
}

/// A time of STIX (2.1, section 2.16), which is more exact than Vizsla's microseconds.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let utc = text.strip_suffix('Z')?;
    let (whole, fraction) = utc.split_once('.').unwrap_or((utc, "0"));
    if whole.len() != 19 || bytes.get(10) != Some(&b'T') || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.get(..fraction.len().min(9))?;
    format!("{whole}.{fraction}Z").parse().ok()
}

/// Whether text is an identifier: `type--UUID` (STIX 2.1, section 2.9).
pub(super) fn is_id(text: &str) -> bool {
    let Some((kind, uuid)) = text.split_once("--") else {
        return false;
    };
    let hex = |n: usize, b: u8| if matches!(n, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() };
    is_type(kind) && uuid.len() == 36 && uuid.bytes().enumerate().all(|(n, b)| hex(n, b))
}

/// Whether a word can be the type of an object.
pub(super) fn is_type(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    (1..=250).contains(&word.len()) && word.bytes().all(plain)
}

fn not_an_id(text: &str) -> String {
    format!("must be an id like identity--8c6af861-7b20-41ef-9b59-6344fd872a8f, not `{}`", model::text::shorten(text, 60))
}
