//! Records as domain objects (STIX 2.1, section 4): from their fields, or as they came with what was edited since.

use model::kind::{FieldShape, FieldSpec, Kind, Place};
use model::observable::ObservableType;
use serde_json::{Value, json};

use super::own::{self, Object};
use super::{cyber, upgrade};
use crate::export::{End, Item};
use crate::intel::{Limits, stix};

/// The type of object that a record of a kind is; its own, when its id says which.
pub(super) fn type_of(end: &End) -> &str {
    match end.kind {
        // A machine and a person are who and what may be told of as having seen something (section 4.5).
        Kind::ConfigurationItem | Kind::User => "identity",
        Kind::StixObject => own::type_of(&end.id),
        kind => kind.spec().id_prefix,
    }
}

/// A record's object made of its fields; `None` when it lacks what its type must have. `refs` are what it refers to.
pub(super) fn build(item: &Item, id: &str, refs: &[String]) -> Option<Object> {
    let kind = item.end.kind;
    let mut object = versioned(item, type_of(&item.end), id);
    for field in kind.spec().fields {
        if let Some(value) = item.fields.get(field.name).filter(|value| says(value)) {
            set(&mut object, kind, field, value);
        }
    }
    references(&mut object, item);
    spans(&mut object);
    let has = |name: &str| object.get(name).is_some_and(says);
    let whole = match kind {
        Kind::Indicator => has("pattern") && has("pattern_type") && is_pattern(&object),
        Kind::Location => has("country") || has("region") || (has("latitude") && has("longitude")),
        Kind::ObservedData => has("first_observed") && has("last_observed") && has("number_observed") && !refs.is_empty(),
        Kind::Opinion => has("opinion") && !refs.is_empty(),
        Kind::Report | Kind::Grouping | Kind::StixNote => !refs.is_empty(),
        Kind::StixSighting | Kind::StixObject | Kind::VulnerableItem => false,
        _ => true,
    };
    if !whole {
        return None;
    }
    complete(&mut object, item, refs);
    Some(object)
}

/// What every domain object has.
pub(super) fn versioned(item: &Item, kind: &str, id: &str) -> Object {
    let mut object = cyber::bare(kind, id);
    object.insert("created".to_owned(), own::millis(item.created_at).into());
    object.insert("modified".to_owned(), own::millis(item.updated_at.max(item.created_at)).into());
    object
}

/// A record that no type of STIX can hold: an object of a type of ours, with its fields.
pub(super) fn custom(item: &Item, id: &str) -> Object {
    let mut object = versioned(item, own::type_of(id), id);
    own::declare(&mut object, "new-sdo");
    object.insert("name".to_owned(), item.end.title.as_str().into());
    let description = item.text("description");
    if !description.is_empty() {
        object.insert("description".to_owned(), description.into());
    }
    as_record(&mut object, item);
    object
}

/// Says which record an object is, with its fields.
pub(super) fn as_record(object: &mut Object, item: &Item) {
    let fields: Object = item.fields.iter().filter(|(_, value)| says(value)).map(|(name, value)| (name.clone(), value.clone())).collect();
    own::tell(object, "record", json!({ "kind": item.end.kind, "id": item.end.id, "fields": fields }));
}

/// The type of a custom object for a record that STIX has a type for, but not for this one.
pub(super) fn custom_id(end: &End) -> String {
    let uuid = own::uuid_of(&end.id);
    match end.kind {
        Kind::StixObject | Kind::VulnerableItem => end.id.clone(),
        kind => format!("x-vizsla-{}--{uuid}", kind.spec().id_prefix),
    }
}

fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

/// The list of words that a kind's category is in STIX.
fn types_of(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Indicator => "indicator_types",
        Kind::Infrastructure => "infrastructure_types",
        Kind::Malware => "malware_types",
        Kind::Report => "report_types",
        Kind::ThreatActor => "threat_actor_types",
        Kind::Tool => "tool_types",
        _ => return None,
    })
}

/// Sets the property that a field is; removes it when the field is empty.
fn set(object: &mut Object, kind: Kind, field: &FieldSpec, value: &Value) {
    let text = value.as_str().unwrap_or_default();
    let mut put = |name: &str, value: Option<Value>| match value.filter(says) {
        Some(value) => {
            object.insert(name.to_owned(), value);
        }
        None => {
            object.remove(name);
        }
    };
    let words = || text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Value::from).collect::<Vec<Value>>().into();
    match (kind, field.name) {
        (_, "tlp" | "external_references" | "external_id" | "tactics" | "type") => {}
        (Kind::ObservedData | Kind::StixSighting | Kind::Incident, "name" | "number") => {}
        (Kind::Incident, "short_description") => put("name", Some(text.into())),
        (Kind::Incident | Kind::ConfigurationItem | Kind::User, "description") => put("description", Some(text.into())),
        (Kind::Incident, _) => {}
        (Kind::User, "email") => put("contact_information", Some(text.into())),
        (Kind::ConfigurationItem | Kind::User, "name") => put("name", Some(text.into())),
        (Kind::ConfigurationItem | Kind::User, _) => {}
        (Kind::MalwareAnalysis, "name") => put("product", Some(text.into())),
        (Kind::StixNote, "name") => put("abstract", Some(text.into())),
        (Kind::Opinion, "name") => put("explanation", Some(text.into())),
        (Kind::Vulnerability, "exploited" | "severity" | "cvss" | "cwe" | "published" | "summary") => {
            if field.name == "exploited" {
                put("revoked", (text == "revoked").then(|| true.into()));
            }
        }
        // What only others' objects have, or only Vizsla's.
        (Kind::Indicator, "score") | (Kind::Report, "author") | (Kind::ThreatActor, "country") | (Kind::CourseOfAction, "action_type") => {}
        (Kind::MalwareAnalysis | Kind::ObservedData, "description") => {}
        (_, "status") => {
            put("revoked", (text == "revoked").then(|| true.into()));
            put("x_mitre_deprecated", (text == "deprecated").then(|| true.into()));
        }
        (_, "platforms") => put("x_mitre_platforms", Some(value.clone())),
        (_, "detection") => put("x_mitre_detection", Some(value.clone())),
        (Kind::Malware, "is_family") => put("is_family", Some((text == "yes").into())),
        (_, "confidence") => put("confidence", text.parse::<u8>().ok().map(Value::from)),
        (Kind::ObservedData, "number_observed") | (Kind::StixSighting, "count") => {
            put(field.name, text.parse::<u64>().ok().map(Value::from))
        }
        (Kind::ObservedData, "first_seen") => put("first_observed", Some(time(text))),
        (Kind::ObservedData, "last_seen") => put("last_observed", Some(time(text))),
        (Kind::Location, "latitude" | "longitude") => {
            put(field.name, text.parse::<f64>().ok().filter(|n| n.abs() <= 180.0).map(Value::from))
        }
        (_, "kill_chain_phases") => put("kill_chain_phases", Some(phases(value))),
        (kind, _) if field.place == Place::Category && types_of(kind).is_some() => put(types_of(kind).unwrap_or_default(), Some(words())),
        (_, name) if field.shape == FieldShape::Moment => put(name, Some(time(text))),
        (_, name) => put(name, Some(value.clone())),
    }
}

fn time(text: &str) -> Value {
    text.parse().map_or(Value::Null, |at| own::moment(at).into())
}

/// `kill-chain: phase`, a line each.
fn phases(value: &Value) -> Value {
    let lines = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    let phases =
        lines.filter_map(|line| line.split_once(": ")).map(|(chain, phase)| json!({ "kill_chain_name": chain, "phase_name": phase }));
    phases.collect::<Vec<Value>>().into()
}

/// External references from their lines, and from the ids that others gave.
fn references(object: &mut Object, item: &Item) {
    let mut references: Vec<Value> = Vec::new();
    let title = item.end.title.as_str();
    if item.end.kind == Kind::Vulnerability && title.to_ascii_uppercase().starts_with("CVE-") {
        references.push(json!({ "source_name": "cve", "external_id": title }));
    }
    let id = item.text("external_id");
    let lines: Vec<&str> =
        item.fields.get("external_references").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !id.is_empty() && !lines.iter().any(|line| line.contains(id)) {
        let source = if id.starts_with("CAPEC-") { "capec" } else { "mitre-attack" };
        references.push(json!({ "source_name": source, "external_id": id }));
    }
    if item.end.kind == Kind::Incident && !item.text("number").is_empty() {
        references.push(json!({ "source_name": "incident", "external_id": item.text("number") }));
    }
    for line in lines {
        let reference = reference(line);
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    if references.is_empty() {
        object.remove("external_references");
    } else {
        object.insert("external_references".to_owned(), references.into());
    }
}

/// `source: id url`, as [`crate::intel::stix`] writes it, or a URL alone.
fn reference(line: &str) -> Value {
    let is_url = |word: &str| word.contains("://");
    let (source, told) = match line.split_once(": ") {
        Some((source, told)) if !is_url(source) => (source, told),
        _ if is_url(line) => ("link", line),
        _ => return json!({ "source_name": line, "description": line }),
    };
    let (id, url) = match told.rsplit_once(' ') {
        Some((id, url)) if is_url(url) => (id, url),
        None if is_url(told) => ("", told),
        _ => (told, ""),
    };
    let mut reference = json!({ "source_name": source });
    if !url.is_empty() {
        reference["url"] = cyber::uri(url).into();
    }
    if !id.is_empty() {
        // What is no id was a description.
        let name = if id.contains(' ') { "description" } else { "external_id" };
        reference[name] = id.into();
    }
    reference
}

/// Times that must follow each other, and do not: the later is left out.
fn spans(object: &mut Object) {
    let pairs = [("first_seen", "last_seen", false), ("valid_from", "valid_until", true), ("analysis_started", "analysis_ended", false)];
    for (first, last, apart) in pairs.into_iter().chain([("first_observed", "last_observed", false)]) {
        let at = |name: &str| object.get(name).and_then(Value::as_str).and_then(|text| text.parse::<model::Timestamp>().ok());
        if let (Some(from), Some(to)) = (at(first), at(last))
            && (to < from || (apart && to == from))
        {
            object.remove(last);
        }
    }
}

/// Whether an indicator's pattern is one, as far as it says to be of STIX.
fn is_pattern(object: &Object) -> bool {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    text("pattern_type") != "stix" || stix::pattern::parse(text("pattern"), stix::pattern::Version::V21).is_ok()
}

/// What a type must have beside what its fields say.
fn complete(object: &mut Object, item: &Item, refs: &[String]) {
    let mut least = |name: &str, value: Value| {
        object.entry(name).or_insert(value);
    };
    let created = || Value::from(own::millis(item.created_at));
    match item.end.kind {
        Kind::ConfigurationItem => least("identity_class", "system".into()),
        Kind::User => least("identity_class", "individual".into()),
        Kind::Indicator => least("valid_from", created()),
        Kind::Malware => least("is_family", false.into()),
        Kind::Grouping => least("context", "unspecified".into()),
        Kind::Report => least("published", created()),
        Kind::StixNote => least("content", item.end.title.as_str().into()),
        Kind::MalwareAnalysis => least("result", "unknown".into()),
        Kind::Vulnerability if !item.text("summary").is_empty() => least("description", item.text("summary").into()),
        _ => {}
    }
    if matches!(item.end.kind, Kind::Report | Kind::Grouping | Kind::StixNote | Kind::Opinion | Kind::ObservedData) {
        object.insert("object_refs".to_owned(), json!(refs));
    }
    if matches!(item.end.kind, Kind::ConfigurationItem | Kind::User | Kind::Incident) {
        as_record(object, item);
    }
}

/// The object that a record came as, with what was edited since; `None` when its text is none of STIX. `refs` are what it
/// refers to.
pub(super) fn original(item: &Item, refs: &[String]) -> Option<(Object, bool)> {
    let text = item.original.as_deref()?;
    let mut object = upgrade::parse(text)?;
    let told = stix::read(text.as_bytes(), &Limits::default()).ok()?;
    let told = told.objects.into_iter().find(|one| one.id == object.get("id").and_then(Value::as_str).unwrap_or_default())?.record;
    if told.kind != item.end.kind {
        return None;
    }
    let mut changed = upgrade::upgrade(&mut object);
    // Observed data held objects before it referred to them; what it can't refer to it can't hold any more.
    if item.end.kind == Kind::ObservedData && object.remove("objects").is_some() {
        if refs.is_empty() {
            return None;
        }
        object.insert("object_refs".to_owned(), json!(refs));
        changed = true;
    }
    let told = told.fields();
    let edited: Vec<&FieldSpec> = item.end.kind.spec().fields.iter().filter(|field| differs(&told, item, field)).collect();
    if !edited.is_empty() {
        for field in &edited {
            set(&mut object, item.end.kind, field, item.fields.get(field.name).unwrap_or(&Value::Null));
        }
        if edited.iter().any(|field| matches!(field.name, "external_references" | "external_id")) {
            references(&mut object, item);
        }
        spans(&mut object);
        // A version of ours is newer than the one that it came in.
        let came = object.get("modified").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(item.updated_at);
        object.insert("modified".to_owned(), own::millis(item.updated_at.max(came)).into());
        changed = true;
    }
    Some((object, changed))
}

/// Whether a field says something else than its document did. What other objects gave (a report's author, what was sighted)
/// is no edit.
fn differs(told: &Object, item: &Item, field: &FieldSpec) -> bool {
    let derived = match item.end.kind {
        Kind::StixSighting | Kind::ObservedData => field.place == Place::Title,
        _ => matches!(field.place, Place::Owner | Place::Finding | Place::Severity) || field.name == "tlp",
    };
    let value = |fields: &Object| fields.get(field.name).filter(|value| says(value)).cloned();
    !derived && value(told) != value(&item.fields)
}

/// Whether an observable of this type is a part of a file: a hash or a name.
#[must_use]
pub fn is_of_file(kind: ObservableType) -> bool {
    cyber::algorithm(kind).is_some() || kind == ObservableType::FileName
}
