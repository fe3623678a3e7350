//! Galaxies: actors, malware, tools, techniques, countries, sectors, in clusters or as machine tags.

use std::collections::HashSet;

use model::Timestamp;
use model::kind::Kind;
use model::relationship::RelationshipType;
use serde_json::Value;

use super::draft::Draft;
use super::event::{Event, objects};
use super::json::{Object, text, texts};
use super::{Found, Reader, relationship, stix_id, tags};
use crate::raw::Outline;

/// A galaxy's file: its head, and its clusters as `values`.
pub(super) fn is_cluster_file(object: &Outline<'_>) -> bool {
    object.has_list("values") && (object.has("type") || object.has("authors"))
}

/// What the clusters of a galaxy are, and what their STIX ids begin with. The lists are those of MISP's own converter.
fn kind_of(galaxy: &str) -> (Kind, &'static str) {
    match galaxy {
        "android" | "backdoor" | "banker" | "cryptominers" | "malpedia" | "ransomware" | "stealer" | "mitre-ics-software" | "wiper" => {
            (Kind::Malware, "malware")
        }
        "botnet" | "rat" | "exploit-kit" | "tds" | "tool" | "rmm-tool" => (Kind::Tool, "tool"),
        "360net-threat-actor" | "microsoft-activity-group" | "mitre-ics-groups" | "threat-actor" | "eset-threat-actor" => {
            (Kind::ThreatActor, "threat-actor")
        }
        "branded-vulnerability" => (Kind::Vulnerability, "vulnerability"),
        "country" | "region" | "target-information" => (Kind::Location, "location"),
        "sector" => (Kind::Identity, "identity"),
        "mitre-ics-techniques" => (Kind::AttackPattern, "attack-pattern"),
        other => by_ending(other),
    }
}

/// `mitre-enterprise-attack-intrusion-set`, `stix-2.1-campaign`: the ending tells.
fn by_ending(galaxy: &str) -> (Kind, &'static str) {
    const ENDINGS: [(&str, Kind, &str); 10] = [
        ("attack-pattern", Kind::AttackPattern, "attack-pattern"),
        ("course-of-action", Kind::CourseOfAction, "course-of-action"),
        ("intrusion-set", Kind::IntrusionSet, "intrusion-set"),
        ("threat-actor", Kind::ThreatActor, "threat-actor"),
        ("malware", Kind::Malware, "malware"),
        ("campaign", Kind::Campaign, "campaign"),
        ("vulnerability", Kind::Vulnerability, "vulnerability"),
        ("location", Kind::Location, "location"),
        ("identity", Kind::Identity, "identity"),
        ("tool", Kind::Tool, "tool"),
    ];
    let found =
        ENDINGS.iter().find(|(ending, ..)| galaxy == *ending || galaxy.strip_suffix(ending).is_some_and(|rest| rest.ends_with('-')));
    found.map_or((Kind::StixObject, "x-misp-galaxy-cluster"), |(_, kind, prefix)| (*kind, *prefix))
}

/// How what carries a cluster is joined with it.
fn how(from: &str, kind: Kind) -> RelationshipType {
    let indicates = matches!(
        kind,
        Kind::Malware | Kind::Tool | Kind::ThreatActor | Kind::IntrusionSet | Kind::Campaign | Kind::AttackPattern | Kind::Infrastructure
    );
    if from.starts_with("indicator--") && indicates { RelationshipType::INDICATES } else { RelationshipType::RELATED_TO }
}

impl Reader<'_> {
    /// The galaxies and machine tags on an attribute.
    pub(super) fn clusters_of(&mut self, event: &mut Event, at: &str, of: &Object, from: Option<&str>) {
        let mut told = HashSet::new();
        for (g, galaxy) in objects(of, "Galaxy") {
            self.clusters_in(event, &format!("{at}/Galaxy/{g}"), galaxy, from, &mut told);
        }
        self.clusters_by_tag(event, at, of, from, &told);
    }

    /// The clusters of a galaxy on an event (`from` is none: the report refers to them) or an attribute. Their tags are `told`.
    pub(super) fn clusters_in(&mut self, event: &mut Event, at: &str, galaxy: &Object, from: Option<&str>, told: &mut HashSet<String>) {
        for (n, cluster) in objects(galaxy, "GalaxyCluster") {
            let at = format!("{at}/GalaxyCluster/{n}");
            let sort = [text(cluster, "type"), text(galaxy, "type")].into_iter().find(|sort| !sort.is_empty()).unwrap_or_default();
            told.insert(tag_of(&sort, cluster).to_ascii_lowercase());
            self.cluster(event, &at, &sort, cluster, from);
        }
    }

    /// The clusters that only machine tags name.
    pub(super) fn clusters_by_tag(&mut self, event: &mut Event, at: &str, of: &Object, from: Option<&str>, told: &HashSet<String>) {
        for (n, tag) in tags(of).iter().enumerate() {
            let Some((sort, value)) = machine_tag(tag) else { continue };
            if told.contains(&tag.to_ascii_lowercase()) {
                continue;
            }
            let mut cluster = Object::new();
            cluster.insert("value".to_owned(), Value::from(value));
            self.cluster(event, &format!("{at}/Tag/{n}"), sort, &cluster, from);
        }
    }

    fn cluster(&mut self, event: &mut Event, at: &str, sort: &str, cluster: &Object, from: Option<&str>) {
        let (kind, _) = kind_of(sort);
        let Some(id) = self.put_cluster(at, sort, cluster) else { return };
        event.refers_to(&id);
        if let Some(from) = from {
            self.link(at, from, &how(from, kind), &id);
        }
    }

    /// A galaxy's file: every cluster, and how they are related as far as they are in it.
    pub(super) fn cluster_file(&mut self, at: &str, galaxy: &Outline<'_>) {
        let head = self.head(at, galaxy, &["values"]);
        let sort = text(&head, "type");
        if self.document.title.is_empty() {
            self.document.title = text(&head, "name");
        }
        for (at, cluster) in self.held(at, galaxy, "values") {
            self.document.count("clusters");
            let Some(cluster) = self.read(&at, cluster) else { continue };
            let Some(id) = self.put_cluster(&at, &sort, &cluster) else { continue };
            for (r, related) in objects(&cluster, "related") {
                self.document.count("cluster_relations");
                let to = text(related, "dest-uuid").to_lowercase();
                self.waiting.push((format!("{at}/related/{r}"), id.clone(), relationship(&text(related, "type")), to));
            }
        }
    }

    /// The record of a cluster; one that was there already is not read again.
    fn put_cluster(&mut self, at: &str, sort: &str, cluster: &Object) -> Option<String> {
        let (kind, prefix) = kind_of(sort);
        let tag = tag_of(sort, cluster);
        let uuid = text(cluster, "uuid");
        // A tag says no UUID; the cluster that has this tag may have been read already.
        if let Some(known) = self.ends.get(&tag.to_lowercase()).filter(|_| uuid.is_empty()) {
            return Some(known.clone());
        }
        let id = stix_id(prefix, &uuid, &tag.to_lowercase());
        if self.taken.contains(&id) {
            return Some(id);
        }
        let record = match draft(kind, sort, cluster, &tag).finish(&id) {
            Ok(record) => record,
            Err(why) => {
                self.refuse(at, why);
                return None;
            }
        };
        let original = self.original(cluster);
        let id = self.put(Found { at, told_as: sort, record, modified: Timestamp::NEVER, original }, true)?;
        self.ends.insert(tag.to_lowercase(), id.clone());
        if !uuid.is_empty() {
            self.ends.insert(uuid.to_lowercase(), id.clone());
        }
        Some(id)
    }
}

/// A cluster's fields, as its kind names them.
fn draft(kind: Kind, sort: &str, cluster: &Object, tag: &str) -> Draft {
    let nothing = Object::new();
    let meta = cluster.get("meta").and_then(Value::as_object).unwrap_or(&nothing);
    let first = |keys: &[&str]| keys.iter().find_map(|key| texts(meta, key).into_iter().next()).unwrap_or_default();
    let all = |keys: &[&str]| keys.iter().flat_map(|key| texts(meta, key)).collect::<Vec<_>>();
    let moment = |key: &str| first(&[key]).parse().unwrap_or(Timestamp::NEVER);
    let (name, told_id) = name_and_id(&text(cluster, "value"));
    let external = first(&["external_id"]);
    let phases = all(&["kill_chain"]);
    let tactics: Vec<&str> = phases.iter().filter_map(|phase| phase.rsplit(':').next()).collect();
    let mut types = all(&["malware_types", "threat_actor_types", "tool_types", "infrastructure_types", "type"]);
    if types.is_empty() && matches!(sort, "ransomware" | "backdoor" | "rat" | "botnet" | "rmm-tool") {
        types.push(if sort == "rat" { "remote-access" } else { sort }.to_owned());
    }
    let kind_of_it = types.join(", ");
    let mut labels = vec![tag.to_owned()];
    labels.extend(all(&["labels"]));
    let draft = Draft::new(kind, &name)
        .line("external_id", if external.is_empty() { &told_id } else { &external })
        .lines("aliases", &all(&["synonyms", "aliases"]))
        .text("description", &text(cluster, "description"))
        .lines("external_references", &all(&["refs"]))
        .lines("kill_chain_phases", &phases.iter().map(|phase| phase.replacen(':', ": ", 1)).collect::<Vec<_>>())
        .lines("platforms", &all(&["mitre_platforms", "platforms"]))
        .lines("goals", &all(&["goals"]))
        .line("primary_motivation", &first(&["primary_motivation", "motive", "cfr-type-of-incident"]))
        .line("resource_level", &first(&["resource_level"]))
        .line("sophistication", &first(&["sophistication"]))
        .line("objective", &first(&["objective"]))
        .line("tool_version", &first(&["tool_version"]))
        .moment("first_seen", moment("first_seen"))
        .moment("last_seen", moment("last_seen"))
        .lines("labels", &labels)
        .line("status", "active");
    let draft = match first(&["attribution-confidence"]).parse::<u8>() {
        Ok(sure) if sure <= 100 => draft.line("confidence", &sure.to_string()),
        _ => draft,
    };
    match kind {
        Kind::Malware => draft.line("malware_types", &kind_of_it),
        Kind::Tool => draft.line("tool_types", &kind_of_it),
        Kind::ThreatActor => draft.line("threat_actor_types", &kind_of_it).line("country", &first(&["country"])),
        Kind::AttackPattern => draft.line("tactics", &tactics.join(", ")),
        Kind::Location => {
            draft.line("country", &first(&["ISO", "iso-code", "country"])).line("region", if sort == "region" { &name } else { "" })
        }
        Kind::Identity => draft.line("identity_class", "class").lines("sectors", std::slice::from_ref(&name)),
        Kind::StixObject => draft.line("type", "x-misp-galaxy-cluster"),
        _ => draft,
    }
}

/// `APT1 - G0006` is the group APT1 with that ATT&CK id.
fn name_and_id(value: &str) -> (String, String) {
    let is_id = |id: &str| {
        let digits = id.trim_start_matches(|c: char| c.is_ascii_uppercase());
        digits.len() >= 4 && id.len() - digits.len() <= 3 && id != digits && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    match value.rsplit_once(" - ") {
        Some((name, id)) if is_id(id) => (name.to_owned(), id.to_owned()),
        _ => (value.to_owned(), String::new()),
    }
}

/// The machine tag of a cluster.
fn tag_of(sort: &str, cluster: &Object) -> String {
    let told = text(cluster, "tag_name");
    if told.is_empty() { format!("misp-galaxy:{sort}=\"{}\"", text(cluster, "value")) } else { told }
}

/// `misp-galaxy:threat-actor="Sofacy"` as its two parts.
fn machine_tag(tag: &str) -> Option<(&str, &str)> {
    let (sort, value) = tag.strip_prefix("misp-galaxy:")?.split_once('=')?;
    let value = value.trim().trim_matches('"');
    (!sort.is_empty() && !value.is_empty()).then_some((sort, value))
}
