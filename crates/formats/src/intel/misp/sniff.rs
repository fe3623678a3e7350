//! Tells a MISP document by its outermost names, without reading it all.

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Names that only MISP's documents have at the top.
const OURS: [&str; 7] = ["Event", "response", "Attribute", "Object", "Orgc", "orgc_id", "threat_level_id"];
/// Names that only STIX's have.
const OTHERS: [&str; 3] = ["objects", "spec_version", "object_refs"];

/// Whether bytes look like a MISP event, a list of events, or a galaxy's clusters; broken JSON too, as far as it goes.
#[must_use]
pub fn is_misp(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut seen = Seen::default();
    // An error is how the look ends early; what was seen until then counts.
    let _ = serde_json::Deserializer::from_slice(bytes).deserialize_any(&mut seen);
    !seen.other && (seen.event || (seen.values && (seen.uuid || seen.authors)))
}

#[derive(Default)]
struct Seen {
    event: bool,
    other: bool,
    values: bool,
    uuid: bool,
    authors: bool,
}

impl<'de> Visitor<'de> for &mut Seen {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a MISP document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                key if OURS.contains(&key) => self.event = true,
                key if OTHERS.contains(&key) => self.other = true,
                "values" => self.values = true,
                "uuid" => self.uuid = true,
                "authors" => self.authors = true,
                _ => {}
            }
            if self.event || self.other {
                return Err(A::Error::custom("enough"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        items.next_element_seed(Inner(self))?;
        Err(A::Error::custom("enough"))
    }
}

/// The first element of a list.
struct Inner<'s>(&'s mut Seen);

impl<'de> serde::de::DeserializeSeed<'de> for Inner<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, of: D) -> Result<(), D::Error> {
        of.deserialize_any(self.0)
    }
}
