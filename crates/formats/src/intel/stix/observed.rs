//! Cyber observables: objects of their own (STIX 2.1), and those inside of observed data (STIX 2.0).

use std::collections::HashMap;

use model::artifact::Finding;
use model::kind::{Kind, NewRecord};
use model::observable::Observable;
use model::relationship::RelationshipType;
use serde_json::{Map, Value};

use super::draft::{Draft, common};
use super::properties::Properties;
use super::{Reader, Taken, cyber, links};

/// The most objects inside of one observed data.
const MOST: usize = 10_000;

/// What must be there, in an object of a type.
fn demand(kind: &str, properties: &mut Properties<'_>) {
    let name = match kind {
        "directory" => "path",
        "autonomous-system" => "number",
        "email-message" => "is_multipart",
        "mutex" | "software" => "name",
        "network-traffic" => "protocols",
        _ if cyber::is_value_type(kind) => "value",
        "file" if properties.get("hashes").is_none() => "name",
        _ => return,
    };
    properties.demand(name);
    match name {
        "number" => drop(properties.count(name)),
        "is_multipart" => drop(properties.bool(name)),
        "protocols" => drop(properties.texts(name)),
        _ => drop(properties.text(name)),
    }
}

/// The observables of an object; a breach when it is nothing but a value, and that is none.
fn observables(kind: &str, properties: &mut Properties<'_>) -> Vec<Observable> {
    demand(kind, properties);
    if properties.breach().is_some() {
        return Vec::new();
    }
    cyber::observables(kind, properties.map).unwrap_or_else(|error| {
        properties.refuse("value", error.to_string());
        Vec::new()
    })
}

/// Observables of one object stand beside the first.
fn beside(kind: &str) -> RelationshipType {
    if cyber::is_file(kind) { RelationshipType::SAME_FILE } else { RelationshipType::RELATED_TO }
}

impl Reader<'_> {
    /// An object of its own: the observable that stands for it, or, where Vizsla has none, the object as it came.
    pub(super) fn cyber(&mut self, kind: &str, properties: &mut Properties<'_>, from: links::From<'_>) -> Taken {
        let found = observables(kind, properties);
        if properties.breach().is_some() {
            return None;
        }
        let record = match found.first() {
            Some(observable) => NewRecord::from_observable(observable, Finding::Unknown),
            None => {
                let mut draft = Draft::new(Kind::StixObject);
                common(&mut draft, properties);
                draft.set("type", kind);
                draft.set("name", &cyber::title(kind, properties.map));
                draft.finish(from.id).map_err(|why| properties.refuse("", why)).ok()?
            }
        };
        let links = links::of_observable(properties.map, from, |id| super::properties::is_id(id).then(|| id.to_owned()));
        Some((Some(record), links))
    }

    /// The observables of an object beside the one that stands for it.
    pub(super) fn parts(&mut self, kind: &str, object: &Map<String, Value>, from: links::From<'_>) {
        for observable in cyber::observables(kind, object).unwrap_or_default().into_iter().skip(1) {
            let id = self.derive(observable, from.at);
            if id != from.id {
                self.document.links.push(from.link("", beside(kind), &id));
            }
        }
    }

    /// The objects inside of observed data (STIX 2.0): observables, links to them, and links between them.
    pub(super) fn observed(&mut self, object: &Map<String, Value>, from: links::From<'_>) {
        let Some(nested) = object.get("objects").and_then(Value::as_object) else {
            return;
        };
        if nested.len() > MOST {
            let why = format!("has {} objects; the first {MOST} are taken", nested.len());
            self.document.refuse(self.limits, format!("{}/objects", from.at), why);
        }
        let mut first: HashMap<&str, String> = HashMap::new();
        for (key, inner) in nested.iter().take(MOST) {
            let at = format!("{}/objects/{}", from.at, key.replace('~', "~0").replace('/', "~1"));
            let Some(inner) = inner.as_object() else {
                self.document.refuse(self.limits, at, "must be an object");
                continue;
            };
            let kind = inner.get("type").and_then(Value::as_str).unwrap_or_default();
            let mut properties = Properties::new(inner, &at, super::pattern::Version::V20);
            properties.demand("type");
            let found = observables(kind, &mut properties);
            if let Some((place, why)) = properties.breach() {
                self.document.refuse(self.limits, place, why);
                continue;
            }
            let mut standing: Option<String> = None;
            for observable in found {
                let id = self.derive(observable, &at);
                let link = from.link(&format!("objects/{key}"), RelationshipType::OBSERVED, &id);
                self.document.links.push(link);
                match &standing {
                    None => standing = Some(id),
                    Some(first) => {
                        let between = links::From { at: &at, id: first, ..from };
                        self.document.links.push(between.link("", beside(kind), &id));
                    }
                }
            }
            first.extend(standing.map(|id| (key.as_str(), id)));
        }
        for (key, inner) in nested.iter().take(MOST) {
            if let (Some(id), Some(inner)) = (first.get(key.as_str()), inner.as_object()) {
                let at = format!("{}/objects/{key}", from.at);
                let between = links::From { at: &at, id, ..from };
                self.document.links.extend(links::of_observable(inner, between, |name| first.get(name).cloned()));
            }
        }
    }
}
