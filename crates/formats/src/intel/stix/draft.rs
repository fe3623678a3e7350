//! What a record is made of: fields by the names of its kind, cut to what a record holds.

use model::field::Fields;
use model::kind::{FieldShape, Kind, NewRecord, RecordInput};
use model::text::shorten;
use serde_json::{Map, Value};

use super::marking;
use super::pattern::Version;
use super::properties::Properties;

// What a record holds (`model::kind`); the object's own text holds the rest.
const LINE: usize = 999;
const TEXT: usize = 99_999;
const LINES: usize = 1_000;

/// A record in the making.
pub(super) struct Draft {
    pub(super) kind: Kind,
    fields: Map<String, Value>,
}

impl Draft {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, fields: Map::new() }
    }

    /// Sets a field, if its kind has it and the text is not empty.
    pub(super) fn set(&mut self, name: &str, text: &str) {
        let Some(field) = self.kind.spec().field(name) else {
            return;
        };
        let text = if field.shape == FieldShape::Text { whole_text(text) } else { one_line(text) };
        if !text.is_empty() {
            self.fields.insert(name.to_owned(), Value::String(text));
        }
    }

    /// Sets a field, if there is something to set.
    pub(super) fn set_some(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.set(name, text);
        }
    }

    /// Sets a field of several lines.
    pub(super) fn set_lines<S: AsRef<str>>(&mut self, name: &str, lines: &[S]) {
        if self.kind.spec().field(name).is_none() {
            return;
        }
        let lines: Vec<Value> =
            lines.iter().map(|line| one_line(line.as_ref())).filter(|line| !line.is_empty()).take(LINES).map(Value::String).collect();
        if !lines.is_empty() {
            self.fields.insert(name.to_owned(), Value::Array(lines));
        }
    }

    /// The record, under the id of its object; `None` with what it breaks, which is then our own limit.
    pub(super) fn finish(mut self, id: &str) -> Result<NewRecord, String> {
        let has_name = self.fields.get("name").is_some();
        if !has_name {
            self.set("name", id);
        }
        let mut refusals = Fields::new();
        let record = NewRecord::read(&RecordInput { kind: self.kind, fields: self.fields }, "", &mut refusals);
        if let Err(errors) = refusals.finish() {
            let told: Vec<String> = errors.iter().take(3).map(|e| format!("{} {}", e.pointer, e.detail)).collect();
            return Err(told.join("; "));
        }
        let mut record = record.ok_or_else(|| "makes no record".to_owned())?;
        record.public_id = Some(id.to_owned());
        Ok(record)
    }
}

fn one_line(text: &str) -> String {
    if text.len() <= LINE && !text.contains(char::is_control) {
        return text.trim().to_owned();
    }
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE + 1).collect();
    shorten(plain.trim(), LINE)
}

fn whole_text(text: &str) -> String {
    if text.len() <= TEXT && !text.contains('\0') {
        return text.trim().to_owned();
    }
    shorten(text.replace('\0', "\u{fffd}").trim(), TEXT)
}

/// What all objects may have in common (STIX 2.1, section 3.2), and ATT&CK's additions.
pub(super) fn common(draft: &mut Draft, properties: &mut Properties<'_>) {
    draft.set_some("description", properties.text("description"));
    if let Some(confidence) = properties.confidence() {
        draft.set("confidence", &confidence.to_string());
    }
    let labels = properties.texts("labels");
    draft.set_lines("labels", &labels);
    let references = references(properties);
    draft.set_lines("external_references", &references.lines);
    draft.set_some("external_id", references.attack_id);
    let markings = properties.references("object_marking_refs");
    draft.set_some("tlp", markings.iter().fold(None, |tlp, id| marking::stricter(tlp, marking::known(id))));
    let revoked = properties.bool("revoked") == Some(true);
    let deprecated = properties.map.get("x_mitre_deprecated").and_then(Value::as_bool) == Some(true);
    match (revoked, deprecated, draft.kind) {
        (true, _, Kind::Vulnerability) => draft.set("exploited", "revoked"),
        (true, _, _) => draft.set("status", "revoked"),
        // An indicator has no word for it: it no longer holds.
        (_, true, Kind::Indicator) => draft.set("status", "expired"),
        (_, true, _) => draft.set("status", "deprecated"),
        _ => {}
    }
}

struct References<'a> {
    lines: Vec<String>,
    attack_id: Option<&'a str>,
    cve: Option<&'a str>,
}

/// External references, as `source_name: external_id url`.
fn references<'a>(properties: &mut Properties<'a>) -> References<'a> {
    let mut found = References { lines: Vec::new(), attack_id: None, cve: None };
    for (n, reference) in properties.objects("external_references").into_iter().enumerate() {
        let text = |name: &str| reference.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(source) = text("source_name") else {
            properties.refuse("external_references", format!("has no `source_name` in its entry {n}"));
            continue;
        };
        let id = text("external_id");
        if source.starts_with("mitre-") {
            found.attack_id = found.attack_id.or(id);
        }
        if source.eq_ignore_ascii_case("cve") {
            found.cve = found.cve.or(id);
        }
        let words: Vec<&str> = id.into_iter().chain(text("url")).collect();
        let told = if words.is_empty() { text("description").unwrap_or_default().to_owned() } else { words.join(" ") };
        found.lines.push(format!("{source}: {told}").trim_end_matches([':', ' ']).to_owned());
    }
    found
}

/// The CVE that external references name.
pub(super) fn cve<'a>(properties: &Properties<'a>) -> Option<&'a str> {
    let mut apart = Properties::new(properties.map, properties.at, properties.version);
    references(&mut apart).cve
}

/// `kill-chain: phase`, and the phases alone: those of ATT&CK, or all when there are none.
pub(super) fn kill_chain(properties: &mut Properties<'_>) -> (Vec<String>, Vec<String>) {
    let mut lines = Vec::new();
    let (mut attack, mut all) = (Vec::new(), Vec::new());
    for (n, phase) in properties.objects("kill_chain_phases").into_iter().enumerate() {
        let text = |name: &str| phase.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(chain), Some(phase)) = (text("kill_chain_name"), text("phase_name")) else {
            properties.refuse("kill_chain_phases", format!("has no `kill_chain_name` and `phase_name` in its entry {n}"));
            continue;
        };
        lines.push(format!("{chain}: {phase}"));
        if chain.starts_with("mitre-") {
            attack.push(phase.to_owned());
        }
        all.push(phase.to_owned());
    }
    (lines, if attack.is_empty() { all } else { attack })
}

/// What an object is of its own type: 2.1 has a property for it, 2.0 told it among the labels.
pub(super) fn types(properties: &mut Properties<'_>, name: &str) -> String {
    let mut words = properties.texts(name);
    if words.is_empty() && properties.version == Version::V20 {
        words = properties.texts("labels");
    }
    words.join(", ")
}

/// Lists of other makers, taken when they are lists of text.
pub(super) fn custom_texts<'a>(properties: &Properties<'a>, name: &str) -> Vec<&'a str> {
    properties.map.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
