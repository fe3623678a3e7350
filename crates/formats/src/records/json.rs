//! JSON arrays, JSON lines, and the envelopes that ticket systems put around them.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Limits, Row, Table, Unreadable};
use crate::raw::{self, Outline};

/// How deep objects in objects are followed.
const DEEPEST: usize = 4;
/// Where exports keep their rows.
const ENVELOPES: [&str; 6] = ["records", "result", "results", "items", "data", "value"];

/// An array of objects.
pub(super) fn array(text: &str, limits: &Limits, table: &mut Table) -> Result<(), Unreadable> {
    table.notes.insert(0, "a JSON array".to_owned());
    take_items(text, limits, table)
}

/// JSON lines, or one object that holds the rows.
pub(super) fn objects(text: &str, limits: &Limits, table: &mut Table) -> Result<(), Unreadable> {
    if let Ok(Some(whole)) = Outline::of(text, ENVELOPES.len(), &|name| ENVELOPES.contains(&name)) {
        let rows = ENVELOPES.iter().find(|name| whole.has_list(name)).and_then(|name| Some((name, whole.get(name)?)));
        if let Some((name, items)) = rows {
            table.notes.insert(0, format!("JSON, with the rows in `{name}`"));
            return take_items(items.get(), limits, table);
        }
        table.notes.insert(0, "one JSON object".to_owned());
        take_item(text, "item 1".to_owned(), limits, table, &mut Columns::default());
        return Ok(());
    }
    table.notes.insert(0, "JSON lines".to_owned());
    let mut columns = Columns::default();
    let mut any = false;
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = format!("line {}", n + 1);
        if !table.has_room(limits, &at) {
            break;
        }
        if line.len() > limits.row_bytes {
            table.refuse(limits, at, format!("is longer than {} bytes", limits.row_bytes));
            continue;
        }
        match serde_json::from_str(line) {
            Ok(Value::Object(object)) => {
                any = true;
                take(object, at, limits, table, &mut columns);
            }
            Ok(_) => table.refuse(limits, at, "is not a JSON object"),
            Err(error) => table.refuse(limits, at, format!("is not JSON: {error}")),
        }
    }
    if any { Ok(()) } else { Err(Unreadable::NotATable("the file begins like JSON, but no line of it is a JSON object".to_owned())) }
}

fn not_json(error: &serde_json::Error) -> Unreadable {
    Unreadable::NotATable(format!("the file begins like JSON, but is not: {error}"))
}

#[derive(Default)]
struct Columns(HashSet<String>);

/// Takes the objects of a list as they come: of a list of millions no more is held than its rows.
fn take_items(text: &str, limits: &Limits, table: &mut Table) -> Result<(), Unreadable> {
    let mut columns = Columns::default();
    let read = raw::elements(text, &mut |n, item| {
        let at = format!("item {}", n + 1);
        let room = table.has_room(limits, &at);
        if room {
            take_item(item.get(), at, limits, table, &mut columns);
        }
        room
    });
    read.map(|_| ()).map_err(|error| not_json(&error))
}

fn take_item(text: &str, at: String, limits: &Limits, table: &mut Table, columns: &mut Columns) {
    // What is no value of a cell counts as well: names, quotes, what is empty.
    match raw::value(text, limits.row_bytes.saturating_mul(4), None) {
        Ok(Value::Object(object)) => take(object, at, limits, table, columns),
        Ok(_) => table.refuse(limits, at, "is not a JSON object"),
        Err(why) => table.refuse(limits, at, why),
    }
}

fn take(object: Map<String, Value>, at: String, limits: &Limits, table: &mut Table, columns: &mut Columns) {
    let mut cells = Vec::with_capacity(object.len());
    flatten("", object, 0, &mut cells);
    let bytes: usize = cells.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits.row_bytes {
        return table.refuse(limits, at, format!("is longer than {} bytes", limits.row_bytes));
    }
    cells.retain(|(_, value)| !value.trim().is_empty());
    for (name, _) in &cells {
        // One more than the limit is enough to know that it is passed.
        if table.columns.len() <= limits.columns && columns.0.insert(name.clone()) {
            table.columns.push(name.clone());
        }
    }
    if !cells.is_empty() {
        table.rows.push(Row { at, cells });
    }
}

fn flatten(above: &str, object: Map<String, Value>, depth: usize, cells: &mut Vec<(String, String)>) {
    for (name, value) in object {
        let name = if above.is_empty() { name } else { format!("{above}.{name}") };
        match value {
            Value::Object(inner) => match shown(&inner) {
                Some(text) => cells.push((name, text)),
                None if depth < DEEPEST => flatten(&name, inner, depth + 1, cells),
                None => cells.push((name, Value::Object(inner).to_string())),
            },
            other => cells.push((name, text_of(other))),
        }
    }
}

/// A reference to something, as ticket systems write it: what it is called.
fn shown(object: &Map<String, Value>) -> Option<String> {
    let is_reference = object.contains_key("display_value") || (object.contains_key("link") && object.contains_key("value"));
    let name = ["display_value", "value"].iter().find_map(|name| object.get(*name).filter(|value| !value.is_object() && !value.is_null()));
    if is_reference { name.cloned().map(text_of) } else { None }
}

fn text_of(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().map(item_text).collect::<Vec<_>>().join("\n"),
        Value::Object(object) => shown(&object).unwrap_or_else(|| Value::Object(object).to_string()),
        other => other.to_string(),
    }
}

/// One of several things in a cell: its name.
fn item_text(value: Value) -> String {
    match &value {
        Value::Object(object) => {
            let name = ["display_value", "name", "value", "number", "id"].iter().find_map(|name| object.get(*name));
            name.filter(|name| !name.is_object() && !name.is_array()).cloned().map_or_else(|| value.to_string(), text_of)
        }
        _ => text_of(value),
    }
}
