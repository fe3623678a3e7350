//! Lists and forms of records of every kind.

use serde_json::{Map, Value as Json};

/// A field of a record as text; lists one a line.
pub(crate) fn field_text(fields: &Map<String, Json>, name: &str) -> String {
    match fields.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("\n"),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
