//! MISP: events, lists of events, and the clusters of galaxies (MISP core format, draft-08; galaxy format, draft-02).
//!
//! An event is a report that refers to all it holds. An attribute is one observable or several, joined; marked `to_ids`
//! it is an indicator as well, with a STIX pattern. An object is its attributes, joined by what its template means.
//! Clusters of galaxies are the actors, malware and techniques that they name. What is only told to people stays in the
//! report's text. Nothing is applied that was only proposed, and nothing kept that was deleted; both are counted.

mod attribute;
mod draft;
mod event;
mod galaxy;
mod json;
mod object;
mod pattern;
mod sighting;
mod sniff;
mod types;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use model::Timestamp;
use model::kind::NewRecord;
use model::relationship::RelationshipType;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use self::json::{Object, text};
use super::{Document, Format, IntelLink, IntelObject, Limits, Unreadable};
use crate::raw::{self, Outline};

pub use sniff::is_misp;

/// The namespace of ids for what has no UUID of its own. Never to be changed: the same document must give the same ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6b7a_3c0e_52d1_4f1b_9a55_0f2e_7c41_d8b3);

/// Properties of an event or galaxy: MISP has some forty.
const MOST_PROPERTIES: usize = 1_000;

/// Reads a MISP document: an event with or without its `Event` envelope, a list of these, what MISP's REST interface
/// answers (`response`), or a galaxy's clusters.
///
/// # Errors
/// When it is too large, no JSON (with line and column), or JSON of another sort.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Unreadable> {
    let text = super::text_of(bytes, limits)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| Unreadable::NotJson(error.to_string()))?;
    let mut reader = Reader::new(limits);
    if !reader.walk("", whole, 0) {
        return Err(Unreadable::NotIntel("this is JSON, but no MISP event and no MISP galaxy".to_owned()));
    }
    Ok(reader.finish())
}

/// What is read so far.
struct Reader<'l> {
    limits: &'l Limits,
    document: Document,
    /// How many more elements of lists are read, whatever they are.
    room: usize,
    /// Ids of objects that stand in the document.
    taken: HashSet<String>,
    joined: HashSet<(String, String, String)>,
    /// What a link to a UUID means: the id of the one record that stands for it.
    ends: HashMap<String, String>,
    /// Links by UUID, to be resolved when all is read: where, from, how, to.
    waiting: Vec<(String, String, RelationshipType, String)>,
}

/// One object on its way into the document.
struct Found<'a> {
    at: &'a str,
    told_as: &'a str,
    record: NewRecord,
    modified: Timestamp,
    original: String,
}

impl<'l> Reader<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            document: Document::new(Format::Misp),
            room: limits.objects,
            taken: HashSet::new(),
            joined: HashSet::new(),
            ends: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Finds events and galaxies; tells whether there was one.
    fn walk(&mut self, at: &str, value: &RawValue, depth: usize) -> bool {
        if value.get().starts_with('[') && depth < 4 {
            let items = self.items(at, Some(value));
            let mut any = items.is_empty() && depth > 0;
            for (n, item) in items.into_iter().enumerate() {
                let at = format!("{at}/{n}");
                if self.walk(&at, item, depth + 1) {
                    any = true;
                } else {
                    self.document.refuse(self.limits, at, "is no MISP event");
                }
            }
            return any;
        }
        let Some(object) = self.outline(value) else { return false };
        if let Some(inner) = object.get("response").filter(|inner| depth < 4 && inner.get().starts_with(['[', '{'])) {
            return self.walk(&format!("{at}/response"), inner, depth + 1);
        }
        if let Some(event) = object.get("Event").and_then(|event| self.outline(event)) {
            self.event(&format!("{at}/Event"), &event);
        } else if is_event(&object) {
            self.event(at, &object);
        } else if galaxy::is_cluster_file(&object) {
            self.cluster_file(at, &object);
        } else {
            return false;
        }
        true
    }

    /// The names of an object's properties; none when it is none.
    fn outline<'a>(&self, value: &'a RawValue) -> Option<Outline<'a>> {
        Outline::of(value.get(), MOST_PROPERTIES, &|_| true).ok().flatten()
    }

    /// The elements of a list, as far as there is room; what stands alone is a list of one.
    fn items<'a>(&mut self, at: &str, list: Option<&'a RawValue>) -> Vec<&'a RawValue> {
        let Some(list) = list else { return Vec::new() };
        if list.get().starts_with('{') {
            return vec![list];
        }
        let mut items = Vec::new();
        let room = self.room;
        let more = raw::elements(list.get(), &mut |n, item| {
            if n < room {
                items.push(item);
            }
            n < room
        });
        self.room -= items.len();
        if let Ok(Some(more @ 1..)) = more {
            let why = format!("{more} more elements; at most {} are taken of a document", self.limits.objects);
            self.refuse(format!("{at}/{}", items.len()), why);
        }
        items
    }

    /// The objects of a list, with their places. Each is read when its turn comes, without the bytes of attached files.
    fn held<'a>(&mut self, at: &str, of: &Outline<'a>, key: &str) -> Vec<(String, &'a RawValue)> {
        let at = format!("{at}/{key}");
        let items = self.items(&at, of.get(key)).into_iter().enumerate();
        items.filter(|(_, item)| item.get().starts_with('{')).map(|(n, item)| (format!("{at}/{n}"), item)).collect()
    }

    /// An object, whole; none when it is larger than is taken, which is refused.
    fn read(&mut self, at: &str, item: &RawValue) -> Option<Object> {
        match raw::value(item.get(), self.limits.object_bytes, Some("data")) {
            Ok(Value::Object(object)) => Some(object),
            Ok(_) => None,
            Err(why) => {
                self.refuse(at, why);
                None
            }
        }
    }

    /// An object's properties but for its long lists.
    fn head(&mut self, at: &str, of: &Outline<'_>, lists: &[&str]) -> Object {
        let mut head = Object::new();
        let mut left = self.limits.object_bytes;
        for (name, value) in of.iter().filter(|(name, _)| !lists.contains(name)) {
            match raw::value(value.get(), left, Some("data")) {
                Ok(read) => {
                    left = left.saturating_sub(value.get().len());
                    head.insert(name.to_owned(), read);
                }
                Err(why) => self.refuse(format!("{at}/{name}"), why),
            }
        }
        head
    }

    /// Puts an object into the document and tells its id; `None` when there is no more room.
    ///
    /// The same observable, cluster or identity may be told often: it stands there once.
    fn put(&mut self, found: Found<'_>, once: bool) -> Option<String> {
        let id = found.record.public_id.clone()?;
        let new = self.taken.insert(id.clone());
        if !new && once {
            return Some(id);
        }
        if self.document.objects.len() >= self.limits.objects {
            self.document.refuse(self.limits, found.at, format!("is beyond the {} objects that are taken", self.limits.objects));
            if new {
                self.taken.remove(&id);
            }
            return None;
        }
        self.document.objects.push(IntelObject {
            at: found.at.to_owned(),
            id: id.clone(),
            told_as: found.told_as.to_owned(),
            record: found.record,
            modified: found.modified,
            revoked: false,
            original: found.original,
        });
        Some(id)
    }

    /// Joins two objects, once.
    fn link(&mut self, at: &str, from: &str, relationship: &RelationshipType, to: &str) {
        if from == to || !self.joined.insert((from.to_owned(), relationship.as_str().to_owned(), to.to_owned())) {
            return;
        }
        self.document.links.push(IntelLink {
            at: at.to_owned(),
            id: String::new(),
            from: from.to_owned(),
            relationship: relationship.clone(),
            to: to.to_owned(),
            confidence: None,
            first_seen: Timestamp::NEVER,
            last_seen: Timestamp::NEVER,
            modified: Timestamp::NEVER,
            revoked: false,
            original: String::new(),
        });
    }

    fn refuse(&mut self, at: impl Into<String>, why: impl Into<String>) {
        self.document.refuse(self.limits, at, why);
    }

    /// An object's text, as far as it is kept: without the bytes of attached files, which are no text to keep.
    fn original(&mut self, object: &Object) -> String {
        let mut kept = object.clone();
        if kept.remove("data").is_some() {
            self.document.count("attached_files_left_out");
        }
        if let Some(Value::Array(attributes)) = kept.get_mut("Attribute") {
            for attribute in attributes.iter_mut().filter_map(Value::as_object_mut) {
                attribute.remove("data");
            }
        }
        let text = Value::Object(kept).to_string();
        if text.len() > self.limits.object_bytes {
            self.document.count("originals_too_large");
            return String::new();
        }
        text
    }

    /// Resolves what waited for the whole document, and says what was noticed.
    fn finish(mut self) -> Document {
        let mut unresolved = 0;
        for (at, from, relationship, uuid) in std::mem::take(&mut self.waiting) {
            match self.ends.get(&uuid).cloned() {
                Some(to) => self.link(&at, &from, &relationship, &to),
                None => unresolved += 1,
            }
        }
        let mut document = self.document;
        if unresolved > 0 {
            document.counts.insert("references_unresolved".to_owned(), unresolved);
        }
        let told = [
            ("references_unresolved", "lead to what is not in this document, and were left out"),
            ("shadow_attributes", "proposals of others (shadow attributes) were not applied"),
            ("deleted", "attributes or objects were deleted, and were left out"),
            ("attached_files_left_out", "attached files were left out; their names and hashes are kept"),
            ("unknown_types", "attributes are of types that MISP does not have; they are kept in the report’s text"),
            (
                "read_as_another_type",
                "values are names or addresses, not the URLs that they were told to be; they were read as what they are",
            ),
            ("originals_too_large", "texts are too large to be kept as they came"),
            ("text_cut", "reports hold more text than is kept"),
        ];
        for (sort, what) in told {
            if let Some(count) = document.counts.get(sort) {
                document.notes.push(format!("{count} {what}"));
            }
        }
        document
    }
}

fn is_event(object: &Outline<'_>) -> bool {
    let told = ["info", "orgc_id", "Orgc", "threat_level_id", "event_creator_email"].iter().any(|key| object.has(key));
    let holds = ["Attribute", "Object"].iter().any(|key| object.has_list(key));
    holds || (told && object.has("uuid"))
}

/// A STIX id with the UUID that the object tells, or one made of what it is.
fn stix_id(kind: &str, uuid: &str, seed: &str) -> String {
    let uuid = Uuid::parse_str(uuid).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, format!("{kind}\0{seed}").as_bytes()));
    format!("{kind}--{}", uuid.hyphenated())
}

/// When an object was last changed.
fn modified(object: &Object) -> Timestamp {
    json::moment(object, "timestamp")
}

/// A relationship type as MISP writes it; what is no type is `related-to`.
fn relationship(word: &str) -> RelationshipType {
    let plain = word.trim().to_lowercase().replace([' ', '/', '.'], "-");
    plain.parse().unwrap_or(RelationshipType::RELATED_TO)
}

/// The names of the tags on an object.
fn tags(object: &Object) -> Vec<String> {
    let named = json::list(object, "Tag").iter().filter_map(Value::as_object).map(|tag| text(tag, "name"));
    named.filter(|name| !name.is_empty()).collect()
}

/// The strictest TLP among tags, and the tags that are neither TLP nor a galaxy's.
fn marks(tags: &[String]) -> (&'static str, Vec<String>) {
    const STRICT: [&str; 5] = ["clear", "green", "amber", "amber+strict", "red"];
    let mut strictest = None;
    let mut labels = Vec::new();
    for tag in tags {
        let folded = tag.trim().to_lowercase();
        let level = folded.strip_prefix("tlp:").and_then(|word| {
            let word = if word == "white" { "clear" } else { word };
            STRICT.iter().position(|known| *known == word)
        });
        match level {
            Some(level) => strictest = strictest.max(Some(level)),
            None if folded.starts_with("misp-galaxy:") => {}
            None => labels.push(tag.clone()),
        }
    }
    (strictest.and_then(|level| STRICT.get(level).copied()).unwrap_or_default(), labels)
}
