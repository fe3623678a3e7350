//! Relationships, and the properties that are links.

use model::Timestamp;
use model::relationship::RelationshipType;
use serde_json::{Map, Value};

use super::properties::Properties;
use crate::intel::IntelLink;

/// What all links of one object share.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) at: &'a str,
    pub(super) id: &'a str,
    pub(super) modified: Timestamp,
    pub(super) revoked: bool,
}

impl From<'_> {
    /// A link that is a property; the object itself, when that has no name.
    pub(super) fn link(&self, property: &str, relationship: RelationshipType, to: &str) -> IntelLink {
        IntelLink {
            at: if property.is_empty() { self.at.to_owned() } else { format!("{}/{property}", self.at) },
            id: String::new(),
            from: self.id.to_owned(),
            relationship,
            to: to.to_owned(),
            confidence: None,
            first_seen: Timestamp::NEVER,
            last_seen: Timestamp::NEVER,
            modified: self.modified,
            revoked: self.revoked,
            original: String::new(),
        }
    }
}

/// Links lead to objects: a relationship that a report names is none.
fn is_object(id: &str) -> bool {
    !id.starts_with("relationship--")
}

/// A relationship object (STIX 2.1, section 5.1), as its properties tell; breaches are noted there.
pub(super) fn relationship(properties: &mut Properties<'_>, from: From<'_>, original: &str) -> Option<IntelLink> {
    for name in ["relationship_type", "source_ref", "target_ref"] {
        properties.demand(name);
    }
    let word = properties.text("relationship_type").unwrap_or_default();
    let relationship = word.parse::<RelationshipType>();
    if let Err(error) = &relationship
        && !word.is_empty()
    {
        properties.refuse("relationship_type", error.to_string());
    }
    let mut ends = [None, None];
    for (end, name) in ends.iter_mut().zip(["source_ref", "target_ref"]) {
        *end = properties.reference(name);
        if end.is_some_and(|id| !is_object(id)) {
            properties.refuse(name, "must name an object, not a relationship");
        }
    }
    let (first_seen, last_seen) = properties.span("start_time", "stop_time", true);
    let confidence = properties.confidence();
    let deprecated = properties.map.get("x_mitre_deprecated").and_then(Value::as_bool) == Some(true);
    let [source, target] = ends;
    Some(IntelLink {
        at: from.at.to_owned(),
        id: from.id.to_owned(),
        from: source?.to_owned(),
        relationship: relationship.ok()?,
        to: target?.to_owned(),
        confidence,
        first_seen,
        last_seen,
        modified: from.modified,
        revoked: from.revoked || deprecated,
        original: original.to_owned(),
    })
}

/// The links that an object's own properties are.
pub(super) fn of_properties(word: &str, properties: &mut Properties<'_>, from: From<'_>) -> Vec<IntelLink> {
    let single: &[(&str, RelationshipType)] = match word {
        "sighting" => &[("sighting_of_ref", RelationshipType::SIGHTING_OF)],
        "malware-analysis" => &[("sample_ref", RelationshipType::RELATED_TO)],
        _ => &[],
    };
    let several: &[(&str, RelationshipType)] = match word {
        "report" | "grouping" | "note" | "opinion" => &[("object_refs", RelationshipType::REFERS_TO)],
        "observed-data" => &[("object_refs", RelationshipType::OBSERVED)],
        "sighting" => &[("where_sighted_refs", RelationshipType::SEEN_BY), ("observed_data_refs", RelationshipType::OBSERVED)],
        "malware" => &[("sample_refs", RelationshipType::RELATED_TO)],
        "malware-analysis" => &[("analysis_sco_refs", RelationshipType::RELATED_TO)],
        _ => &[],
    };
    let mut links = Vec::new();
    for (name, relationship) in single {
        links.extend(properties.reference(name).filter(|id| is_object(id)).map(|id| from.link(name, relationship.clone(), id)));
    }
    for (name, relationship) in several {
        for (n, id) in properties.references(name).into_iter().enumerate().filter(|(_, id)| is_object(id)) {
            links.push(from.link(&format!("{name}/{n}"), relationship.clone(), id));
        }
    }
    links
}

/// The links of a cyber observable to others: `place` turns what the property names into an id of the document.
pub(super) fn of_observable(object: &Map<String, Value>, from: From<'_>, place: impl Fn(&str) -> Option<String>) -> Vec<IntelLink> {
    let mut links = Vec::new();
    for (key, value) in object {
        let relationship = match key.as_str() {
            "resolves_to_refs" => RelationshipType::RESOLVES_TO,
            "belongs_to_refs" | "belongs_to_ref" => "belongs-to".parse().unwrap_or(RelationshipType::RELATED_TO),
            "contains_refs" => "contains".parse().unwrap_or(RelationshipType::RELATED_TO),
            "created_by_ref" | "object_marking_refs" => continue,
            _ => RelationshipType::RELATED_TO,
        };
        let named: Vec<&str> = match value {
            Value::String(id) if key.ends_with("_ref") => vec![id],
            Value::Array(items) if key.ends_with("_refs") => items.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        for id in named.into_iter().filter_map(&place).filter(|id| id != from.id && is_object(id)) {
            links.push(from.link(key, relationship.clone(), &id));
        }
    }
    links
}
