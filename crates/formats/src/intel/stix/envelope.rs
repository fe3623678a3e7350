//! What objects come in: a bundle, a TAXII envelope, a list, or nothing but the one object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::pattern::Version;
use crate::intel::Unreadable;

/// Objects as they came, and what was told of them.
pub(super) struct Envelope<'a> {
    /// What it is, for people.
    pub(super) note: String,
    /// The pointer of the list; `None` for one object alone.
    pub(super) list: Option<&'static str>,
    /// The version that the bundle tells for all of its objects.
    pub(super) version: Option<Version>,
    pub(super) items: Vec<&'a RawValue>,
    /// How many more there are than are taken.
    pub(super) more: usize,
}

/// A version as objects and bundles tell it; `None` for others.
pub(super) fn version(word: &str) -> Option<Version> {
    match word {
        "2.0" => Some(Version::V20),
        "2.1" => Some(Version::V21),
        _ => None,
    }
}

/// Why text is no JSON, with the place first.
pub(super) fn not_json(error: &serde_json::Error) -> Unreadable {
    let told = error.to_string();
    let what = told.split(" at line ").next().unwrap_or_default();
    Unreadable::NotJson(format!("line {}, column {}: {what}", error.line(), error.column()))
}

/// Opens a document in one pass; it must be one whole JSON value.
pub(super) fn open(document: &str, most: usize) -> Result<Envelope<'_>, Unreadable> {
    let mut reader = serde_json::Deserializer::from_str(document);
    let outer = Outer { most, depth: 0 }.deserialize(&mut reader).and_then(|outer| reader.end().map(|()| outer));
    match outer.map_err(|error| not_json(&error))? {
        Shape::List(items, more) => Ok(Envelope { note: "a list of STIX objects".to_owned(), list: Some(""), version: None, items, more }),
        Shape::Object(top) => object(document, top),
        Shape::Other(_) => Err(Unreadable::NotIntel("STIX is a bundle, a list of objects, or an object".to_owned())),
    }
}

/// The objects of a bundle within a list; none when it is none.
pub(super) fn bundle(raw: &RawValue, most: usize) -> Option<Envelope<'_>> {
    open(raw.get(), most).ok().filter(|envelope| envelope.list.is_some() && envelope.version.is_some())
}

fn object<'a>(document: &'a str, top: Top<'a>) -> Result<Envelope<'a>, Unreadable> {
    let (items, more) = match top.objects {
        // One object alone may have a property of this name: observed data does.
        Some((items, more)) => (Some(items), more),
        None => (None, 0),
    };
    match top.kind.as_deref() {
        Some("bundle") => {
            let version = match top.spec_version.as_deref() {
                None => Version::V21,
                Some(word) => version(word).ok_or_else(|| {
                    let word = model::text::shorten(word, 20);
                    Unreadable::NotIntel(format!("this is a bundle of STIX {word}; 2.0 and 2.1 are read"))
                })?,
            };
            let items = match items {
                None if top.has_objects => return Err(Unreadable::NotIntel("`objects` of this bundle is not a list".to_owned())),
                items => items.unwrap_or_default(),
            };
            let note = format!("a STIX {} bundle", if version == Version::V20 { "2.0" } else { "2.1" });
            Ok(Envelope { note, list: Some("/objects"), version: Some(version), items, more })
        }
        Some(_) => {
            let whole = serde_json::from_str(document).map_err(|error| not_json(&error))?;
            Ok(Envelope { note: "one STIX object".to_owned(), list: None, version: None, items: vec![whole], more: 0 })
        }
        None => {
            let items = items.ok_or_else(|| Unreadable::NotIntel("this JSON has neither a `type` nor a list of `objects`".to_owned()))?;
            let note = if top.on_server { "a TAXII envelope; its server has more" } else { "a TAXII envelope" };
            Ok(Envelope { note: note.to_owned(), list: Some("/objects"), version: None, items, more })
        }
    }
}

/// The properties that tell what a document is.
#[derive(Default)]
struct Top<'a> {
    kind: Option<String>,
    spec_version: Option<String>,
    has_objects: bool,
    objects: Option<(Vec<&'a RawValue>, usize)>,
    on_server: bool,
}

/// What a value is, with no more of it kept than is asked for.
enum Shape<'a> {
    /// The first so many of a list, and how many more there are: a list of millions costs no more than those.
    List(Vec<&'a RawValue>, usize),
    Object(Top<'a>),
    /// Text, or something else.
    Other(Option<String>),
}

/// Reads the document, or, one step deeper, a property of it.
#[derive(Clone, Copy)]
struct Outer {
    most: usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Outer {
    type Value = Shape<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outer {
    type Value = Shape<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.most {
            match list.next_element::<&RawValue>()? {
                Some(item) => items.push(item),
                None => return Ok(Shape::List(items, 0)),
            }
        }
        let mut more = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        Ok(Shape::List(items, more))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if self.depth > 0 {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Shape::Other(None));
        }
        let mut top = Top::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let inner = Self { depth: 1, ..self };
            match key.as_ref() {
                "type" => top.kind = map.next_value_seed(inner)?.into_text(),
                "spec_version" => top.spec_version = map.next_value_seed(inner)?.into_text(),
                "more" => top.on_server = map.next_value::<&RawValue>()?.get() == "true",
                "objects" => {
                    top.has_objects = true;
                    let value = map.next_value_seed(inner)?;
                    top.objects = if let Shape::List(items, more) = value { Some((items, more)) } else { None };
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Shape::Object(top))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Shape::Other(Some(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Shape::Other(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Shape::Other(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Shape::Other(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Shape::Other(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Shape::Other(None))
    }
}

impl Shape<'_> {
    fn into_text(self) -> Option<String> {
        if let Self::Other(text) = self { text } else { None }
    }
}
