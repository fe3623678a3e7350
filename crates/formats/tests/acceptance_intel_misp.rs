//! MISP's documents as they are found in the wild: every attribute, object, tag, galaxy and sighting is accounted for.
//!
//! The documents lie outside the repository: `VIZSLA_TEST_DATA` says where. Without them the tests pass and say so, unless
//! `VIZSLA_ACCEPTANCE=1` demands them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// A test has no configuration; where the data lies is told by the environment.
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use formats::intel::misp::{is_misp, read};
use formats::intel::{Document, Limits, Unreadable};
use model::Kind;
use model::kind::Shelf;
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let required = std::env::var("VIZSLA_ACCEPTANCE").is_ok_and(|v| v == "1");
    let path = std::env::var_os("VIZSLA_TEST_DATA").map(|root| PathBuf::from(root).join("intel")).filter(|path| path.exists());
    if path.is_none() {
        assert!(!required, "VIZSLA_ACCEPTANCE=1, but VIZSLA_TEST_DATA has no intel");
        println!("intel: no data (VIZSLA_TEST_DATA); nothing was measured");
    }
    path
}

fn bytes(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.extension().is_none_or(|ending| ending != "gz") {
        return raw;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut plain).unwrap();
    plain
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

/// What holds for every document: ids stand for what they say, and links lead to what is there.
fn is_whole(document: &Document, name: &str) {
    let mut ids = BTreeSet::new();
    for object in &document.objects {
        assert_eq!(object.record.public_id.as_ref(), Some(&object.id), "{name} {}", object.at);
        assert!(!object.record.title.is_empty(), "{name} {}", object.at);
        ids.insert(object.id.as_str());
    }
    for link in &document.links {
        assert!(ids.contains(link.from.as_str()) && ids.contains(link.to.as_str()), "{name}: {link:?}");
    }
}

#[test]
fn every_event_counts_as_its_facts_tell() {
    let Some(folder) = folder() else { return };
    let facts = json_of(&folder.join("misp-facts.json"));
    let mut files: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (name, fact) in facts["events"].as_object().unwrap() {
        files.entry(name.split('#').next().unwrap().to_owned()).or_default().push(fact);
    }
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, facts) in &files {
        let raw = bytes(&folder.join("misp").join(name));
        assert!(is_misp(&raw), "{name}");
        let read = read(&raw, &Limits::default());
        if let Some(error) = facts[0].get("json_error").and_then(Value::as_str) {
            let place = error.split(": ").nth(1).unwrap().split(" (").next().unwrap();
            let Err(Unreadable::NotJson(why)) = read else { panic!("{name} is no JSON") };
            assert!(why.contains(place), "{why}, not {error}");
            continue;
        }
        let document = read.unwrap_or_else(|e| panic!("{name}: {e}"));
        is_whole(&document, name);
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for fact in facts {
            for sort in ["attributes", "objects", "object_attributes", "to_ids_true", "event_galaxies", "sightings", "shadow_attributes"] {
                *expected.entry(sort.to_owned()).or_default() += usize::try_from(fact[sort].as_u64().unwrap()).unwrap();
            }
            *expected.entry("event_tags".to_owned()).or_default() += fact["event_tags"].as_array().unwrap().len();
            for (group, prefix) in [("by_type", "type"), ("object_names", "object")] {
                for (sort, count) in fact[group].as_object().unwrap() {
                    *expected.entry(format!("{prefix}:{sort}")).or_default() += usize::try_from(count.as_u64().unwrap()).unwrap();
                }
            }
        }
        let found: BTreeMap<String, usize> =
            expected.keys().map(|sort| (sort.clone(), document.counts.get(sort).copied().unwrap_or_default())).collect();
        assert_eq!(found, expected, "{name}");
        let types: usize = document.counts.iter().filter(|(sort, _)| sort.starts_with("type:")).map(|(_, count)| count).sum();
        assert_eq!(types, document.counts.get("attributes").unwrap_or(&0) + document.counts.get("object_attributes").unwrap_or(&0));
        let reports = document.objects.iter().filter(|object| object.told_as == "event").count();
        assert_eq!(reports, facts.len(), "{name}");
        for object in &document.objects {
            *totals.entry(object.record.kind.as_str()).or_default() += 1;
        }
        *totals.entry("links").or_default() += document.links.len();
        *totals.entry("refusals").or_default() += document.refusals;
        for refused in &document.refused {
            println!("{name} {} {}", refused.at, refused.why);
        }
    }
    println!("{totals:?}");
    assert_eq!(files.len(), 57);
}

#[test]
fn every_attribute_type_becomes_what_the_reference_converter_makes_of_it() {
    let Some(folder) = folder() else { return };
    let pairs = json_of(&folder.join("misp/misp-stix-reference-pairs/documentation__mapping__misp_attributes_to_stix21.json.gz"));
    let mut checked = 0;
    for (name, pair) in pairs.as_object().unwrap() {
        let attribute = match &pair["MISP"] {
            Value::Array(items) => items[0].clone(),
            one => one.clone(),
        };
        let stix: Vec<&Value> = pair["STIX"].as_array().map_or_else(|| vec![&pair["STIX"]], |items| items.iter().collect());
        let reference: BTreeSet<&str> = stix.iter().filter_map(|object| object["type"].as_str()).collect();
        for to_ids in [false, true] {
            let mut attribute = attribute.clone();
            attribute["to_ids"] = json!(to_ids);
            let event = json!({"Event": {"info": name, "uuid": "00000000-0000-4000-8000-000000000001", "Attribute": [attribute]}});
            let document = read(event.to_string().as_bytes(), &Limits::default()).unwrap();
            is_whole(&document, name);
            assert_eq!(document.refused, [], "{name}");
            let kinds: Vec<Kind> = document.objects.iter().map(|object| object.record.kind).collect();
            let observed = reference.contains("observed-data");
            // Links of an event are its references; only those that detect something are values too.
            if name != "link" || to_ids {
                assert_eq!(
                    kinds.contains(&Kind::Observable),
                    observed || matches!(name.as_str(), "vulnerability" | "user-agent"),
                    "{name}"
                );
            }
            let ruled = matches!(name.as_str(), "yara" | "snort" | "suricata" | "sigma");
            let expected = reference.contains("indicator") && (to_ids || ruled);
            assert_eq!(kinds.contains(&Kind::Indicator), expected, "{name} to_ids {to_ids}");
            for (word, kind) in [("campaign", Kind::Campaign), ("vulnerability", Kind::Vulnerability)] {
                assert_eq!(kinds.contains(&kind), reference.contains(word), "{name}");
            }
            if expected {
                let told = stix.iter().find(|object| object["type"] == "indicator").unwrap();
                let indicator = document.objects.iter().find(|object| object.record.kind == Kind::Indicator).unwrap();
                assert_eq!(indicator.id, told["id"].as_str().unwrap(), "{name}");
                assert_eq!(indicator.record.attributes["pattern_type"], told["pattern_type"], "{name}");
                // Ours has numbers as numbers, registry hives spelled out, rules without brackets, and no files.
                let other = ["AS", "attachment", "github-username", "malware-sample", "port", "regkey", "regkey|value", "size-in-bytes"];
                if !ruled && !name.ends_with("|port") && !other.contains(&name.as_str()) {
                    assert_eq!(indicator.record.attributes["pattern"], told["pattern"], "{name}");
                }
            }
        }
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn every_galaxy_becomes_what_the_reference_converter_makes_of_it() {
    let Some(folder) = folder() else { return };
    let pairs = json_of(&folder.join("misp/misp-stix-reference-pairs/documentation__mapping__misp_galaxies_to_stix21.json"));
    for (name, pair) in pairs.as_object().unwrap() {
        let event = json!({"info": name, "uuid": "00000000-0000-4000-8000-000000000001", "Attribute": [], "Galaxy": [pair["MISP"]]});
        let document = read(event.to_string().as_bytes(), &Limits::default()).unwrap();
        is_whole(&document, name);
        let told = pair["STIX"]["id"].as_str().unwrap();
        let ids: Vec<&str> = document.objects.iter().map(|object| object.id.as_str()).collect();
        assert!(ids.contains(&told), "{name}: {told} is not among {ids:?}");
    }
}

#[test]
fn clusters_of_galaxies_are_read_whole() {
    let Some(folder) = folder() else { return };
    let mut clusters = 0;
    for entry in std::fs::read_dir(folder.join("misp/galaxy-clusters")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "gz") {
            continue;
        }
        let (raw, name) = (bytes(&path), path.display().to_string());
        let values = json_of(&path)["values"].take();
        let told = values.as_array().unwrap().len();
        // A galaxy of the wild has some clusters twice.
        let ids: BTreeSet<&str> = values.as_array().unwrap().iter().map(|cluster| cluster["uuid"].as_str().unwrap()).collect();
        assert!(is_misp(&raw), "{name}");
        let document = read(&raw, &Limits::default()).unwrap();
        is_whole(&document, &name);
        assert_eq!((document.counts["clusters"], document.refusals), (told, 0), "{name}");
        assert_eq!(document.objects.len(), ids.len(), "{name}");
        assert!(document.objects.iter().all(|object| object.record.kind.spec().shelf == Shelf::Intelligence));
        println!("{name}: {told} clusters, {} links, {:?}", document.links.len(), document.notes);
        clusters += told;
    }
    assert_eq!(clusters, 2_973);
}
