//! Attributes: values, conditions, rules, names and what is only told.

use model::artifact::Finding;
use model::kind::{Kind, NewRecord};
use model::observable::{Observable, ObservableType, stix_id as observable_id};
use model::relationship::RelationshipType;

use super::draft::{Draft, one_line};
use super::event::Event;
use super::json::{Object, flag, moment, text};
use super::pattern::{Term, pattern, terms};
use super::types::{Meaning, in_object, meaning, part_meaning, parts};
use super::{Found, Reader, marks, modified, stix_id, tags};

/// The object that an attribute is part of.
pub(super) struct Within<'a> {
    pub(super) template: &'a str,
    /// Whether the object gets an indicator, which then holds the text of all its attributes.
    pub(super) indicated: bool,
}

/// An observable that came of an attribute.
pub(super) struct Part {
    pub(super) id: String,
    pub(super) kind: ObservableType,
    /// Whether it is a property of a file: a name, a path or a hash.
    pub(super) of_file: bool,
}

/// What an attribute came to.
#[derive(Default)]
pub(super) struct Read {
    pub(super) parts: Vec<Part>,
    pub(super) terms: Vec<Term>,
    /// Records that are no observables: rules, vulnerabilities, actors.
    pub(super) records: Vec<String>,
    /// What is only told.
    pub(super) told: Option<String>,
}

impl Read {
    /// The id that stands for the whole.
    pub(super) fn main(&self) -> Option<String> {
        let hash = |kind| matches!(kind, ObservableType::Sha256 | ObservableType::Sha1 | ObservableType::Md5 | ObservableType::Sha512);
        let best = self.parts.iter().find(|part| hash(part.kind)).or_else(|| self.parts.first());
        self.records.first().cloned().or_else(|| best.map(|part| part.id.clone()))
    }
}

impl Reader<'_> {
    /// Counts an attribute and, unless it was deleted, reads it.
    pub(super) fn attribute(&mut self, event: &mut Event, at: &str, attribute: &Object, within: Option<&Within<'_>>) -> Read {
        let (name, value) = (text(attribute, "type"), text(attribute, "value"));
        self.document.count(if within.is_some() { "object_attributes" } else { "attributes" });
        self.document.count(&format!("type:{name}"));
        let to_ids = flag(attribute, "to_ids");
        if to_ids {
            self.document.count("to_ids_true");
        }
        self.shadows(attribute);
        for _ in super::json::list(attribute, "Sighting") {
            self.document.count("sightings");
        }
        if flag(attribute, "deleted") {
            self.document.count("deleted");
            return Read::default();
        }
        if value.is_empty() {
            self.refuse(format!("{at}/value"), format!("is empty: an attribute of type {name} needs a value"));
            return Read::default();
        }
        let mut read = Read::default();
        let relation = text(attribute, "object_relation");
        let special = within.and_then(|within| in_object(within.template, &relation, &name));
        let kinds = parts(&name);
        if special.is_none() && kinds.len() > 1 {
            self.composite(event, at, attribute, &name, &kinds, &value, within, &mut read);
        } else {
            let of = special.or_else(|| meaning(&name));
            if of.is_none() {
                self.document.count("unknown_types");
            }
            self.single(event, at, attribute, of.unwrap_or(Meaning::Text), &name, &value, within, &mut read);
        }
        for part in &read.parts {
            event.refers_to(&part.id);
        }
        for record in &read.records {
            event.refers_to(record);
        }
        if within.is_none() {
            self.alone(event, at, attribute, &read);
        }
        read
    }

    /// What an attribute that is in no object has besides: its indicator, its galaxies, its sightings, its text.
    fn alone(&mut self, event: &mut Event, at: &str, attribute: &Object, read: &Read) {
        let name = text(attribute, "type");
        let indicator = if flag(attribute, "to_ids") { self.indicator(event, at, attribute, &name, read) } else { None };
        if let Some(told) = &read.told {
            event.tell(&format!("{name}: {told}"), &text(attribute, "comment"));
        }
        let uuid = text(attribute, "uuid");
        let main = read.main();
        if let Some(end) = main.clone().or_else(|| indicator.clone()) {
            self.ends.insert(uuid.to_lowercase(), end);
        }
        let from = indicator.or(main);
        self.clusters_of(event, at, attribute, from.as_deref());
        if let Some(of) = from {
            self.sightings(event, at, attribute, &of, &text(attribute, "value"));
        }
    }

    /// The indicator of an attribute alone: a pattern of all its parts.
    fn indicator(&mut self, event: &mut Event, at: &str, attribute: &Object, name: &str, read: &Read) -> Option<String> {
        let pattern = pattern(&read.terms)?;
        let value = text(attribute, "value");
        let id = stix_id("indicator", &text(attribute, "uuid"), &format!("{}\0{name}\0{value}", event.id));
        let draft = indicator_draft(&value, attribute).line("pattern_type", "stix").text("pattern", &pattern);
        let original = self.original(attribute);
        let id = self.record(event, at, name, draft, &id, attribute, original)?;
        for part in &read.parts {
            self.link(at, &id, &RelationshipType::BASED_ON, &part.id);
        }
        Some(id)
    }

    /// Splits a composite value, reads its parts and joins them.
    #[allow(clippy::too_many_arguments, reason = "one attribute, seen from all sides")]
    fn composite(
        &mut self,
        event: &mut Event,
        at: &str,
        attribute: &Object,
        name: &str,
        kinds: &[&str],
        value: &str,
        within: Option<&Within<'_>>,
        read: &mut Read,
    ) {
        let file = kinds.first() == Some(&"filename");
        let split = match (name, value.contains('|')) {
            // A file's name may hold the separator; a hash never does.
            _ if file => value.rsplit_once('|'),
            (_, false) if name.ends_with("|port") => value.rsplit_once(':'),
            _ => value.split_once('|'),
        };
        let values = match split {
            Some((first, second)) => [first.trim(), second.trim()],
            None => {
                self.refuse(format!("{at}/value"), format!("is not two values with `|` between them, as {name} tells"));
                [value, ""]
            }
        };
        for (kind, value) in kinds.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
            let meaning = part_meaning(name, kind).unwrap_or(Meaning::Text);
            self.single(event, at, attribute, meaning, name, value, within, read);
        }
        if let [first, second] = read.parts.as_slice() {
            let how = match name {
                "domain|ip" => RelationshipType::RESOLVES_TO,
                _ if file => RelationshipType::SAME_FILE,
                _ => RelationshipType::RELATED_TO,
            };
            let (first, second) = (first.id.clone(), second.id.clone());
            self.link(at, &first, &how, &second);
        }
    }

    /// Reads one value as what it means.
    #[allow(clippy::too_many_arguments, reason = "one attribute, seen from all sides")]
    fn single(
        &mut self,
        event: &mut Event,
        at: &str,
        attribute: &Object,
        of: Meaning,
        name: &str,
        value: &str,
        within: Option<&Within<'_>>,
        read: &mut Read,
    ) {
        let to_ids = flag(attribute, "to_ids");
        match of {
            Meaning::Value(kinds, path) => self.observable(at, attribute, kinds, path, value, within, read),
            Meaning::Perhaps(kinds, path) => {
                if kinds.iter().any(|kind| Observable::new(*kind, value).is_ok()) {
                    self.observable(at, attribute, kinds, path, value, within, read);
                } else {
                    read.told = Some(value.to_owned());
                }
            }
            Meaning::Number(path) => {
                read.terms.push(Term::number(path, value));
                read.told = Some(value.to_owned());
            }
            Meaning::Condition(path) => {
                read.terms.push(Term::text(path, value));
                read.told = Some(value.to_owned());
            }
            Meaning::Rule(language) => {
                let seed = format!("{}\0{name}\0{value}", event.id);
                let id = stix_id("indicator", &text(attribute, "uuid"), &seed);
                let draft = indicator_draft(&rule_name(language, value), attribute).line("pattern_type", language).text("pattern", value);
                let original = self.original(attribute);
                read.records.extend(self.record(event, at, name, draft, &id, attribute, original));
            }
            Meaning::Vulnerability => self.vulnerability(event, at, attribute, value, within, read),
            Meaning::ThreatActor | Meaning::Campaign => {
                let (kind, prefix) =
                    if of == Meaning::Campaign { (Kind::Campaign, "campaign") } else { (Kind::ThreatActor, "threat-actor") };
                let id = stix_id(prefix, &text(attribute, "uuid"), &format!("{}\0{value}", event.id));
                let draft = Draft::new(kind, value).text("description", &text(attribute, "comment"));
                let original = self.original(attribute);
                read.records.extend(self.record(event, at, name, draft, &id, attribute, original));
            }
            Meaning::Link => {
                event.references.push(value.to_owned());
                self.document.count("links");
                if to_ids {
                    self.observable(at, attribute, &[ObservableType::Url], "", value, within, read);
                }
            }
            Meaning::Text => {
                read.told = Some(value.to_owned());
                self.document.count("kept_as_text");
            }
        }
    }

    /// A vulnerability, with its CVE as an observable.
    fn vulnerability(
        &mut self,
        event: &mut Event,
        at: &str,
        attribute: &Object,
        value: &str,
        within: Option<&Within<'_>>,
        read: &mut Read,
    ) {
        // A vulnerability object is one record of all its attributes; see `object`.
        let part_of_object = within.is_some_and(|within| within.template == "vulnerability");
        if Observable::new(ObservableType::Cve, value).is_ok() {
            self.observable(at, attribute, &[ObservableType::Cve], "", value, within, read);
            read.terms.clear();
        }
        if part_of_object {
            return;
        }
        let name = Observable::new(ObservableType::Cve, value).map_or_else(|_| value.to_owned(), |cve| cve.value);
        let id = stix_id("vulnerability", &text(attribute, "uuid"), &format!("{}\0{value}", event.id));
        let draft = Draft::new(Kind::Vulnerability, &name).text("description", &text(attribute, "comment"));
        let original = self.original(attribute);
        if let Some(id) = self.record(event, at, "vulnerability", draft, &id, attribute, original) {
            for part in &read.parts {
                let to = part.id.clone();
                self.link(at, &id, &RelationshipType::RELATED_TO, &to);
            }
            read.records.push(id);
        }
    }

    /// An observable of the first type that takes the value.
    #[allow(clippy::too_many_arguments, reason = "one attribute, seen from all sides")]
    fn observable(
        &mut self,
        at: &str,
        attribute: &Object,
        kinds: &[ObservableType],
        path: &str,
        value: &str,
        within: Option<&Within<'_>>,
        read: &mut Read,
    ) {
        let mut first_error = None;
        let found = kinds.iter().find_map(|kind| match Observable::new(*kind, value) {
            Ok(observable) => Some(observable),
            Err(error) => {
                first_error.get_or_insert(error);
                None
            }
        });
        // Feeds write bare names and addresses into `url`; they are what they are, not nothing.
        let misplaced = || (kinds == [ObservableType::Url]).then(|| Observable::guess(value).ok()).flatten().filter(|o| is_host(o.kind));
        let found = found.or_else(|| {
            let observable = misplaced()?;
            self.document.count("read_as_another_type");
            Some(observable)
        });
        let Some(observable) = found else {
            let why = first_error.map_or_else(|| "is no value".to_owned(), |error| error.to_string());
            return self.refuse(format!("{at}/value"), why);
        };
        read.terms.extend(terms(&observable, path));
        let mut record = NewRecord::from_observable(&observable, Finding::Unknown);
        (record.first_seen, record.last_seen) = (moment(attribute, "first_seen"), moment(attribute, "last_seen"));
        let part_of_indicator = within.is_some_and(|within| within.indicated) || flag(attribute, "to_ids");
        let original = if part_of_indicator || !read.parts.is_empty() { String::new() } else { self.original(attribute) };
        let told_as = text(attribute, "type");
        let found = Found { at, told_as: &told_as, record, modified: modified(attribute), original };
        if self.put(found, true).is_some() {
            let of_file = path.starts_with("file:") || is_of_file(observable.kind);
            read.parts.push(Part { id: observable_id(&observable), kind: observable.kind, of_file });
        }
    }

    /// A record with what every record of an attribute or object has: its tags, its time, its place in the event.
    #[allow(clippy::too_many_arguments, reason = "one object, seen from all sides")]
    pub(super) fn record(
        &mut self,
        event: &mut Event,
        at: &str,
        told_as: &str,
        draft: Draft,
        id: &str,
        of: &Object,
        original: String,
    ) -> Option<String> {
        let (own, labels) = marks(&tags(of));
        let tlp = if own.is_empty() { event.tlp } else { own };
        match draft.line("tlp", tlp).lines("labels", &labels).finish(id) {
            Ok(record) => {
                let id = self.put(Found { at, told_as, record, modified: modified(of), original }, false)?;
                event.refers_to(&id);
                Some(id)
            }
            Err(why) => {
                self.refuse(at, why);
                None
            }
        }
    }

    /// Counts proposals.
    pub(super) fn shadows(&mut self, of: &Object) {
        for _ in super::json::list(of, "ShadowAttribute") {
            self.document.count("shadow_attributes");
        }
    }
}

/// What every indicator has.
pub(super) fn indicator_draft(name: &str, of: &Object) -> Draft {
    let first = moment(of, "first_seen");
    let valid_from = if first.is_set() { first } else { modified(of) };
    let category = text(of, "category");
    let phases: Vec<String> = (!category.is_empty()).then(|| format!("misp-category: {category}")).into_iter().collect();
    Draft::new(Kind::Indicator, name)
        .line("indicator_type", "malicious-activity")
        .line("status", "active")
        .text("description", &text(of, "comment"))
        .moment("valid_from", valid_from)
        .lines("kill_chain_phases", &phases)
}

/// What a rule calls itself: `rule name`, `title: name`, `msg:"name"`; else its first line.
fn rule_name(language: &str, rule: &str) -> String {
    let after = |word: &str, end: &[char]| {
        let start = rule.find(word)? + word.len();
        let rest = rule.get(start..)?.trim_start();
        rest.split(end).next().map(str::trim).filter(|name| !name.is_empty())
    };
    let told = match language {
        "yara" => after("rule ", &[' ', '{', ':', '\n', '\r', '\t']),
        "sigma" => after("title:", &['\n', '\r']),
        "snort" | "suricata" => after("msg:\"", &['"']),
        _ => None,
    };
    one_line(told.or_else(|| rule.lines().find(|line| !line.trim().is_empty())).unwrap_or(rule))
}

fn is_host(kind: ObservableType) -> bool {
    matches!(kind, ObservableType::DomainName | ObservableType::Ipv4Addr | ObservableType::Ipv6Addr)
}

fn is_of_file(kind: ObservableType) -> bool {
    use ObservableType as T;
    matches!(kind, T::Md5 | T::Sha1 | T::Sha256 | T::Sha512 | T::Ssdeep | T::Tlsh | T::Imphash | T::FileName | T::FilePath)
}
