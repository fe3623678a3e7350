//! What MISP writes, read leniently: numbers as text, flags as `"1"`, lists of one as the one.

use model::Timestamp;
use serde_json::{Map, Value};

/// An object of the document.
pub(super) type Object = Map<String, Value>;

/// A text; numbers as they are written; empty when it is neither.
pub(super) fn text(of: &Object, key: &str) -> String {
    match of.get(key) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A flag: `true`, `1` or `"1"`.
pub(super) fn flag(of: &Object, key: &str) -> bool {
    match of.get(key) {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => matches!(text.as_str(), "1" | "true"),
        _ => false,
    }
}

/// A list; what stands alone is a list of one.
pub(super) fn list<'a>(of: &'a Object, key: &str) -> &'a [Value] {
    match of.get(key) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// A list of texts; what stands alone is a list of one.
pub(super) fn texts(of: &Object, key: &str) -> Vec<String> {
    match of.get(key) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) if !one.trim().is_empty() => vec![one.trim().to_owned()],
        _ => Vec::new(),
    }
}

/// A moment: seconds since the epoch, or RFC 3339, or a date; [`Timestamp::NEVER`] when it is none.
pub(super) fn moment(of: &Object, key: &str) -> Timestamp {
    let text = text(of, key);
    match text.parse::<i64>() {
        // Above this, seconds would be in the year 5138: then they are microseconds.
        Ok(number) if number.abs() > 100_000_000_000 => Timestamp(number),
        Ok(seconds) => Timestamp::NEVER.plus_seconds(seconds),
        Err(_) => text.parse().unwrap_or(Timestamp::NEVER),
    }
}
