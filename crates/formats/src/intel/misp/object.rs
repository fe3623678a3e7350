//! Objects: attributes that are one thing, by their template.

use model::kind::Kind;
use model::observable::ObservableType as T;
use model::relationship::RelationshipType;

use super::attribute::{Part, Read, Within, indicator_draft};
use super::draft::Draft;
use super::event::{Event, objects};
use super::json::{Object, flag, list, text};
use super::pattern::{Term, pattern};
use super::{Reader, relationship, stix_id};

/// Templates whose attributes are properties of one file.
const FILES: [&str; 9] = ["file", "pe", "elf", "macho", "lnk", "malware-config", "virustotal-report", "yara", "script"];
/// Templates whose names lead to their addresses.
const NAMES: [&str; 6] = ["domain-ip", "dns-record", "passive-dns", "ip-port", "domain-crawled", "phishing"];
/// Joins of one object, at most: names times addresses can be many.
const MOST_JOINS: usize = 10_000;

/// What an object's attributes came to.
#[derive(Default)]
struct Gathered {
    whole: Read,
    /// Conditions of attributes that are marked `to_ids`.
    detects: Vec<Term>,
    /// Texts by their relation.
    told: Vec<(String, String)>,
}

impl Gathered {
    fn first(&self, relations: &[&str]) -> &str {
        let found = relations.iter().find_map(|wanted| self.told.iter().find(|(relation, _)| relation == wanted));
        found.map_or("", |(_, value)| value.as_str())
    }

    fn all(&self, wanted: &str) -> Vec<String> {
        self.told.iter().filter(|(relation, _)| relation == wanted).map(|(_, value)| value.clone()).collect()
    }

    fn lines(&self) -> String {
        let lines: Vec<String> = self.told.iter().map(|(relation, value)| format!("{relation}: {value}")).collect();
        lines.join("\n")
    }
}

impl Reader<'_> {
    /// Reads an object of an event.
    pub(super) fn object(&mut self, event: &mut Event, at: &str, object: &Object) {
        let template = text(object, "name");
        self.document.count("objects");
        self.document.count(&format!("object:{template}"));
        if flag(object, "deleted") {
            self.document.count("deleted");
            for (_, attribute) in objects(object, "Attribute") {
                self.deleted_with_object(attribute);
            }
            return;
        }
        let live = |attribute: &Object| flag(attribute, "to_ids") && !flag(attribute, "deleted");
        let indicated = objects(object, "Attribute").any(|(_, attribute)| live(attribute));
        let within = Within { template: &template, indicated };
        let mut gathered = Gathered::default();
        let mut sighted = Vec::new();
        for (n, attribute) in objects(object, "Attribute") {
            let at = format!("{at}/Attribute/{n}");
            let hive = with_hive(&template, object, attribute);
            let attribute = hive.as_ref().unwrap_or(attribute);
            let read = self.attribute(event, &at, attribute, Some(&within));
            if let Some(main) = read.main() {
                self.ends.insert(text(attribute, "uuid").to_lowercase(), main.clone());
                self.clusters_of(event, &at, attribute, Some(&main));
                sighted.push((at.clone(), n, main));
            }
            let relation = text(attribute, "object_relation");
            if let Some(told) = &read.told {
                let relation = if relation.is_empty() { text(attribute, "type") } else { relation };
                gathered.told.push((relation, told.clone()));
            } else if text(attribute, "type") == "link" {
                gathered.told.push((relation, text(attribute, "value")));
            }
            if flag(attribute, "to_ids") {
                gathered.detects.extend(read.terms);
            }
            gathered.whole.parts.extend(read.parts);
            gathered.whole.records.extend(read.records);
        }
        self.join(at, &template, &gathered.whole.parts);
        let main = self.stands_for(event, at, object, &template, &gathered);
        let indicator = self.object_indicator(event, at, object, &template, &gathered);
        let end = main.or_else(|| indicator.clone());
        let Some(end) = end else { return };
        let attributes = list(object, "Attribute");
        for (at, n, of) in sighted {
            if let Some(attribute) = attributes.get(n).and_then(|value| value.as_object()) {
                let of = indicator.as_deref().unwrap_or(&of);
                self.sightings(event, &at, attribute, of, &text(attribute, "value"));
            }
        }
        self.ends.insert(text(object, "uuid").to_lowercase(), end.clone());
        for (n, reference) in objects(object, "ObjectReference") {
            if !flag(reference, "deleted") {
                let to = text(reference, "referenced_uuid").to_lowercase();
                let at = format!("{at}/ObjectReference/{n}");
                self.waiting.push((at, end.clone(), relationship(&text(reference, "relationship_type")), to));
            }
        }
    }

    /// Counts an attribute whose object was deleted.
    fn deleted_with_object(&mut self, attribute: &Object) {
        let mut gone = attribute.clone();
        gone.insert("deleted".to_owned(), true.into());
        let mut nowhere = Event::new(String::new(), "");
        self.attribute(&mut nowhere, "", &gone, Some(&Within { template: "", indicated: false }));
    }

    /// Joins an object's observables among each other, as its template means it.
    fn join(&mut self, at: &str, template: &str, parts: &[Part]) {
        if NAMES.contains(&template) {
            let address = |part: &&Part| matches!(part.kind, T::Ipv4Addr | T::Ipv6Addr);
            let name = |part: &&Part| matches!(part.kind, T::DomainName | T::Hostname);
            let pairs = parts.iter().filter(name).flat_map(|from| parts.iter().filter(address).map(move |to| (from, to)));
            let mut any = false;
            for (from, to) in pairs.take(MOST_JOINS) {
                self.link(at, &from.id, &RelationshipType::RESOLVES_TO, &to.id);
                any = true;
            }
            if any {
                return;
            }
        }
        // Around the one that says most: a hash if there is one. All with all would be many for nothing.
        let rank = |part: &Part| match part.kind {
            T::Sha256 => 0,
            T::Sha1 => 1,
            T::Md5 => 2,
            T::Sha512 => 3,
            _ => 4,
        };
        let Some(centre) = parts.iter().min_by_key(|part| rank(part)) else { return };
        let file = FILES.contains(&template);
        for part in parts.iter().filter(|part| part.id != centre.id) {
            let how = if file && part.of_file && centre.of_file { RelationshipType::SAME_FILE } else { RelationshipType::RELATED_TO };
            self.link(at, &centre.id, &how, &part.id);
        }
    }

    /// The record that an object is, when its template is one of a kind; else what stands for it.
    fn stands_for(&mut self, event: &mut Event, at: &str, object: &Object, template: &str, gathered: &Gathered) -> Option<String> {
        let name = |relations: &[&str]| gathered.first(relations).to_owned();
        let description = |relations: &[&str]| gathered.first(relations).to_owned();
        let uuid = text(object, "uuid");
        let id = |prefix: &str| stix_id(prefix, &uuid, &format!("{}\0{at}", event.id));
        let (draft, id) = match template {
            "vulnerability" => {
                let told = objects(object, "Attribute").find(|(_, a)| text(a, "type") == "vulnerability" && !flag(a, "deleted"));
                let cve = told.map_or_else(|| name(&["id", "summary"]), |(_, attribute)| text(attribute, "value"));
                let published = gathered.first(&["published"]).parse().unwrap_or(model::Timestamp::NEVER);
                let draft = Draft::new(Kind::Vulnerability, &cve)
                    .line("summary", gathered.first(&["summary"]))
                    .text("description", &description(&["description", "summary"]))
                    .line("cvss", gathered.first(&["cvss-score"]))
                    .moment("published", published)
                    .lines("external_references", &gathered.all("references"));
                (draft, id("vulnerability"))
            }
            "attack-pattern" => {
                let number = gathered.first(&["id"]);
                let number = if number.is_empty() || number.contains('-') { number.to_owned() } else { format!("CAPEC-{number}") };
                let draft = Draft::new(Kind::AttackPattern, &name(&["name"]))
                    .line("external_id", &number)
                    .text("description", &description(&["summary"]))
                    .lines("external_references", &gathered.all("references"));
                (draft, id("attack-pattern"))
            }
            "course-of-action" => {
                let draft = Draft::new(Kind::CourseOfAction, &name(&["name"]))
                    .line("action_type", gathered.first(&["type"]))
                    .text("description", &description(&["description"]));
                (draft, id("course-of-action"))
            }
            "organization" | "person" => {
                let told = gathered.first(&["name", "full-name"]);
                let whole = format!("{} {}", gathered.first(&["first-name"]), gathered.first(&["last-name"]));
                let draft = Draft::new(Kind::Identity, if told.is_empty() { whole.trim() } else { told })
                    .line("identity_class", if template == "person" { "individual" } else { "organization" })
                    .lines("sectors", &gathered.all("sector"))
                    .lines("roles", &gathered.all("role"))
                    .line("contact_information", gathered.first(&["contact_information", "address"]))
                    .text("description", &description(&["description", "text"]));
                (draft, id("identity"))
            }
            // What has no kind here is kept with all it tells, so that what refers to it leads somewhere.
            _ if gathered.whole.main().is_none() && gathered.detects.is_empty() => {
                let told = gathered.told.iter().find(|(relation, _)| relation != "text" && relation != "datetime");
                let what = told.or_else(|| gathered.told.first()).map_or("", |(_, value)| value.as_str());
                let draft = Draft::new(Kind::StixObject, &format!("{template}: {what}"))
                    .line("type", "x-misp-object")
                    .text("description", &gathered.lines());
                (draft, id("x-misp-object"))
            }
            _ => {
                if !gathered.told.is_empty() && gathered.detects.is_empty() {
                    let told: Vec<String> = gathered.told.iter().map(|(relation, value)| format!("{relation}: {value}")).collect();
                    event.tell(&format!("{template}: {}", told.join("; ")), &text(object, "comment"));
                }
                return gathered.whole.main();
            }
        };
        let original = if gathered.detects.is_empty() { self.original(object) } else { String::new() };
        let id = self.record(event, at, template, draft, &id, object, original)?;
        for part in &gathered.whole.parts {
            self.link(at, &id, &RelationshipType::RELATED_TO, &part.id);
        }
        Some(id)
    }

    /// One indicator for all that an object detects.
    fn object_indicator(&mut self, event: &mut Event, at: &str, object: &Object, template: &str, gathered: &Gathered) -> Option<String> {
        let pattern = pattern(&gathered.detects)?;
        let shown = objects(object, "Attribute").find(|(_, attribute)| flag(attribute, "to_ids") && !flag(attribute, "deleted"));
        let name = shown.map_or_else(String::new, |(_, attribute)| text(attribute, "value"));
        let id = stix_id("indicator", &text(object, "uuid"), &format!("{}\0{at}", event.id));
        let told = [text(object, "comment"), gathered.lines()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n");
        let draft = indicator_draft(&format!("{template}: {name}"), object)
            .text("description", &told)
            .line("pattern_type", "stix")
            .text("pattern", &pattern);
        let original = self.original(object);
        let id = self.record(event, at, template, draft, &id, object, original)?;
        for part in &gathered.whole.parts {
            self.link(at, &id, &RelationshipType::BASED_ON, &part.id);
        }
        Some(id)
    }
}

/// A registry key whose hive stands beside it, put together.
fn with_hive(template: &str, object: &Object, attribute: &Object) -> Option<Object> {
    if template != "registry-key" || text(attribute, "object_relation") != "key" {
        return None;
    }
    let hive =
        objects(object, "Attribute").find(|(_, other)| text(other, "object_relation") == "hive").map(|(_, other)| text(other, "value"))?;
    let key = text(attribute, "value");
    if hive.is_empty() || key.to_uppercase().starts_with("HK") {
        return None;
    }
    let mut whole = attribute.clone();
    whole.insert("value".to_owned(), format!("{hive}\\{key}").into());
    Some(whole)
}
