//! JSON in parts: lists and objects of which no more is held at a time than one element, so that what a document costs does not
//! grow with how many values it packs into a byte.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// What a value costs beside its text, in bytes: a list of zeros is no cheaper than a list of words.
const VALUE: usize = 16;

/// Reads the elements of a list one after the other, as long as `take` wants more. Tells how many it did not want, the one at
/// which it said so among them; `None` when this is no list.
///
/// # Errors
/// When this is not one whole JSON value.
pub(crate) fn elements<'a>(text: &'a str, take: &mut dyn FnMut(usize, &'a RawValue) -> bool) -> serde_json::Result<Option<usize>> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let left = reader.deserialize_seq(Elements(take))?;
    reader.end().map(|()| Some(left))
}

struct Elements<'t, 'a>(&'t mut dyn FnMut(usize, &'a RawValue) -> bool);

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut n = 0;
        while let Some(item) = list.next_element::<&RawValue>()? {
            if !(self.0)(n, item) {
                let mut left = 1;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    left += 1;
                }
                return Ok(left);
            }
            n += 1;
        }
        Ok(0)
    }
}

/// An object of which only the names are read: what they stand for is text.
pub(crate) struct Outline<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Outline<'a> {
    /// Reads the first `most` properties that are wanted; of a name that stands there twice, the last counts. `None` when this
    /// is no object.
    ///
    /// # Errors
    /// When this is not one whole JSON value.
    pub(crate) fn of(text: &'a str, most: usize, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Option<Self>> {
        if !text.trim_start().starts_with('{') {
            return Ok(None);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let properties = reader.deserialize_map(Properties { most, wanted })?;
        reader.end().map(|()| Some(Self(properties)))
    }

    /// What a property stands for.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Whether it has a property.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether a property is a list.
    pub(crate) fn has_list(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get().starts_with('['))
    }

    /// All properties, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }
}

struct Properties<'w> {
    most: usize,
    wanted: &'w dyn Fn(&str) -> bool,
}

impl<'de> Visitor<'de> for Properties<'_> {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut properties: Self::Value = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if !(self.wanted)(&name) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value()?;
            if let Some((_, known)) = properties.iter_mut().find(|(known, _)| *known == name) {
                *known = value;
            } else if properties.len() < self.most {
                properties.push((name, value));
            }
        }
        Ok(properties)
    }
}

/// Reads a whole value, of which at most so many bytes are taken, each value in it counted with some for itself. Properties
/// of the name that is left out are there, as null.
///
/// # Errors
/// When it is too much, too deep, or no JSON.
pub(crate) fn value(text: &str, most: usize, left_out: Option<&str>) -> Result<Value, String> {
    let left = Cell::new(most);
    let read = Whole { left: &left, left_out };
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde::de::DeserializeSeed::deserialize(read, &mut reader).and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) if left.get() == 0 => Err(format!("holds more than the {most} bytes that it may")),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Clone, Copy)]
struct Whole<'w> {
    left: &'w Cell<usize>,
    left_out: Option<&'w str>,
}

impl Whole<'_> {
    fn charge<E: Error>(self, text: usize) -> Result<(), E> {
        match self.left.get().checked_sub(VALUE + text) {
            Some(left) => self.left.set(left),
            None => {
                self.left.set(0);
                return Err(E::custom("too much"));
            }
        }
        Ok(())
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Whole<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.charge(0)?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.charge(0)?;
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            self.charge(name.len())?;
            let value = if self.left_out == Some(name.as_str()) {
                map.next_value::<IgnoredAny>()?;
                Value::Null
            } else {
                map.next_value_seed(self)?
            };
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.charge(text.len())?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Value, E> {
        self.charge(0)?;
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        self.charge(0)?;
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        self.charge(0)?;
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        self.charge(0)?;
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.charge(0)?;
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_value_costs_what_it_holds() {
        let text = r#"{"a": [0, 1.5, "x\ny", null, true], "data": "AAAA", "b": {"c": -1}}"#;
        let whole: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value(text, 1_000, None).unwrap(), whole);
        let without = value(text, 1_000, Some("data")).unwrap();
        assert_eq!((without.get("data"), without.get("b")), (Some(&Value::Null), whole.get("b")));
        let zeros = format!("[{}0]", "0,".repeat(999));
        assert!(value(&zeros, 1_001 * VALUE, None).is_ok());
        assert_eq!(value(&zeros, 1_000 * VALUE, None).unwrap_err(), "holds more than the 16000 bytes that it may");
        assert!(value("[1", 100, None).unwrap_err().contains("EOF"));
        assert!(value(&"[".repeat(1_000), 100_000, None).unwrap_err().contains("recursion limit"));
    }

    #[test]
    fn lists_and_objects_are_read_in_parts() {
        let mut seen = Vec::new();
        let left = elements("[1, [2], {\"a\": 3}, 4]", &mut |n, item| {
            seen.push(item.get().to_owned());
            n < 2
        });
        assert_eq!((left.unwrap(), seen), (Some(2), vec!["1".to_owned(), "[2]".to_owned(), "{\"a\": 3}".to_owned()]));
        assert_eq!(elements("{}", &mut |_, _| true).unwrap(), None);
        assert!(elements("[1] 2", &mut |_, _| true).is_err() && elements("[1, ]", &mut |_, _| false).is_err());
        let outline = Outline::of(r#"{"a": 1, "b": [2], "a": 3, "c": 4, "d": 5}"#, 2, &|name| name != "b").unwrap().unwrap();
        let told: Vec<(&str, &str)> = outline.iter().map(|(name, value)| (name, value.get())).collect();
        assert_eq!(told, [("a", "3"), ("c", "4")]);
    }
}
