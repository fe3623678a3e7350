//! Reads published STIX, which lies outside the repository: `VIZSLA_TEST_DATA` says where. What must be counted was counted
//! by other means (`intel/stix-facts.json`). Without the data the tests pass and say so, unless `VIZSLA_ACCEPTANCE=1` demands it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// A test has no configuration; where the data lies is told by the environment.
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use formats::intel::stix::pattern::{self, Version};
use formats::intel::{self, Document, Format, Limits, Unreadable};
use model::kind::Kind;
use serde_json::Value;

fn data(part: &str) -> Option<PathBuf> {
    let required = std::env::var("VIZSLA_ACCEPTANCE").is_ok_and(|v| v == "1");
    let path = std::env::var_os("VIZSLA_TEST_DATA").map(|root| PathBuf::from(root).join(part)).filter(|p| p.exists());
    if path.is_none() {
        assert!(!required, "VIZSLA_ACCEPTANCE=1, but VIZSLA_TEST_DATA has no {part}");
        println!("{part}: no data (VIZSLA_TEST_DATA); nothing was measured");
    }
    path
}

fn read(path: &Path) -> Result<Document, Unreadable> {
    intel::read(&fs::read(path).unwrap(), &Limits::default())
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn counted(document: &Document, sort: &str) -> u64 {
    document.counts.get(sort).copied().unwrap_or_default() as u64
}

/// Objects have ids and text, links have ends that are objects of the document or dangle.
fn holds_together(name: &str, document: &Document) {
    let ids: BTreeSet<&str> = document.objects.iter().map(|o| o.id.as_str()).collect();
    for object in &document.objects {
        assert!(!object.record.title.is_empty() && object.record.public_id.is_some(), "{name}: {object:?}");
        assert!(object.original.is_empty() || serde_json::from_str::<Value>(&object.original).is_ok(), "{name} {}", object.at);
    }
    for link in &document.links {
        for end in [link.from.as_str(), link.to.as_str()] {
            let known = ids.contains(end) || document.dangling.contains_key(end) || document.refusals > 0;
            assert!(known, "{name} {}: {end} is nowhere", link.at);
        }
    }
}

#[test]
fn every_bundle_is_counted_as_it_is() {
    let Some(root) = data("intel") else { return };
    let facts = json(&root.join("stix-facts.json"));
    let (mut bundles, mut objects, mut patterns, mut wrong, mut refused) = (0, 0, 0, Vec::new(), Vec::new());
    for (name, fact) in facts["bundles"].as_object().unwrap() {
        let read = read(&root.join(name));
        if let Some(error) = fact.get("json_error").and_then(Value::as_str) {
            let told = read.expect_err(name).to_string();
            let line = error.split("line ").nth(1).unwrap().split(' ').next().unwrap();
            assert!(told.contains(&format!("line {line}")), "{name}: {told}, expected {error}");
            continue;
        }
        let document = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(document.format, Format::Stix, "{name}");
        holds_together(name, &document);
        let expected = |key: &str| fact[key].as_u64().unwrap();
        for (ours, theirs) in [
            ("objects", expected("objects")),
            ("duplicate_ids", expected("duplicate_ids")),
            ("refs_pointing_outside", expected("refs_pointing_outside_the_bundle")),
            ("patterns", expected("stix_indicator_patterns")),
            ("patterns_refused", expected("patterns_refused_by_oasis_validator")),
        ] {
            if counted(&document, ours) != theirs {
                wrong.push(format!("{name}: {ours} {}, expected {theirs}", counted(&document, ours)));
            }
        }
        for (kind, count) in fact["by_type"].as_object().unwrap() {
            if counted(&document, kind) != count.as_u64().unwrap() {
                wrong.push(format!("{name}: {kind} {}, expected {count}", counted(&document, kind)));
            }
        }
        refused.extend(document.refused.iter().map(|r| format!("{name}: {} {}", r.at, r.why)));
        bundles += 1;
        objects += counted(&document, "objects");
        patterns += counted(&document, "patterns");
    }
    println!("{bundles} bundles, {objects} objects, {patterns} patterns; {} differences", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What those playbooks truly break: `"identity_class": ["unknown"]`.
    println!("refused: {refused:#?}");
    assert!(refused.len() == 4 && refused.iter().all(|told| told.ends_with("/identity_class must be text")), "{refused:#?}");
}

#[test]
fn attack_is_read_in_full() {
    let Some(root) = data("intel/attack") else { return };
    let packed = fs::read(root.join("enterprise-attack-18.1.stix20.bundle.json.gz")).unwrap();
    let bytes = intel::unpack(&packed, &Limits::default()).unwrap().unwrap();
    let start = Instant::now();
    let document = intel::read(&bytes, &Limits::default()).unwrap();
    println!("{} bytes, {} objects in {:?}", bytes.len(), counted(&document, "objects"), start.elapsed());
    assert_eq!((document.objects.len(), document.links.len()), (24_771 - 20_048, 20_048));
    assert!(document.refused.is_empty() && document.dangling.is_empty());
    let find =
        |id: &str| document.objects.iter().find(|o| o.record.attributes.get("external_id").and_then(Value::as_str) == Some(id)).unwrap();
    let powershell = find("T1059.001");
    assert_eq!((powershell.record.kind, powershell.record.title.as_str()), (Kind::AttackPattern, "PowerShell"));
    assert_eq!(powershell.record.category, "execution");
    let attribute = |name: &str| powershell.record.attributes.get(name).cloned().unwrap_or_default();
    assert_eq!(attribute("platforms"), serde_json::json!(["Windows"]));
    let references = attribute("external_references");
    assert_eq!(references[0], "mitre-attack: T1059.001 https://attack.mitre.org/techniques/T1059/001");
    let apt29 = find("G0016");
    assert_eq!((apt29.record.kind, apt29.record.title.as_str()), (Kind::IntrusionSet, "APT29"));
    assert!(apt29.record.attributes["aliases"].as_array().unwrap().contains(&Value::from("NOBELIUM")));
    let used = document.links.iter().filter(|l| l.from == apt29.id && l.relationship.as_str() == "uses" && !l.revoked).count();
    assert!(used > 100, "{used}");
    let status = |word: &str| document.objects.iter().filter(|o| o.record.status == word).count();
    println!("revoked {}, deprecated {}", status("revoked"), status("deprecated"));
    assert!(status("revoked") > 100 && status("deprecated") > 10);
}

#[test]
fn the_same_catalogue_in_both_versions_is_the_same() {
    let (Some(old), Some(new)) =
        (data("intel/attack-ics-stix20-twin/ics-attack.json.gz"), data("intel/attack/ics-attack-18.1.stix21.json.gz"))
    else {
        return;
    };
    let (old, new) = (read(&old).unwrap(), read(&new).unwrap());
    let records = |document: &Document| -> BTreeMap<String, String> {
        let told = document.objects.iter().filter(|o| o.told_as != "x-mitre-collection");
        told.map(|o| {
            let fields = o.record.fields();
            // 2.0 tells types among the labels, 2.1 does not; the markings' text differs by version.
            let plain =
                ["name", "external_id", "tactics", "platforms", "aliases", "description", "status", "kill_chain_phases", "detection"];
            let told: Vec<String> = plain.iter().filter_map(|name| fields.get(*name)).map(Value::to_string).collect();
            (o.id.clone(), format!("{} {}", o.record.kind, told.join("|")))
        })
        .collect()
    };
    let (a, b) = (records(&old), records(&new));
    let differing: Vec<(&String, &String, Option<&String>)> =
        a.iter().filter(|(id, told)| b.get(*id) != Some(*told)).map(|(id, told)| (id, told, b.get(id))).collect();
    assert!(differing.is_empty() && a.len() == b.len(), "{} of {}: {:#?}", differing.len(), a.len(), differing.first());
    let links = |document: &Document| -> BTreeSet<String> {
        document.links.iter().map(|l| format!("{} {} {} {} {}", l.id, l.from, l.relationship, l.to, l.revoked)).collect()
    };
    assert_eq!(links(&old), links(&new));
    println!("{} records and {} links are the same in STIX 2.0 and 2.1", a.len(), old.links.len());
}

#[test]
fn examples_are_taken_or_refused_at_their_place() {
    let Some(root) = data("intel/stix/validator-examples") else { return };
    for version in ["v20", "v21"] {
        for entry in fs::read_dir(root.join(version).join("test_examples")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match (name.as_str(), read(&path)) {
                ("invalid_braces.json", Err(error)) => assert!(error.to_string().contains("line 1, column 1"), "{error}"),
                ("invalid_comma.json", Err(error)) => {
                    let line = if version == "v20" { "line 8, column 1" } else { "line 9, column 1" };
                    assert!(error.to_string().contains(line), "{error}");
                }
                ("invalid_identity.json" | "invalid_timestamp.json", Ok(document)) => {
                    assert!(document.objects.is_empty() && document.refusals == 1, "{name}: {document:?}");
                    assert_eq!(document.refused[0].at, "/modified", "{name}");
                }
                (valid, Ok(document)) if !valid.starts_with("invalid") => {
                    assert!(document.objects.len() == 1 && document.refusals == 0, "{name}: {document:?}");
                }
                (_, other) => panic!("{version}/{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn patterns_are_judged_as_the_reference_does() {
    let Some(root) = data("extraction/stix-pattern-validation") else { return };
    let mut judged = 0;
    for (file, version) in [("patterns_v20.json", Version::V20), ("patterns_v21.json", Version::V21)] {
        let sets = json(&root.join(file));
        for set in ["valid_spec_examples", "valid"] {
            for text in sets[set].as_array().unwrap().iter().filter_map(Value::as_str) {
                let parsed = pattern::parse(text, version).unwrap_or_else(|error| panic!("{file}: {text}\n{error}"));
                let _ = pattern::observables(&parsed);
                judged += 1;
            }
        }
        for case in sets["invalid"].as_array().unwrap() {
            let text = case["pattern"].as_str().unwrap();
            let error = pattern::parse(text, version).expect_err(text);
            println!("{text}\n    {error}");
            // Columns count from 0 there, from 1 here; where a literal is broken, theirs stands at its end.
            let theirs = case["error"].as_str().unwrap().split("line 1:").nth(1).and_then(|t| t.split('.').next()?.parse::<usize>().ok());
            if let Some(theirs) = theirs {
                assert!(
                    error.column == theirs + 1 || error.column == theirs + 2 || error.column == theirs,
                    "{text}: {error}, theirs {theirs}"
                );
            }
            judged += 1;
        }
    }
    println!("{judged} patterns judged");
}

#[test]
fn patterns_name_what_their_publisher_lists() {
    let Some(root) = data("intel/stix") else { return };
    let lists: [(&str, &str, &str); 7] = [
        ("mvt-indicators/candiru/candiru.stix2", "mvt-indicators/candiru/domains.txt", "domain-name"),
        ("mvt-indicators/2022-06-23_rcs_lab/rcs.stix2", "mvt-indicators/2022-06-23_rcs_lab/domains.txt", "domain-name"),
        ("mvt-indicators/2022-06-23_rcs_lab/rcs.stix2", "mvt-indicators/2022-06-23_rcs_lab/sha256.txt", "sha256"),
        ("mvt-indicators/2023-04-11_quadream/kingspawn.stix2", "mvt-indicators/2023-04-11_quadream/domains.txt", "domain-name"),
        (
            "mvt-indicators/2023-06_01_operation_triangulation/operation_triangulation.stix2",
            "mvt-indicators/2023-06_01_operation_triangulation/domains.txt",
            "domain-name",
        ),
        ("mvt-indicators/2026-03-30_darksword/darksword.stix2", "mvt-indicators/2026-03-30_darksword/file_paths.txt", "file-path"),
        ("amnesty/2021-12-16_cytrox/cytrox.stix2", "amnesty/2021-12-16_cytrox/domains.txt", "domain-name"),
    ];
    for (bundle, list, kind) in lists {
        let kinds = if kind == "file-path" { vec![kind, "directory"] } else { vec![kind] };
        let document = read(&root.join(bundle)).unwrap();
        let found: BTreeSet<String> =
            document.objects.iter().filter(|o| kinds.contains(&o.told_as.as_str())).map(|o| o.record.title.to_lowercase()).collect();
        let text = fs::read_to_string(root.join(list)).unwrap();
        let listed: BTreeSet<String> = text
            .lines()
            .map(|line| line.trim().trim_end_matches('/').to_lowercase())
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let missing: Vec<&String> = listed.difference(&found).collect();
        println!("{list}: {} listed, {} found as {kind}, {} missing {missing:?}", listed.len(), found.len(), missing.len());
        assert!(missing.is_empty(), "{list}: {missing:?}");
    }
}
