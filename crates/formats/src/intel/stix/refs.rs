//! Every reference of an object, wherever it stands: properties that end in `_ref` or `_refs` (STIX 2.1, section 2.10).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::properties::is_id;

/// The ids that were named so far, each with the place that named it first.
#[derive(Default)]
pub(super) struct References {
    pub(super) first: HashMap<String, String>,
}

enum Part<'a> {
    Key(&'a str),
    Place(usize),
}

impl References {
    /// Notes the references of an object. As deep as JSON was read, which is limited.
    pub(super) fn note(&mut self, object: &Map<String, Value>, at: &str) {
        self.walk(object, at, &mut Vec::new());
    }

    fn walk<'a>(&mut self, object: &'a Map<String, Value>, at: &str, path: &mut Vec<Part<'a>>) {
        for (key, value) in object {
            path.push(Part::Key(key));
            match value {
                Value::String(id) if key.ends_with("_ref") => self.named(id, at, path),
                Value::Array(items) => self.list(items, key.ends_with("_refs"), at, path),
                Value::Object(inner) => self.walk(inner, at, path),
                _ => {}
            }
            path.pop();
        }
    }

    fn list<'a>(&mut self, items: &'a [Value], are_refs: bool, at: &str, path: &mut Vec<Part<'a>>) {
        for (n, item) in items.iter().enumerate() {
            path.push(Part::Place(n));
            match item {
                Value::String(id) if are_refs => self.named(id, at, path),
                Value::Object(inner) => self.walk(inner, at, path),
                Value::Array(inner) => self.list(inner, are_refs, at, path),
                _ => {}
            }
            path.pop();
        }
    }

    fn named(&mut self, id: &str, at: &str, path: &[Part<'_>]) {
        if self.first.contains_key(id) || !is_id(id) {
            return;
        }
        let mut place = at.to_owned();
        for part in path {
            place.push('/');
            match part {
                Part::Key(key) => place.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Part::Place(n) => place.push_str(&n.to_string()),
            }
        }
        self.first.insert(id.to_owned(), place);
    }
}
