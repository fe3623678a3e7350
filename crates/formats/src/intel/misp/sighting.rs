//! Sightings that others tell of an attribute.

use model::kind::Kind;
use model::relationship::RelationshipType;

use super::draft::Draft;
use super::event::{Event, objects};
use super::json::{Object, moment, text};
use super::{Found, Reader, stix_id};

impl Reader<'_> {
    /// The sightings on an attribute, each a record that leads to what was seen and by whom.
    pub(super) fn sightings(&mut self, event: &mut Event, at: &str, attribute: &Object, of: &str, value: &str) {
        for (n, sighting) in objects(attribute, "Sighting") {
            let at = format!("{at}/Sighting/{n}");
            let (label, name) = match text(sighting, "type").as_str() {
                "1" => ("false-positive", format!("False positive: {value}")),
                "2" => ("expiration", format!("Expires: {value}")),
                _ => ("", value.to_owned()),
            };
            let when = moment(sighting, "date_sighting");
            let labels: Vec<String> = (!label.is_empty()).then(|| label.to_owned()).into_iter().collect();
            let id = stix_id("sighting", &text(sighting, "uuid"), &format!("{of}\0{at}"));
            let draft = Draft::new(Kind::StixSighting, &name)
                .line("count", if label.is_empty() { "1" } else { "0" })
                .moment("first_seen", when)
                .moment("last_seen", when)
                .line("status", "active")
                .text("description", &text(sighting, "source"))
                .lines("labels", &labels)
                .line("tlp", event.tlp);
            let original = self.original(sighting);
            let record = match draft.finish(&id) {
                Ok(record) => record,
                Err(why) => {
                    self.refuse(&at, why);
                    continue;
                }
            };
            let Some(id) = self.put(Found { at: &at, told_as: "sighting", record, modified: when, original }, false) else {
                return;
            };
            event.refers_to(&id);
            self.link(&at, &id, &RelationshipType::SIGHTING_OF, of);
            if let Some(who) = sighting.get("Organisation").and_then(|org| org.as_object()) {
                self.seen_by(event, &at, &id, who);
            }
        }
    }

    fn seen_by(&mut self, event: &mut Event, at: &str, sighting: &str, who: &Object) {
        let name = text(who, "name");
        if name.is_empty() {
            return;
        }
        let id = stix_id("identity", &text(who, "uuid"), &name);
        let draft = Draft::new(Kind::Identity, &name).line("identity_class", "organization").line("status", "active");
        let Ok(record) = draft.finish(&id) else { return };
        let found = Found { at, told_as: "organisation", record, modified: model::Timestamp::NEVER, original: String::new() };
        if let Some(id) = self.put(found, true) {
            event.refers_to(&id);
            self.link(at, sighting, &RelationshipType::SEEN_BY, &id);
        }
    }
}
