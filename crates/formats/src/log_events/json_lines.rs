//! One JSON value a line. A line that is no JSON is an event all the same: its text is the line.

use std::io::Read;

use super::emit::{Ended, Output, Place};
use super::lines::{Step, each_line};
use super::walk::Walked;

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut walked = Walked::default();
    each_line(reader, member, output, |output, line, number| {
        Step::event(output.json(line.trim(), &mut walked, Place { member, line: number }))
    })
}

/// Reads Elasticsearch bulk: what stands between the action lines.
pub(super) fn read_bulk(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut walked = Walked::default();
    each_line(reader, member, output, |output, line, number| {
        let line = line.trim();
        if is_action(line) {
            return Step::NoEvent;
        }
        Step::event(output.json(line, &mut walked, Place { member, line: number }))
    })
}

/// Whether a line is an action of a bulk request: an object with one key that names it and holds metadata alone.
pub(super) fn is_action(line: &str) -> bool {
    const ACTIONS: [&str; 4] = ["index", "create", "update", "delete"];
    let Some(name) = line.strip_prefix('{').map(str::trim_start).and_then(|rest| rest.strip_prefix('"')) else { return false };
    if line.len() > 4_096 || !ACTIONS.iter().any(|action| name.strip_prefix(action).is_some_and(|rest| rest.starts_with('"'))) {
        return false;
    }
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(line) else { return false };
    let metadata =
        |key: &String| key.starts_with('_') || ["routing", "pipeline", "version", "version_type", "require_alias"].contains(&key.as_str());
    object.len() == 1 && object.values().all(|value| value.as_object().is_some_and(|fields| fields.keys().all(metadata)))
}
