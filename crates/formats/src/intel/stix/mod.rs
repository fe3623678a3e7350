//! STIX 2.0 and 2.1 (OASIS): bundles, lists of objects, single objects, TAXII envelopes.
//!
//! Domain objects become records of their kinds, cyber observables become observables, relationships become links. What
//! breaks a rule of the specification is refused at its place; the rest is kept, each object with its text as it came.

mod cyber;
mod domain;
mod draft;
mod envelope;
mod links;
mod marking;
mod observed;
pub mod pattern;
mod properties;
mod refs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use model::Timestamp;
use model::artifact::Finding;
use model::kind::{Kind, NewRecord};
use model::observable::{Observable, stix_id};
use model::relationship::RelationshipType;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Document, Format, IntelObject, Limits, Unreadable};
use envelope::Envelope;
use pattern::Version;
use properties::Properties;

use crate::export::stix::own::{self, Own};

/// Reads a document.
///
/// `counts` has `objects`, `duplicate_ids`, `refs_pointing_outside` (ids that are named and not in it, markings and authors
/// among them), `patterns`, `patterns_refused`, `observables_named` (those that only patterns and other objects name), and the
/// number of each type by its name.
///
/// # Errors
/// When it is too large, no JSON (with line and column), or no STIX 2.0 or 2.1.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Unreadable> {
    let text = super::text_of(bytes, limits)?;
    let envelope = envelope::open(text, limits.objects)?;
    let mut reader = Reader::new(limits);
    reader.document.notes.push(envelope.note.clone());
    reader.envelope(&envelope, "", true);
    Ok(reader.finish())
}

/// What is filled in once all objects are known.
enum Later {
    /// The name of what was seen, into a sighting's title.
    Seen(String),
    /// The name of who made it, into a report's owner.
    Author(String),
}

struct Reader<'l> {
    limits: &'l Limits,
    document: Document,
    /// The ids of all objects and relationships of the document, the refused ones too.
    ids: HashSet<String>,
    refused: HashSet<String>,
    refs: refs::References,
    /// Observables that only patterns and observed data name: by public id, with the place that names them first.
    derived: BTreeMap<String, (String, Observable)>,
    /// What markings of the document's own say.
    tlp: HashMap<String, &'static str>,
    /// Which objects have which markings that STIX does not define.
    marked: HashMap<String, Vec<usize>>,
    later: Vec<(usize, Later)>,
    /// The pattern of the indicator that is being read.
    pattern: Option<pattern::Observation>,
}

impl<'l> Reader<'l> {
    fn new(limits: &'l Limits) -> Self {
        let mut document = Document::new(Format::Stix);
        for sort in ["objects", "duplicate_ids", "refs_pointing_outside", "patterns", "patterns_refused", "observables_named"] {
            document.counts.insert(sort.to_owned(), 0);
        }
        Self {
            limits,
            document,
            ids: HashSet::new(),
            refused: HashSet::new(),
            refs: refs::References::default(),
            derived: BTreeMap::new(),
            tlp: HashMap::new(),
            marked: HashMap::new(),
            later: Vec::new(),
            pattern: None,
        }
    }

    fn envelope(&mut self, envelope: &Envelope<'_>, at: &str, outermost: bool) {
        for (n, raw) in envelope.items.iter().enumerate() {
            let place = envelope.list.map_or_else(|| at.to_owned(), |list| format!("{at}{list}/{n}"));
            // Some servers send lists of bundles.
            let may_be_bundle = outermost && envelope.list == Some("") && raw.get().contains("\"bundle\"");
            let room = self.limits.objects.saturating_sub(self.ids.len());
            match may_be_bundle.then(|| envelope::bundle(raw, room)).flatten() {
                Some(inner) => self.envelope(&inner, &place, false),
                None => self.item(raw, &place, envelope.version),
            }
        }
        if envelope.more > 0 {
            let place = format!("{at}{}/{}", envelope.list.unwrap_or_default(), envelope.items.len());
            let why = format!("{} more objects; at most {} are taken", envelope.more, self.limits.objects);
            self.document.refuse(self.limits, place, why);
        }
    }

    fn item(&mut self, raw: &RawValue, at: &str, bundle: Option<Version>) {
        self.document.count("objects");
        if raw.get().len() > self.limits.object_bytes {
            let why = format!("is {} bytes long; at most {} are taken", raw.get().len(), self.limits.object_bytes);
            self.document.refuse(self.limits, at, why);
            return;
        }
        match serde_json::from_str(raw.get()) {
            Ok(Value::Object(object)) => self.object(&object, at, raw.get(), bundle),
            Ok(_) => self.document.refuse(self.limits, at, "must be an object"),
            Err(error) => self.document.refuse(self.limits, at, error.to_string()),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, at: &str, original: &str, bundle: Option<Version>) {
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        let mut properties = Properties::new(object, at, version(object, kind, bundle));
        if properties::is_type(kind) {
            self.document.count(kind);
        } else {
            let why = if kind.is_empty() { "is missing" } else { "must be of a–z, 0–9 and hyphens" };
            properties.refuse("type", why);
        }
        let id = properties.get("id").and_then(Value::as_str).unwrap_or_default();
        properties.demand("id");
        if properties.reference("id").is_some_and(|id| id.strip_prefix(kind).is_none_or(|rest| !rest.starts_with("--"))) {
            properties.refuse("id", format!("must begin with `{kind}--`"));
        }
        if !id.is_empty() && self.ids.contains(id) {
            self.document.count("duplicate_ids");
        }
        if let Some(told) = properties.text("spec_version")
            && envelope::version(told).is_none()
        {
            properties.refuse("spec_version", "must be 2.0 or 2.1");
        }
        let from = base(kind, id, &mut properties);
        // What Vizsla wrote itself says more than its type does.
        let taken = match (own::read(object), kind) {
            (Some(Own::Nothing), _) => {
                self.ids.insert(id.to_owned());
                return;
            }
            (Some(Own::Record(record)), _) => Some((Some(*record), Vec::new())),
            (None, "relationship") => links::relationship(&mut properties, from, original).map(|link| (None, vec![link])),
            (None, _) if cyber::is_observable_type(kind) => self.cyber(kind, &mut properties, from),
            (None, _) => self.domain(kind, &mut properties, from),
        };
        // Refused or not, it is in the document: what names it does not point outside.
        self.ids.insert(id.to_owned());
        if let Some((place, why)) = properties.breach() {
            self.document.refuse(self.limits, place, why);
            self.refused.insert(id.to_owned());
            return;
        }
        let Some((record, links)) = taken else {
            self.refused.insert(id.to_owned());
            return;
        };
        self.refs.note(object, at);
        if let Some(record) = record {
            self.keep(kind, id, record, &properties, from, original);
        }
        self.document.links.extend(links);
        match kind {
            "indicator" => self.named_by_pattern(from),
            "observed-data" => self.observed(object, from),
            _ if cyber::is_observable_type(kind) => self.parts(kind, object, from),
            _ => {}
        }
    }

    /// Keeps an object, and what is to be done for it in the end.
    fn keep(&mut self, kind: &str, id: &str, record: NewRecord, properties: &Properties<'_>, from: links::From<'_>, original: &str) {
        let index = self.document.objects.len();
        let named = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        match record.kind {
            Kind::StixSighting => {
                self.later.extend(named("sighting_of_ref").map(|id| (index, Later::Seen(id))));
            }
            Kind::Report => self.later.extend(named("created_by_ref").map(|id| (index, Later::Author(id)))),
            _ => {}
        }
        if kind == "marking-definition"
            && let Some(tlp) = marking::defined(properties.map)
        {
            self.tlp.insert(id.to_owned(), tlp);
        }
        for marking in draft::custom_texts(properties, "object_marking_refs") {
            if marking::known(marking).is_none() {
                self.marked.entry(marking.to_owned()).or_default().push(index);
            }
        }
        self.document.objects.push(IntelObject {
            at: from.at.to_owned(),
            id: id.to_owned(),
            told_as: kind.to_owned(),
            record,
            modified: from.modified,
            revoked: from.revoked,
            original: original.to_owned(),
        });
    }

    fn domain(&mut self, kind: &str, properties: &mut Properties<'_>, from: links::From<'_>) -> Taken {
        let draft = domain::draft(kind, properties);
        let links = links::of_properties(kind, properties, from);
        if draft.kind == Kind::Indicator {
            self.check_pattern(properties);
        }
        if properties.breach().is_some() {
            return None;
        }
        match draft.finish(from.id) {
            Ok(record) => Some((Some(record), links)),
            Err(why) => {
                self.document.refuse(self.limits, from.at, why);
                None
            }
        }
    }

    /// Judges an indicator's pattern, if it is one of STIX.
    fn check_pattern(&mut self, properties: &mut Properties<'_>) {
        self.pattern = None;
        let Some((pattern, version)) = stix_pattern(properties) else {
            return;
        };
        self.document.count("patterns");
        match pattern::parse(pattern, version) {
            Ok(parsed) => self.pattern = Some(parsed),
            Err(error) => {
                self.document.count("patterns_refused");
                properties.refuse("pattern", error.to_string());
            }
        }
    }

    /// Links an indicator to the observables of its pattern.
    fn named_by_pattern(&mut self, from: links::From<'_>) {
        let Some(parsed) = self.pattern.take() else {
            return;
        };
        let place = format!("{}/pattern", from.at);
        for observable in pattern::observables(&parsed) {
            let id = self.derive(observable, &place);
            self.document.links.push(from.link("pattern", RelationshipType::BASED_ON, &id));
        }
    }

    /// Notes an observable that is a part of an object; its public id is its id in the document.
    fn derive(&mut self, observable: Observable, at: &str) -> String {
        let id = stix_id(&observable);
        self.derived.entry(id.clone()).or_insert_with(|| (at.to_owned(), observable));
        id
    }

    fn finish(mut self) -> Document {
        for (id, (at, observable)) in std::mem::take(&mut self.derived) {
            if self.ids.contains(&id) && !self.refused.contains(&id) {
                continue;
            }
            self.document.count("observables_named");
            let record = NewRecord::from_observable(&observable, Finding::Unknown);
            let told_as = observable.kind.as_str().to_owned();
            let modified = Timestamp::NEVER;
            self.document.objects.push(IntelObject { at, id, told_as, record, modified, revoked: false, original: String::new() });
        }
        self.mark();
        self.name();
        for (id, place) in self.refs.first {
            if !self.ids.contains(&id) {
                self.document.dangling.insert(id, place);
            }
        }
        let outside = self.document.dangling.len();
        self.document.counts.insert("refs_pointing_outside".to_owned(), outside);
        self.document.title = title(&self.document);
        self.document
    }

    /// The TLP of markings that the document defines itself.
    fn mark(&mut self) {
        for (id, tlp) in &self.tlp {
            for index in self.marked.get(id).into_iter().flatten() {
                if let Some(object) = self.document.objects.get_mut(*index)
                    && object.record.kind != Kind::Observable
                {
                    let said = object.record.attributes.get("tlp").and_then(Value::as_str);
                    let said = ["clear", "green", "amber", "amber+strict", "red"].into_iter().find(|word| Some(*word) == said);
                    if let Some(strictest) = marking::stricter(said, Some(tlp)) {
                        object.record.attributes.insert("tlp".to_owned(), Value::from(strictest));
                    }
                }
            }
        }
    }

    /// Names of other objects, where they say more than ids.
    fn name(&mut self) {
        if self.later.is_empty() {
            return;
        }
        let titles: HashMap<String, String> =
            self.document.objects.iter().map(|object| (object.id.clone(), object.record.title.clone())).collect();
        for (index, later) in std::mem::take(&mut self.later) {
            let Some(object) = self.document.objects.get_mut(index) else {
                continue;
            };
            match later {
                Later::Seen(id) => {
                    if let Some(title) = titles.get(&id) {
                        object.record.title = model::text::shorten(&format!("Sighting of {title}"), 990);
                    }
                }
                Later::Author(id) => {
                    if let Some(title) = titles.get(&id) {
                        object.record.owner.clone_from(title);
                    }
                }
            }
            object.record.search_text.push('\n');
            object.record.search_text.push_str(&model::text::fold(&format!("{} {}", object.record.title, object.record.owner)));
        }
    }
}

/// A record, unless it is a relationship, and the links that come with it.
type Taken = Option<(Option<NewRecord>, Vec<super::IntelLink>)>;

/// Which version an object is written in: as it says, as its bundle says, or as its type tells.
fn version(object: &Map<String, Value>, kind: &str, bundle: Option<Version>) -> Version {
    let told = object.get("spec_version").and_then(Value::as_str).and_then(envelope::version);
    told.or(bundle).unwrap_or(if cyber::is_observable_type(kind) { Version::V21 } else { Version::V20 })
}

/// What all objects have (STIX 2.1, section 3.2).
fn base<'a>(kind: &str, id: &'a str, properties: &mut Properties<'a>) -> links::From<'a> {
    if domain::is_known(kind) || kind == "relationship" {
        properties.demand("created");
        properties.demand("modified");
    } else if kind == "marking-definition" {
        properties.demand("created");
    }
    let (created, modified) = properties.span("created", "modified", false);
    properties.reference("created_by_ref");
    properties.objects("granular_markings");
    let revoked = properties.bool("revoked") == Some(true);
    let modified = if modified.is_set() { modified } else { created };
    links::From { at: properties.at, id, modified, revoked }
}

/// An indicator's pattern, if it is one of STIX, and the language that it is in.
fn stix_pattern<'a>(properties: &Properties<'a>) -> Option<(&'a str, Version)> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    if text("pattern_type").is_some_and(|kind| kind != "stix") {
        return None;
    }
    Some((text("pattern")?, text("pattern_version").and_then(envelope::version).unwrap_or(properties.version)))
}

/// What a document is about: its report, grouping, collection or matrix; else the one campaign or malware in it.
fn title(document: &Document) -> String {
    let first = |word: &str| document.objects.iter().find(|object| object.told_as == word);
    let only = |word: &str| first(word).filter(|_| document.counts.get(word) == Some(&1));
    let about = ["report", "grouping", "x-mitre-collection", "x-mitre-matrix"].into_iter().find_map(first);
    let about = about.or_else(|| ["campaign", "intrusion-set", "malware"].into_iter().find_map(only));
    about.map(|object| object.record.title.clone()).unwrap_or_default()
}
