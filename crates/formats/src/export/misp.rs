//! A MISP event (MISP core format, draft-08): attributes, files as objects, sightings, tags.
//!
//! An attribute is marked `to_ids` when an analyst found it suspicious or malicious, or an indicator points at it, and it was
//! not thrown out of the case. MISP does not join attributes, so relationships stay out; STIX has them.

mod types;

use std::io::{self, Write};

use model::Timestamp;
use model::artifact::Finding;
use model::case::{CaseState, Rating};
use model::kind::Kind;
use model::text::shorten;
use serde_json::{Value, json};

use self::types::{Told, attribute_type, relation};
use super::stix::own::made_id;
use super::write::Pieces;
use super::{Head, Item, Seen, Sink};

/// Who makes the event.
const ORGANISATION: &str = "5ba3cf1d-a2a5-4b87-9d0c-8a5b1c7f4a10";
/// The template of files (MISP objects, `file`).
const FILE: &str = "688c46fb-5edb-40a3-8273-1af7923e2215";
const FILE_VERSION: &str = "25";
/// Characters of a comment, and of a value: MISP keeps 65,535 bytes of each.
const LONGEST: usize = 16_000;

#[derive(PartialEq)]
enum Part {
    Attributes,
    Objects,
}

pub(super) struct Misp<W> {
    out: Pieces<W>,
    head: Head,
    uuid: String,
    part: Part,
    tags: Vec<String>,
}

/// A UUID made of what it stands for, the same every time.
fn made(of: &[&str]) -> String {
    made_id("misp", of).trim_start_matches("misp--").to_owned()
}

impl<W: Write> Misp<W> {
    pub(super) fn begin(head: Head, out: W) -> io::Result<Self> {
        let mut out = Pieces::new(out);
        let case = head.case.as_ref();
        // The same case is the same event, however often it is exported.
        let uuid = case.map_or_else(|| head.uuid.clone(), |case| made(&["event", &case.number, &case.created_at.to_string()]));
        let info = case.map_or_else(|| format!("Records of Vizsla, {}", head.at.date()), |case| format!("{} {}", case.number, case.name));
        let threat = match case.map(|case| case.rating) {
            Some(Rating::Critical | Rating::High) => "1",
            Some(Rating::Moderate) => "2",
            Some(Rating::Low) => "3",
            None => "4",
        };
        let analysis = match case.map(|case| case.state) {
            Some(CaseState::Closed | CaseState::Cancelled) => "2",
            Some(CaseState::Analysis | CaseState::Review) => "1",
            Some(CaseState::Draft) | None => "0",
        };
        let mut tags = Vec::new();
        if let Some(case) = case {
            tags.push(format!("tlp:{}", case.tlp));
            tags.push(case.pap.label().to_owned());
            tags.extend(case.tags.iter().cloned());
            tags.extend(case.techniques.iter().filter_map(|technique| types::technique(&technique.name, &technique.id)));
        }
        let fields = json!({
            "uuid": uuid,
            "info": info,
            "date": case.map_or(head.at, |case| case.created_at).date(),
            "timestamp": seconds(case.map_or(head.at, |case| case.updated_at)),
            "threat_level_id": threat,
            "analysis": analysis,
            "published": false,
            // Whoever imports it decides who else may see it.
            "distribution": "0",
            "Orgc": { "name": "Vizsla", "uuid": ORGANISATION },
        })
        .to_string();
        let open = fields.strip_suffix('}').unwrap_or(&fields).to_owned();
        out.raw(&format!("{{\"Event\":{open},\n\"Attribute\":["))?;
        Ok(Self { out, head, uuid, part: Part::Attributes, tags })
    }

    fn attribute(&mut self, item: &Item, kind: &str, category: &str, value: &str, to_ids: bool) -> Value {
        let mut attribute = json!({
            "uuid": made(&[&self.uuid, "attribute", &item.end.id, kind]),
            "type": kind,
            "category": category,
            "value": shorten(value, LONGEST),
            "to_ids": to_ids,
            "comment": comment(item),
            "timestamp": seconds(item.updated_at),
            // As the event.
            "distribution": "5",
            "disable_correlation": false,
        });
        if let Some(first) = item.first_seen.set() {
            attribute["first_seen"] = first.to_string().into();
            attribute["last_seen"] = item.last_seen.max(first).to_string().into();
        }
        let own = item.text("tlp");
        if !own.is_empty() {
            attribute["Tag"] = json!([{ "name": format!("tlp:{own}") }]);
        }
        let sightings: Vec<Value> = item.sightings.iter().filter(|seen| seen.count > 0).map(|seen| self.sighting(item, seen)).collect();
        if !sightings.is_empty() {
            attribute["Sighting"] = sightings.into();
        }
        attribute
    }

    fn sighting(&self, item: &Item, seen: &Seen) -> Value {
        let at = seen.last_seen.unwrap_or(seen.searched_at);
        json!({
            "uuid": made(&[&self.uuid, "sighting", &seen.search, &seen.source, &item.end.id]),
            "type": "0",
            "date_sighting": seconds(at),
            "source": format!("{}, {}: {} events", seen.source, seen.search, seen.count),
        })
    }

    fn object(&mut self, object: &Value) -> io::Result<()> {
        if self.part == Part::Attributes {
            self.part = Part::Objects;
            self.out.raw("\n],\n\"Object\":[")?;
        }
        self.out.piece(object)
    }

    /// The case in words, for people who read the event.
    fn report(&self) -> Option<Value> {
        let case = self.head.case.as_ref()?;
        let parts = [("", &case.short_description), ("", &case.description), ("Findings", &case.findings)];
        let more = [("Recommendations", &case.recommendations), ("Closure", &case.closure_summary)];
        let told: Vec<String> = parts
            .into_iter()
            .chain(more)
            .filter(|(_, text)| !text.is_empty())
            .map(|(title, text)| if title.is_empty() { text.clone() } else { format!("## {title}\n\n{text}") })
            .collect();
        if told.is_empty() {
            return None;
        }
        Some(json!({
            "uuid": made(&[&self.uuid, "report"]),
            "name": format!("{} {}", case.number, case.name),
            "content": told.join("\n\n"),
            "timestamp": seconds(case.updated_at),
            "distribution": "5",
            "deleted": false,
        }))
    }
}

impl<W: Write> Sink for Misp<W> {
    fn item(&mut self, item: &Item) -> io::Result<()> {
        match types::told(item) {
            Told::Attributes(attributes) => {
                for (kind, category, value) in attributes {
                    let to_ids = types::may_detect(kind) && detects(item);
                    let attribute = self.attribute(item, kind, category, &value, to_ids);
                    self.out.piece(&attribute)?;
                }
            }
            Told::Tag(tag) => self.tags.push(tag),
            Told::Elsewhere => {}
        }
        Ok(())
    }

    fn file(&mut self, parts: &[Item]) -> io::Result<()> {
        let ids: Vec<&str> = parts.iter().map(|part| part.end.id.as_str()).collect();
        let uuid = made(&[&[self.uuid.as_str(), "object"], ids.as_slice()].concat());
        let mut attributes = Vec::new();
        for part in parts {
            let Some(observable) = part.end.observable() else { continue };
            let (Some((kind, category)), Some(relation)) = (attribute_type(&observable), relation(observable.kind)) else { continue };
            let mut attribute = self.attribute(part, kind, category, &observable.value, detects(part));
            attribute["object_relation"] = relation.into();
            attributes.push(attribute);
        }
        let changed = parts.iter().map(|part| part.updated_at).max().unwrap_or(self.head.at);
        self.object(&json!({
            "uuid": uuid,
            "name": "file",
            "meta-category": "file",
            "description": "File object describing a file with meta-information",
            "template_uuid": FILE,
            "template_version": FILE_VERSION,
            "timestamp": seconds(changed),
            "distribution": "5",
            "comment": "",
            "Attribute": attributes,
        }))
    }

    fn end(&mut self) -> io::Result<()> {
        if self.part == Part::Attributes {
            self.out.raw("\n],\n\"Object\":[")?;
        }
        let mut tags: Vec<&String> = Vec::new();
        for tag in &self.tags {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let tags: Vec<Value> = tags.into_iter().map(|name| json!({ "name": name })).collect();
        let reports: Vec<Value> = self.report().into_iter().collect();
        self.out.raw(&format!("\n],\n\"Tag\":{},\n\"EventReport\":{}}}}}\n", Value::from(tags), Value::from(reports)))?;
        self.out.flush()
    }
}

/// Seconds since the epoch, as MISP writes times.
fn seconds(at: Timestamp) -> String {
    at.micros().div_euclid(1_000_000).to_string()
}

fn detects(item: &Item) -> bool {
    let bad = matches!(item.finding, Finding::Suspicious | Finding::Malicious);
    // A case's analyst who found it clean knows better than an indicator.
    !item.is_excluded() && item.finding != Finding::Clean && (bad || !item.indicators.is_empty() || item.end.kind == Kind::Indicator)
}

/// What analysts said of it.
fn comment(item: &Item) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(standing) = item.standing.as_ref().filter(|_| item.is_excluded()) {
        let reason = standing.reason.map_or("without a reason", |reason| reason.label()).to_lowercase();
        let comment = if standing.comment.is_empty() { String::new() } else { format!(": {}", standing.comment) };
        lines.push(format!("Excluded from the case, {reason}{comment}"));
    }
    lines.extend(item.annotations.iter().map(|annotation| annotation.text.clone()));
    if item.end.kind != Kind::Observable && !item.text("description").is_empty() {
        lines.push(item.text("description").to_owned());
    }
    shorten(&lines.join("\n"), LONGEST)
}
