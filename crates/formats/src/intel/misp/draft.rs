//! A record while its fields are gathered: what is too long is cut, what is no value is left out, so that a record is
//! not lost for the sake of a field.

use model::kind::{Kind, NewRecord, RecordInput};
use model::text::shorten;
use model::{Fields, Timestamp};
use serde_json::{Map, Value};

/// Characters of a line, and values of a list, that a record's field may have (see `model::kind`).
const LINE: usize = 999;
const LINES: usize = 1_000;
/// Characters of a text.
const TEXT: usize = 99_999;

/// A record's fields, by name.
pub(super) struct Draft {
    kind: Kind,
    fields: Map<String, Value>,
}

impl Draft {
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        let draft = Self { kind, fields: Map::new() };
        let name = one_line(name);
        draft.line("name", if name.is_empty() { "(without a name)" } else { &name })
    }

    /// A field of one line; nothing when it is empty, or the kind has no such field.
    pub(super) fn line(mut self, field: &str, value: &str) -> Self {
        let value = one_line(value);
        if !value.is_empty() {
            self.put(field, Value::from(value));
        }
        self
    }

    /// A text of several lines.
    pub(super) fn text(mut self, field: &str, value: &str) -> Self {
        let value = shorten(&value.replace('\0', "\u{fffd}"), TEXT);
        if !value.trim().is_empty() {
            self.put(field, Value::from(value));
        }
        self
    }

    /// A list of values, each once.
    pub(super) fn lines(mut self, field: &str, values: &[String]) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for value in values.iter().map(|value| one_line(value)).filter(|value| !value.is_empty()) {
            if kept.len() < LINES && !kept.contains(&value) {
                kept.push(value);
            }
        }
        if !kept.is_empty() {
            self.put(field, Value::from(kept));
        }
        self
    }

    /// A time, when it is set.
    pub(super) fn moment(mut self, field: &str, at: Timestamp) -> Self {
        if at.is_set() {
            self.put(field, Value::from(at.to_string()));
        }
        self
    }

    fn put(&mut self, field: &str, value: Value) {
        if self.kind.spec().field(field).is_some() {
            self.fields.insert(field.to_owned(), value);
        }
    }

    /// The record with its public id; the sentence says why there is none.
    pub(super) fn finish(self, id: &str) -> Result<NewRecord, String> {
        let mut refusals = Fields::new();
        let read = NewRecord::read(&RecordInput { kind: self.kind, fields: self.fields }, "", &mut refusals);
        let why = refusals.finish().err().and_then(|refusals| refusals.into_iter().next());
        match (read, why) {
            (Some(mut record), None) => {
                record.public_id = Some(id.to_owned());
                Ok(record)
            }
            (_, Some(why)) => Err(format!("{} {}", why.pointer.trim_start_matches('/'), why.detail)),
            (None, None) => Err("is not a record".to_owned()),
        }
    }
}

/// White space as single blanks, no longer than a line may be.
pub(super) fn one_line(value: &str) -> String {
    let joined = value.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    shorten(&joined, LINE)
}
