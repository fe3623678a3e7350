//! Lists and forms of records of every kind.

pub(crate) mod detail;
pub(crate) mod edit;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod to_cases;

use app::AppError;
use model::Kind;
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

/// The kind of a URL's word.
pub(crate) fn kind_of(path: &str) -> Result<Kind, AppError> {
    Kind::from_path(path).ok_or(AppError::NotFound("page"))
}

/// A page of ours to go back to, or another one when it is none.
pub(crate) fn back(to: &str, otherwise: &str) -> String {
    let ours = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\') && !to.contains(char::is_control);
    if ours { to.to_owned() } else { otherwise.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn nobody_is_sent_to_another_server() {
        assert_eq!(back("/cases/SECC0001001?open=a", "/"), "/cases/SECC0001001?open=a");
        for bad in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"] {
            assert_eq!(back(bad, "/cases"), "/cases", "{bad}");
        }
    }
}
