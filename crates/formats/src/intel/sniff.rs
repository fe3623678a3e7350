//! Tells a document of threat intelligence from a table of records by its beginning.

use std::io::Read;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How much of a file is looked at, unpacked, in bytes.
const LOOKED_AT: usize = 64 * 1024;

/// Whether bytes are a STIX bundle, list or object, or MISP events: nothing that a table of records looks like. Gzip is looked into.
#[must_use]
pub fn is_intel(bytes: &[u8]) -> bool {
    let mut start = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        // What is broken later on is told by whoever reads it all.
        let _ = flate2::read::MultiGzDecoder::new(bytes).take(LOOKED_AT as u64).read_to_end(&mut start);
    } else {
        start.extend_from_slice(bytes.get(..LOOKED_AT).unwrap_or(bytes));
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let mut told = Told::default();
    // An error is how the look ends early, and how the beginning of a longer file ends.
    let _ = serde_json::Deserializer::from_slice(start).deserialize_any(&mut told);
    told.intel || (told.response && start.windows(7).any(|word| word == b"\"Event\""))
}

#[derive(Default)]
struct Told {
    intel: bool,
    response: bool,
}

impl<'de> Visitor<'de> for &mut Told {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object or list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                "Event" | "spec_version" => self.intel = true,
                "response" => self.response = true,
                "type" => self.intel = map.next_value::<serde_json::Value>()?.as_str() == Some("bundle"),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if self.intel || self.response {
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        items.next_element_seed(First(self))?;
        Err(A::Error::custom("enough"))
    }
}

/// The first element of a list.
struct First<'s>(&'s mut Told);

impl<'de> serde::de::DeserializeSeed<'de> for First<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, of: D) -> Result<(), D::Error> {
        of.deserialize_any(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::is_intel;

    #[test]
    fn documents_are_told_from_tables() {
        let documents = [
            r#"{"type":"bundle","id":"bundle--1","objects":["#,
            r#"{"id":"bundle--1","spec_version":"2.0","type":"bundle"}"#,
            r#"[{"type":"indicator","id":"indicator--1","spec_version":"2.1"}]"#,
            r#"{"Event":{"info":"x"}}"#,
            r#"[{"Event":{}}]"#,
            r#"{"response":[{"Event":{}}]}"#,
        ];
        for one in documents {
            assert!(is_intel(one.as_bytes()), "{one}");
        }
        let tables =
            ["name,type\nws-7,bundle\n", r#"[{"name":"ws-7","type":"server"}]"#, r#"{"response":[{"name":"ws-7"}]}"#, "", "{", "[]"];
        for one in tables {
            assert!(!is_intel(one.as_bytes()), "{one}");
        }
    }

    #[test]
    fn gzip_is_looked_into() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(br#"{"Event":{"info":"x"}}"#).unwrap();
        assert!(is_intel(&packed.finish().unwrap()));
        assert!(!is_intel(&[0x1f, 0x8b, 0, 1, 2]));
    }
}
