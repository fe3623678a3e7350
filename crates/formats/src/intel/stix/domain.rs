//! Domain objects (STIX 2.1, section 4) and what else is a record of its own, each as the fields of its kind.

use model::kind::Kind;
use model::text::shorten;
use serde_json::{Map, Value};

use super::draft::{Draft, common, custom_texts, cve, kill_chain, types};
use super::marking;
use super::pattern::Version;
use super::properties::Properties;

/// How long a title that is made from text is, in characters.
const TITLE: usize = 120;

/// The kind of record that a type is, and the properties that must be there, by version.
pub(super) fn kind_of(word: &str) -> (Kind, &'static [&'static str], &'static [&'static str]) {
    match word {
        "attack-pattern" => (Kind::AttackPattern, &["name"], &["name"]),
        "campaign" => (Kind::Campaign, &["name"], &["name"]),
        "course-of-action" => (Kind::CourseOfAction, &["name"], &["name"]),
        "grouping" => (Kind::Grouping, &["context", "object_refs"], &["context", "object_refs"]),
        "identity" => (Kind::Identity, &["name", "identity_class"], &["name"]),
        "indicator" => (Kind::Indicator, &["labels", "pattern", "valid_from"], &["pattern", "pattern_type", "valid_from"]),
        "infrastructure" => (Kind::Infrastructure, &["name"], &["name"]),
        "intrusion-set" => (Kind::IntrusionSet, &["name"], &["name"]),
        "location" => (Kind::Location, &[], &[]),
        "malware" => (Kind::Malware, &["labels", "name"], &["is_family"]),
        "malware-analysis" => (Kind::MalwareAnalysis, &["product"], &["product"]),
        "note" => (Kind::StixNote, &["content", "object_refs"], &["content", "object_refs"]),
        "observed-data" => (
            Kind::ObservedData,
            &["first_observed", "last_observed", "number_observed", "objects"],
            &["first_observed", "last_observed", "number_observed"],
        ),
        "opinion" => (Kind::Opinion, &["opinion", "object_refs"], &["opinion", "object_refs"]),
        "report" => (Kind::Report, &["labels", "name", "published", "object_refs"], &["name", "published", "object_refs"]),
        "threat-actor" => (Kind::ThreatActor, &["labels", "name"], &["name"]),
        "tool" => (Kind::Tool, &["labels", "name"], &["name"]),
        "vulnerability" => (Kind::Vulnerability, &["name"], &["name"]),
        "sighting" => (Kind::StixSighting, &["sighting_of_ref"], &["sighting_of_ref"]),
        "extension-definition" => {
            (Kind::StixObject, &["name", "schema", "version", "extension_types"], &["name", "schema", "version", "extension_types"])
        }
        "language-content" => (Kind::StixObject, &["object_ref", "contents"], &["object_ref", "contents"]),
        "marking-definition" => (Kind::StixObject, &["definition_type", "definition"], &[]),
        _ => (Kind::StixObject, &[], &[]),
    }
}

/// Whether the specification knows a type, and so demands `created` and `modified`.
pub(super) fn is_known(word: &str) -> bool {
    matches!(word, "extension-definition" | "language-content") || kind_of(word).0 != Kind::StixObject
}

/// Fills the fields of an object's kind.
pub(super) fn draft(word: &str, properties: &mut Properties<'_>) -> Draft {
    let (kind, required_20, required_21) = kind_of(word);
    for name in if properties.version == Version::V20 { required_20 } else { required_21 } {
        properties.demand(name);
    }
    let mut draft = Draft::new(kind);
    common(&mut draft, properties);
    let name = properties.text("name").filter(|name| !name.trim().is_empty());
    draft.set_some("name", name);
    let mut aliases = properties.texts("aliases");
    aliases.extend(custom_texts(properties, "x_mitre_aliases"));
    aliases.retain(|alias| Some(*alias) != name);
    draft.set_lines("aliases", &aliases);
    draft.set_lines("platforms", &custom_texts(properties, "x_mitre_platforms"));
    let (phases, tactics) = kill_chain(properties);
    draft.set_lines("kill_chain_phases", &phases);
    // What is told under the same name in STIX and here.
    for same in ["objective", "primary_motivation", "resource_level", "sophistication", "result_name", "opinion", "context"] {
        if draft.kind.spec().field(same).is_some() {
            draft.set_some(same, properties.text(same));
        }
    }
    for same in ["goals", "sectors", "roles", "authors"] {
        if draft.kind.spec().field(same).is_some() {
            let texts = properties.texts(same);
            draft.set_lines(same, &texts);
        }
    }
    match kind {
        Kind::AttackPattern => {
            draft.set("tactics", &tactics.join(", "));
            draft.set_some("detection", properties.map.get("x_mitre_detection").and_then(Value::as_str));
        }
        Kind::Campaign | Kind::IntrusionSet => seen(&mut draft, properties, "first_seen", "last_seen"),
        Kind::CourseOfAction => draft.set_some("action_type", properties.map.get("action_type").and_then(Value::as_str)),
        Kind::Grouping => {
            let context = properties.text("context").unwrap_or_default();
            otherwise(&mut draft, name, || context.to_owned());
        }
        Kind::Identity => {
            draft.set_some("identity_class", properties.text("identity_class"));
            draft.set_some("contact_information", properties.text("contact_information"));
        }
        Kind::Indicator => indicator(&mut draft, properties, name),
        Kind::Infrastructure => {
            draft.set("infrastructure_types", &types(properties, "infrastructure_types"));
            seen(&mut draft, properties, "first_seen", "last_seen");
        }
        Kind::Location => location(&mut draft, properties, name),
        Kind::Malware => {
            draft.set("malware_types", &types(properties, "malware_types"));
            if let Some(family) = properties.bool("is_family") {
                draft.set("is_family", if family { "yes" } else { "no" });
            }
            seen(&mut draft, properties, "first_seen", "last_seen");
            otherwise(&mut draft, name, || aliases.first().map_or("Malware", |alias| alias).to_owned());
        }
        Kind::MalwareAnalysis => malware_analysis(&mut draft, properties),
        Kind::StixNote => {
            let content = properties.text("content").unwrap_or_default();
            draft.set("content", content);
            draft.set("name", properties.text("abstract").filter(|text| !text.trim().is_empty()).unwrap_or(&first_line(content)));
        }
        Kind::ObservedData => observed_data(&mut draft, properties),
        Kind::Opinion => {
            let opinion = properties.text("opinion").unwrap_or_default();
            let explanation = properties.text("explanation").filter(|text| !text.trim().is_empty());
            draft.set("name", &explanation.map_or_else(|| opinion.to_owned(), first_line));
        }
        Kind::Report => {
            draft.set("report_type", &types(properties, "report_types"));
            moment(&mut draft, properties, "published");
        }
        Kind::ThreatActor => {
            draft.set("threat_actor_types", &types(properties, "threat_actor_types"));
            seen(&mut draft, properties, "first_seen", "last_seen");
        }
        Kind::Tool => {
            draft.set("tool_types", &types(properties, "tool_types"));
            draft.set_some("tool_version", properties.text("tool_version"));
        }
        Kind::Vulnerability => {
            if let Some(cve) = cve(properties)
                && let Some(name) = name
                && !name.eq_ignore_ascii_case(cve)
            {
                draft.set("name", cve);
                draft.set("summary", name);
            }
        }
        Kind::StixSighting => {
            seen(&mut draft, properties, "first_seen", "last_seen");
            if let Some(count) = properties.count("count") {
                draft.set("count", &count.to_string());
            }
            let of = properties.reference("sighting_of_ref").unwrap_or_default();
            draft.set("name", &format!("Sighting of {of}"));
            // Whether it sums up others: kept in the object as it came.
            properties.bool("summary");
        }
        _ => other(&mut draft, properties, word, name),
    }
    draft
}

/// A name where the object has none.
fn otherwise(draft: &mut Draft, name: Option<&str>, made: impl FnOnce() -> String) {
    match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => draft.set("name", name),
        None => draft.set("name", &made()),
    }
}

fn first_line(text: &str) -> String {
    shorten(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default(), TITLE)
}

fn seen(draft: &mut Draft, properties: &mut Properties<'_>, first: &str, last: &str) {
    let (from, to) = properties.span(first, last, false);
    for (name, at) in [("first_seen", from), ("last_seen", to)] {
        if let Some(at) = at.set() {
            draft.set(name, &at.to_string());
        }
    }
}

fn moment(draft: &mut Draft, properties: &mut Properties<'_>, name: &str) {
    if let Some(at) = properties.moment(name) {
        draft.set(name, &at.to_string());
    }
}

fn indicator(draft: &mut Draft, properties: &mut Properties<'_>, name: Option<&str>) {
    draft.set("indicator_type", &types(properties, "indicator_types"));
    let pattern = properties.text("pattern").unwrap_or_default();
    draft.set("pattern", pattern);
    draft.set("pattern_type", properties.text("pattern_type").unwrap_or("stix"));
    let (from, until) = properties.span("valid_from", "valid_until", true);
    for (name, at) in [("valid_from", from), ("valid_until", until)] {
        if let Some(at) = at.set() {
            draft.set(name, &at.to_string());
        }
    }
    otherwise(draft, name, || first_line(pattern));
}

fn location(draft: &mut Draft, properties: &mut Properties<'_>, name: Option<&str>) {
    let mut words = Vec::new();
    for part in ["city", "administrative_area", "country", "region"] {
        let text = properties.text(part).unwrap_or_default();
        draft.set(part, text);
        words.extend(Some(text).filter(|text| !text.is_empty()));
    }
    let (latitude, longitude) = (properties.number("latitude"), properties.number("longitude"));
    draft.set_some("latitude", latitude.as_deref());
    draft.set_some("longitude", longitude.as_deref());
    let place = latitude.zip(longitude).map(|(latitude, longitude)| format!("{latitude}, {longitude}"));
    if words.is_empty() && place.is_none() && properties.version == Version::V21 {
        properties.refuse("country", "is missing, and so are `region`, `latitude` and `longitude`; a location has one of them");
    }
    otherwise(draft, name, || if words.is_empty() { place.unwrap_or_default() } else { words.join(", ") });
}

fn malware_analysis(draft: &mut Draft, properties: &mut Properties<'_>) {
    draft.set_some("name", properties.text("product"));
    draft.set_some("result", properties.text("result"));
    draft.set_some("version", properties.text("version"));
    moment(draft, properties, "submitted");
    let (from, to) = properties.span("analysis_started", "analysis_ended", false);
    for (name, at) in [("analysis_started", from), ("analysis_ended", to)] {
        if let Some(at) = at.set() {
            draft.set(name, &at.to_string());
        }
    }
}

fn observed_data(draft: &mut Draft, properties: &mut Properties<'_>) {
    seen(draft, properties, "first_observed", "last_observed");
    let times = properties.count("number_observed");
    if let Some(times) = times {
        if times == 0 {
            properties.refuse("number_observed", "must be at least 1");
        }
        draft.set("number_observed", &times.to_string());
    }
    let nested = properties.get("objects").map(|objects| objects.as_object().map(Map::len));
    if nested == Some(None) {
        properties.refuse("objects", "must be an object");
    }
    if nested.is_none() && properties.version == Version::V21 {
        properties.demand("object_refs");
    }
    let count = nested.flatten().unwrap_or_default() + properties.references("object_refs").len();
    let first = properties.text("first_observed").and_then(|text| text.get(..10)).unwrap_or_default();
    draft.set("name", &format!("{count} {} observed {first}", if count == 1 { "object" } else { "objects" }));
}

/// Marking definitions and the like, and what other makers add.
fn other(draft: &mut Draft, properties: &mut Properties<'_>, word: &str, name: Option<&str>) {
    draft.set("type", word);
    if word == "marking-definition" {
        draft.set_some("tlp", marking::defined(properties.map));
        let definition = properties.get("definition").and_then(Value::as_object);
        let inner = |key: &str| definition.and_then(|d| d.get(key)).and_then(Value::as_str);
        let made = inner("tlp").map(|tlp| format!("TLP:{}", tlp.to_uppercase())).or_else(|| inner("statement").map(first_line));
        otherwise(draft, name, || made.unwrap_or_else(|| word.to_owned()));
        return;
    }
    if name.is_none() {
        let title = super::cyber::title(word, properties.map);
        if title != word {
            draft.set("name", &title);
        }
    }
}
