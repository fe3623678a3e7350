//! Events: reports that refer to what they hold.

use std::collections::HashSet;

use model::kind::Kind;
use model::relationship::RelationshipType;
use serde_json::Value;

use super::draft::Draft;
use super::json::{Object, flag, list, moment, text};
use super::{Found, Reader, marks, modified, stix_id, tags};
use crate::raw::Outline;

/// What an event holds in lists, beside its own properties.
const LISTS: [&str; 7] = ["Attribute", "Object", "EventReport", "RelatedEvent", "Galaxy", "ShadowAttribute", "CryptographicKey"];
/// Bytes of text that a report keeps.
const MOST_TEXT: usize = 90_000;

/// An event while it is read.
pub(super) struct Event {
    /// The report's id.
    pub(super) id: String,
    /// The event's TLP, which holds for all in it that has none of its own.
    pub(super) tlp: &'static str,
    /// Links for people.
    pub(super) references: Vec<String>,
    told: String,
    cut: bool,
    members: Vec<String>,
    known: HashSet<String>,
}

impl Event {
    pub(super) fn new(id: String, tlp: &'static str) -> Self {
        Self { id, tlp, references: Vec::new(), told: String::new(), cut: false, members: Vec::new(), known: HashSet::new() }
    }

    /// The report refers to this.
    pub(super) fn refers_to(&mut self, id: &str) {
        if self.known.insert(id.to_owned()) {
            self.members.push(id.to_owned());
        }
    }

    /// A line for the report's text.
    pub(super) fn tell(&mut self, what: &str, comment: &str) {
        if self.told.len() + what.len() + comment.len() > MOST_TEXT {
            self.cut = true;
            return;
        }
        self.told.push_str(what);
        if !comment.is_empty() {
            self.told.push_str(" (");
            self.told.push_str(comment);
            self.told.push(')');
        }
        self.told.push('\n');
    }
}

impl Reader<'_> {
    /// Reads an event. What it holds is read one by one.
    pub(super) fn event(&mut self, at: &str, whole: &Outline<'_>) {
        self.document.count("events");
        let source = &self.head(at, whole, &LISTS);
        let info = text(source, "info");
        let seed = format!("{info}\0{}\0{}", text(source, "date"), text(source, "id"));
        let uuid = text(source, "uuid");
        let id = stix_id("report", &uuid, &seed);
        let names = tags(source);
        for _ in &names {
            self.document.count("event_tags");
        }
        for _ in self.items(&format!("{at}/ShadowAttribute"), whole.get("ShadowAttribute")) {
            self.document.count("shadow_attributes");
        }
        let (tlp, labels) = marks(&names);
        let mut event = Event::new(id.clone(), tlp);
        self.ends.insert(uuid.to_lowercase(), id.clone());
        let place = self.document.objects.len();
        let report = self.report(source, &info, tlp, labels);
        // Everything of the event stands behind its report, whose text is only known at the end.
        let mut told = HashSet::new();
        for (at, galaxy) in self.held(at, whole, "Galaxy") {
            self.document.count("event_galaxies");
            let Some(galaxy) = self.read(&at, galaxy) else { continue };
            self.clusters_in(&mut event, &at, &galaxy, None, &mut told);
        }
        self.clusters_by_tag(&mut event, at, source, None, &told);
        for (at, attribute) in self.held(at, whole, "Attribute") {
            let Some(attribute) = self.read(&at, attribute) else { continue };
            self.attribute(&mut event, &at, &attribute, None);
        }
        for (at, object) in self.held(at, whole, "Object") {
            let Some(object) = self.read(&at, object) else { continue };
            self.object(&mut event, &at, &object);
        }
        for (at, told) in self.held(at, whole, "EventReport") {
            let Some(told) = self.read(&at, told) else { continue };
            self.event_report(&mut event, &at, &told);
        }
        self.close(at, source, report, place, event);
    }

    /// The event's own fields.
    fn report(&mut self, source: &Object, info: &str, tlp: &str, mut labels: Vec<String>) -> Draft {
        let threat = match text(source, "threat_level_id").as_str() {
            "1" => "high",
            "2" => "medium",
            "3" => "low",
            _ => "",
        };
        let analysis = match text(source, "analysis").as_str() {
            "0" => "initial",
            "1" => "ongoing",
            "2" => "completed",
            _ => "",
        };
        for (name, word) in [("threat-level", threat), ("analysis", analysis)] {
            if !word.is_empty() {
                labels.push(format!("misp:{name}=\"{word}\""));
            }
        }
        let author = ["Orgc", "Org"].iter().find_map(|key| source.get(*key).and_then(Value::as_object)).map(|org| text(org, "name"));
        let told = moment(source, "publish_timestamp");
        let published = if told.is_set() { told } else { moment(source, "date") };
        let draft = flag(source, "published") || !source.contains_key("published");
        if self.document.title.is_empty() {
            info.clone_into(&mut self.document.title);
        }
        Draft::new(Kind::Report, info)
            .line("report_type", "threat-report")
            .line("author", &author.unwrap_or_default())
            .moment("published", published)
            .line("status", if draft { "active" } else { "" })
            .line("tlp", tlp)
            .lines("labels", &labels)
    }

    /// Puts the report before what it refers to, and joins them.
    fn close(&mut self, at: &str, source: &Object, report: Draft, place: usize, event: Event) {
        if event.cut {
            self.document.count("text_cut");
        }
        let report = report.text("description", &event.told).lines("external_references", &event.references);
        let original = self.original(source);
        let record = match report.finish(&event.id) {
            Ok(record) => record,
            Err(why) => return self.refuse(at, why),
        };
        let found = Found { at, told_as: "event", record, modified: modified(source), original };
        if self.put(found, false).is_none() {
            return;
        }
        if let Some(report) = self.document.objects.pop() {
            self.document.objects.insert(place.min(self.document.objects.len()), report);
        }
        for member in &event.members {
            self.link(at, &event.id, &RelationshipType::REFERS_TO, member);
        }
    }

    /// A text that was written for the event.
    fn event_report(&mut self, event: &mut Event, at: &str, source: &Object) {
        self.document.count("event_reports");
        if flag(source, "deleted") {
            return;
        }
        let name = text(source, "name");
        let id = stix_id("note", &text(source, "uuid"), &format!("{}\0{name}", event.id));
        let draft = Draft::new(Kind::StixNote, &name).text("content", &text(source, "content")).line("status", "active");
        // Its text is the content; nothing else of it is worth keeping twice.
        if let Some(id) = self.record(event, at, "event-report", draft, &id, source, String::new()) {
            let report = event.id.clone();
            self.link(at, &id, &RelationshipType::REFERS_TO, &report);
        }
    }
}

/// The objects of a list, with their places.
pub(super) fn objects<'a>(of: &'a Object, key: &str) -> impl Iterator<Item = (usize, &'a Object)> {
    list(of, key).iter().enumerate().filter_map(|(n, value)| Some((n, value.as_object()?)))
}
