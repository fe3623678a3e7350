//! Objects as they came: brought to STIX 2.1, with references that lead to what is in the bundle.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::own::Object;

/// An object of a document, if its text is one of STIX.
pub(super) fn parse(text: &str) -> Option<Object> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return None };
    let is_text = |name: &str| object.get(name).is_some_and(Value::is_string);
    (is_text("type") && is_text("id")).then_some(object)
}

/// Makes an object of STIX 2.0 one of 2.1 (STIX 2.1, appendix B); tells whether anything was to be done.
pub(super) fn upgrade(object: &mut Object) -> bool {
    if object.get("spec_version").and_then(Value::as_str) == Some("2.1") {
        return false;
    }
    object.insert("spec_version".to_owned(), "2.1".into());
    // Nulls and empty lists were never allowed; some wrote them.
    object.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()));
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let types = match kind.as_str() {
        "indicator" => Some("indicator_types"),
        "malware" => Some("malware_types"),
        "report" => Some("report_types"),
        "threat-actor" => Some("threat_actor_types"),
        "tool" => Some("tool_types"),
        _ => None,
    };
    if let Some(types) = types
        && !object.contains_key(types)
        && let Some(labels) = object.remove("labels")
    {
        object.insert(types.to_owned(), labels);
    }
    match kind.as_str() {
        "indicator" => {
            object.entry("pattern_type").or_insert_with(|| "stix".into());
            object.entry("pattern_version").or_insert_with(|| "2.0".into());
        }
        "malware" => {
            object.entry("is_family").or_insert_with(|| false.into());
        }
        _ => {}
    }
    for (name, value) in object.iter_mut() {
        if matches!(name.as_str(), "created" | "modified" | "valid_from" | "valid_until" | "published" | "first_seen" | "last_seen") {
            exact(value);
        }
    }
    true
}

/// A time with the three digits that 2.1 demands of versions.
fn exact(value: &mut Value) {
    let Some(at) = value.as_str().and_then(|text| text.parse().ok()) else { return };
    *value = super::own::millis(at).into();
}

/// Lets references lead to the objects' ids in this bundle; tells whether any did.
pub(super) fn refer(object: &mut Object, ids: &HashMap<String, String>) -> bool {
    if ids.is_empty() {
        return false;
    }
    let mut changed = false;
    for (name, value) in object.iter_mut() {
        changed |= walk(name, value, ids);
    }
    changed
}

fn walk(name: &str, value: &mut Value, ids: &HashMap<String, String>) -> bool {
    match value {
        Value::String(id) if name.ends_with("_ref") || name.ends_with("_refs") => match ids.get(id.as_str()) {
            Some(other) => {
                id.clone_from(other);
                true
            }
            None => false,
        },
        Value::Array(items) => {
            let mut changed = false;
            for item in items.iter_mut() {
                changed |= walk(name, item, ids);
            }
            // Two objects of the document may be one here.
            if changed && name.ends_with("_refs") {
                let mut seen = std::collections::HashSet::new();
                items.retain(|item| item.as_str().is_none_or(|id| seen.insert(id.to_owned())));
            }
            changed
        }
        Value::Object(inner) => {
            let mut changed = false;
            for (name, value) in inner.iter_mut() {
                changed |= walk(name, value, ids);
            }
            changed
        }
        _ => false,
    }
}

/// A relationship as it came, between the ends that it has here.
pub(super) fn relationship(text: &str, from: &str, to: &str) -> Option<Object> {
    let mut object = parse(text)?;
    upgrade(&mut object);
    object.insert("source_ref".to_owned(), json!(from));
    object.insert("target_ref".to_owned(), json!(to));
    Some(object)
}
