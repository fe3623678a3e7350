#![allow(clippy::unwrap_used, clippy::expect_used)]
use model::kind::Kind;
use serde_json::{Value, json};

use super::super::{Document, IntelObject, Limits, Unreadable};
use super::read;

const WHEN: &str = "2026-01-02T03:04:05.678Z";

fn id(kind: &str, n: u8) -> String {
    format!("{kind}--00000000-0000-4000-8000-0000000000{n:02x}")
}

/// A STIX 2.1 object with what all have, and these properties.
fn object(kind: &str, n: u8, own: Value) -> Value {
    let mut whole = json!({ "type": kind, "spec_version": "2.1", "id": id(kind, n), "created": WHEN, "modified": WHEN });
    let Value::Object(own) = own else { panic!("no object") };
    whole.as_object_mut().unwrap().extend(own);
    whole
}

fn of(text: &str) -> Document {
    read(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn bundle(objects: &[Value]) -> Document {
    of(&json!({ "type": "bundle", "id": id("bundle", 0), "objects": objects }).to_string())
}

fn whole(objects: &[Value]) -> Document {
    let document = bundle(objects);
    assert_eq!(document.refused, []);
    document
}

fn find<'a>(document: &'a Document, id: &str) -> &'a IntelObject {
    document.objects.iter().find(|o| o.id == id).unwrap_or_else(|| panic!("no {id} in {:#?}", document.objects))
}

fn observables(document: &Document) -> Vec<String> {
    let found = document.objects.iter().filter(|o| o.record.kind == Kind::Observable);
    found.map(|o| format!("{} {}", o.record.category, o.record.title)).collect()
}

/// Links as `from relationship to`, ends by their titles.
fn links(document: &Document) -> Vec<String> {
    let title = |id: &str| document.objects.iter().find(|o| o.id == id).map_or(id.to_owned(), |o| o.record.title.clone());
    document.links.iter().map(|l| format!("{} {} {}", title(&l.from), l.relationship, title(&l.to))).collect()
}

fn refusal(objects: &[Value]) -> (String, String) {
    let document = bundle(objects);
    assert_eq!((document.refusals, document.objects.len()), (1, objects.len() - 1), "{document:#?}");
    (document.refused[0].at.clone(), document.refused[0].why.clone())
}

#[test]
fn documents_come_as_bundles_lists_objects_and_envelopes() {
    let one = object("identity", 1, json!({ "name": "Ada" }));
    for (text, at, note) in [
        (json!({ "type": "bundle", "id": id("bundle", 0), "objects": [one] }), "/objects/0", "a STIX 2.1 bundle"),
        (json!([one]), "/0", "a list of STIX objects"),
        (one.clone(), "", "one STIX object"),
        (json!({ "more": true, "next": "7", "objects": [one] }), "/objects/0", "a TAXII envelope; its server has more"),
        (json!([{ "type": "bundle", "id": id("bundle", 0), "objects": [one] }]), "/0/objects/0", "a list of STIX objects"),
    ] {
        let document = of(&text.to_string());
        assert_eq!((document.objects.len(), document.counts["objects"], document.refusals), (1, 1, 0), "{text}");
        assert_eq!((document.objects[0].at.as_str(), document.notes[0].as_str()), (at, note));
        assert_eq!(document.objects[0].original, one.to_string());
    }
    let empty = of(&json!({ "type": "bundle", "id": id("bundle", 0) }).to_string());
    assert!(empty.objects.is_empty() && empty.refusals == 0);
    assert_eq!(of(&format!("\u{feff}{one}")).objects.len(), 1, "with a byte order mark");
}

#[test]
fn what_is_no_stix_is_refused_whole() {
    let refused = |bytes: &[u8]| read(bytes, &Limits::default()).unwrap_err();
    let told = |text: &str| refused(text.as_bytes()).to_string();
    assert_eq!(told("{\n  \"type\": \"bundle\",\n}"), "this is not JSON: line 3, column 1: trailing comma");
    assert_eq!(told("<{}>"), "this is not JSON: line 1, column 1: expected value");
    assert!(told("{} {}").contains("line 1, column 4: trailing characters"));
    assert!(told("").contains("line 1, column 0"));
    assert_eq!(refused(b"{\n\"a\": \"\xff\"}").to_string(), "this is not JSON: line 2, column 7: this is not UTF-8");
    for other in ["7", "{}", r#"{"objects": 3}"#, r#"{"type": "bundle", "objects": {}}"#] {
        assert!(matches!(refused(other.as_bytes()), Unreadable::NotIntel(_)), "{other}");
    }
    assert!(told(r#"{"type": "bundle", "spec_version": "1.2", "objects": []}"#).contains("STIX 1.2; 2.0 and 2.1 are read"));
    let small = Limits { bytes: 3, ..Limits::default() };
    assert_eq!(read(b"[  ]", &small), Err(Unreadable::TooLarge { limit: 3 }));
}

#[test]
fn what_breaks_a_rule_is_refused_at_its_place_and_the_rest_is_kept() {
    let good = object("identity", 1, json!({ "name": "Ada" }));
    let without = |mut object: Value, name: &str| {
        object.as_object_mut().unwrap().remove(name);
        object
    };
    let indicator = |own: Value| {
        let mut whole = json!({ "pattern": "[a:b = 1]", "pattern_type": "stix", "valid_from": WHEN });
        whole.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        object("indicator", 2, whole)
    };
    for (bad, at, why) in [
        (object("identity", 2, json!({})), "/objects/1/name", "is missing"),
        (object("identity", 2, json!({ "name": 7 })), "/objects/1/name", "must be text"),
        (without(good.clone(), "modified"), "/objects/1/modified", "is missing"),
        (
            object("identity", 2, json!({ "name": "B", "modified": "2025-01-01T00:00:00Z" })),
            "/objects/1/modified",
            "must not be before `created`",
        ),
        (
            object("identity", 2, json!({ "name": "B", "created": "yesterday" })),
            "/objects/1/created",
            "must be a time like 2026-11-24T09:30:00Z, not `yesterday`",
        ),
        (
            object("identity", 2, json!({ "name": "B", "created": "2026-02-30T00:00:00Z" })),
            "/objects/1/created",
            "must be a time like 2026-11-24T09:30:00Z, not `2026-02-30T00:00:00Z`",
        ),
        (
            object("identity", 2, json!({ "name": "B", "created": "2025-01-01T00:00:00+01:00" })),
            "/objects/1/created",
            "must be a time like 2026-11-24T09:30:00Z, not `2025-01-01T00:00:00+01:00`",
        ),
        (
            object("identity", 2, json!({ "name": "B", "id": "identity--7" })),
            "/objects/1/id",
            "must be an id like identity--8c6af861-7b20-41ef-9b59-6344fd872a8f, not `identity--7`",
        ),
        (object("identity", 2, json!({ "name": "B", "id": id("malware", 2) })), "/objects/1/id", "must begin with `identity--`"),
        (object("identity", 2, json!({ "name": "B", "spec_version": "3.0" })), "/objects/1/spec_version", "must be 2.0 or 2.1"),
        (object("identity", 2, json!({ "name": "B", "labels": "x" })), "/objects/1/labels", "must be a list of text"),
        (object("identity", 2, json!({ "name": "B", "confidence": 101 })), "/objects/1/confidence", "must be a whole number from 0 to 100"),
        (object("identity", 2, json!({ "name": "B", "revoked": "no" })), "/objects/1/revoked", "must be true or false"),
        (
            object("identity", 2, json!({ "name": "B", "object_marking_refs": ["x"] })),
            "/objects/1/object_marking_refs/0",
            "must be an id like identity--8c6af861-7b20-41ef-9b59-6344fd872a8f, not `x`",
        ),
        (
            object("identity", 2, json!({ "name": "B", "external_references": [{ "url": "x" }] })),
            "/objects/1/external_references",
            "has no `source_name` in its entry 0",
        ),
        (object("malware", 2, json!({ "name": "B" })), "/objects/1/is_family", "is missing"),
        (
            object("campaign", 2, json!({ "name": "B", "first_seen": WHEN, "last_seen": "2020-01-01T00:00:00Z" })),
            "/objects/1/last_seen",
            "must not be before `first_seen`",
        ),
        (
            indicator(json!({ "pattern": "[file:name = ]" })),
            "/objects/1/pattern",
            "column 14: expected a value: text stands in quotes, found `]`",
        ),
        (indicator(json!({ "valid_until": WHEN })), "/objects/1/valid_until", "must not be before `valid_from`, nor the same"),
        (
            object("relationship", 2, json!({ "relationship_type": "uses", "source_ref": id("tool", 9), "target_ref": "x" })),
            "/objects/1/target_ref",
            "must be an id like identity--8c6af861-7b20-41ef-9b59-6344fd872a8f, not `x`",
        ),
        (
            json!({ "type": "ipv4-addr", "id": id("ipv4-addr", 2), "value": "300.1.1.1" }),
            "/objects/1/value",
            "`300.1.1.1` is not an IP address or network, such as 192.0.2.1, 2001:db8::1 or 192.0.2.0/24",
        ),
        (json!("no object"), "/objects/1", "must be an object"),
        (json!({ "id": id("identity", 2) }), "/objects/1/type", "is missing; /objects/1/id must begin with `--`"),
    ] {
        let (place, told) = refusal(&[good.clone(), bad.clone()]);
        assert!(place == at && (told == why || told.starts_with(&format!("{why}; "))), "{bad}\n{place} {told}\nexpected {at} {why}");
    }
}

#[test]
fn limits_are_told() {
    let one = object("identity", 1, json!({ "name": "Ada" }));
    let text = json!([one, one, one]).to_string();
    let document = read(text.as_bytes(), &Limits { objects: 2, ..Limits::default() }).unwrap();
    assert_eq!((document.objects.len(), document.refused[0].at.as_str()), (2, "/2"));
    assert!(document.refused[0].why.contains("1 more objects; at most 2"));
    let document = read(text.as_bytes(), &Limits { object_bytes: 20, refusals: 2, ..Limits::default() }).unwrap();
    assert_eq!((document.refusals, document.refused.len()), (3, 2));
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(deep.as_bytes(), &Limits::default()).unwrap().refusals, 1);
}

#[test]
fn domain_objects_are_records_of_their_kinds() {
    let document = whole(&[
        object(
            "attack-pattern",
            1,
            json!({
                "name": "PowerShell", "description": "Adversaries …", "confidence": 80, "labels": ["a", "b"],
                "external_references": [
                    { "source_name": "mitre-attack", "external_id": "T1059.001", "url": "https://attack.example/T1059/001" },
                    { "source_name": "A report", "description": "read it" }
                ],
                "kill_chain_phases": [
                    { "kill_chain_name": "mitre-attack", "phase_name": "execution" },
                    { "kill_chain_name": "lockheed", "phase_name": "actions" }
                ],
                "x_mitre_platforms": ["Windows"], "x_mitre_deprecated": true,
                "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]
            }),
        ),
        object(
            "malware",
            2,
            json!({ "name": "Evil", "is_family": true, "aliases": ["Evil", "Bad"], "malware_types": ["backdoor", "dropper"], "revoked": true }),
        ),
        object(
            "vulnerability",
            3,
            json!({ "name": "Log4Shell", "external_references": [{ "source_name": "cve", "external_id": "CVE-2021-44228" }] }),
        ),
        object("location", 4, json!({ "country": "HU", "latitude": 47.5, "longitude": 19.0 })),
        object("note", 5, json!({ "content": "\nFirst line\nsecond", "object_refs": [id("malware", 2)] })),
        object("x-own-thing", 6, json!({ "name": "Thing", "x_any": [1] })),
        object("campaign", 7, json!({ "name": "C", "first_seen": "2020-01-01T00:00:00Z" })),
    ]);
    let technique = find(&document, &id("attack-pattern", 1));
    assert_eq!((technique.record.kind, technique.record.category.as_str()), (Kind::AttackPattern, "execution"));
    assert_eq!(technique.record.status, "deprecated");
    assert_eq!(technique.record.public_id.as_deref(), Some(technique.id.as_str()));
    assert_eq!(technique.modified.to_string(), WHEN);
    assert_eq!(
        Value::Object(technique.record.attributes.clone()),
        json!({
            "external_id": "T1059.001", "platforms": ["Windows"], "kill_chain_phases": ["mitre-attack: execution", "lockheed: actions"],
            "description": "Adversaries …", "confidence": "80", "tlp": "amber+strict", "labels": ["a", "b"],
            "external_references": ["mitre-attack: T1059.001 https://attack.example/T1059/001", "A report: read it"]
        })
    );
    let malware = find(&document, &id("malware", 2));
    assert_eq!((malware.record.category.as_str(), malware.record.status.as_str(), malware.revoked), ("backdoor, dropper", "revoked", true));
    assert_eq!(malware.record.attributes["aliases"], json!(["Bad"]));
    let cve = &find(&document, &id("vulnerability", 3)).record;
    assert_eq!((cve.title.as_str(), &cve.attributes["summary"]), ("CVE-2021-44228", &json!("Log4Shell")));
    assert_eq!(find(&document, &id("location", 4)).record.title, "HU");
    assert_eq!(find(&document, &id("note", 5)).record.title, "First line");
    let own = &find(&document, &id("x-own-thing", 6)).record;
    assert_eq!((own.kind, own.category.as_str(), own.title.as_str()), (Kind::StixObject, "x-own-thing", "Thing"));
    assert_eq!(find(&document, &id("campaign", 7)).record.first_seen.to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(links(&document), ["First line refers-to Evil"]);
}

#[test]
fn stix_2_0_tells_types_among_its_labels() {
    let text = json!({ "type": "bundle", "id": id("bundle", 0), "spec_version": "2.0", "objects": [
        { "type": "malware", "id": id("malware", 1), "created": WHEN, "modified": WHEN, "name": "Evil", "labels": ["ransomware"] },
        { "type": "tool", "id": id("tool", 1), "created": WHEN, "modified": WHEN, "name": "No labels" }
    ]});
    let document = of(&text.to_string());
    assert_eq!(document.objects[0].record.category, "ransomware");
    assert_eq!((document.refused[0].at.as_str(), document.refused[0].why.as_str()), ("/objects/1/labels", "is missing"));
}

#[test]
fn relationships_are_links_and_what_is_not_there_dangles() {
    let document = whole(&[
        object("intrusion-set", 1, json!({ "name": "APT", "created_by_ref": id("identity", 9) })),
        object("malware", 2, json!({ "name": "Evil", "is_family": false })),
        object(
            "relationship",
            3,
            json!({
                "relationship_type": "uses", "source_ref": id("intrusion-set", 1), "target_ref": id("malware", 2), "confidence": 70,
                "start_time": "2020-01-01T00:00:00Z", "stop_time": "2021-01-01T00:00:00Z"
            }),
        ),
        object("relationship", 4, json!({ "relationship_type": "x_own", "source_ref": id("malware", 2), "target_ref": id("tool", 8) })),
        object(
            "report",
            5,
            json!({ "name": "R", "published": WHEN, "created_by_ref": id("identity", 6), "object_refs": [id("malware", 2), id("relationship", 3), id("tool", 8)] }),
        ),
        object("identity", 6, json!({ "name": "Us" })),
    ]);
    assert_eq!(document.title, "R");
    assert_eq!(
        links(&document),
        [
            "APT uses Evil".to_owned(),
            format!("Evil x_own {}", id("tool", 8)),
            "R refers-to Evil".to_owned(),
            format!("R refers-to {}", id("tool", 8))
        ]
    );
    let uses = &document.links[0];
    assert_eq!((uses.id.as_str(), uses.confidence), (id("relationship", 3).as_str(), Some(70)));
    assert_eq!((uses.first_seen.date(), uses.last_seen.date()), ("2020-01-01".to_owned(), "2021-01-01".to_owned()));
    assert!(uses.original.contains("relationship_type") && document.links[2].original.is_empty());
    let dangling: Vec<(&str, &str)> = document.dangling.iter().map(|(id, at)| (id.as_str(), at.as_str())).collect();
    assert_eq!(dangling, [(id("identity", 9).as_str(), "/objects/0/created_by_ref"), (id("tool", 8).as_str(), "/objects/3/target_ref")]);
    assert_eq!(document.counts["refs_pointing_outside"], 2);
    assert_eq!(find(&document, &id("report", 5)).record.owner, "Us");
}

#[test]
fn indicators_are_based_on_the_observables_of_their_patterns() {
    let indicator = |n: u8, own: Value| {
        let mut whole = json!({ "name": "I", "pattern_type": "stix", "valid_from": WHEN, "indicator_types": ["malicious-activity"] });
        whole.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        object("indicator", n, whole)
    };
    let document = whole(&[
        indicator(1, json!({ "pattern": "[domain-name:value = 'evil.example' OR ipv4-addr:value = '203.0.113.7']" })),
        indicator(2, json!({ "pattern": "[domain-name:value = 'EVIL.example']" })),
        indicator(3, json!({ "pattern": "rule x { condition: true }", "pattern_type": "yara" })),
    ]);
    assert_eq!(document.objects[0].record.category, "malicious-activity");
    let mut named = observables(&document);
    named.sort();
    assert_eq!(named, ["domain-name evil.example", "ipv4-addr 203.0.113.7"], "each once");
    assert_eq!(links(&document), ["I based-on evil.example", "I based-on 203.0.113.7", "I based-on evil.example"]);
    let counts = ["patterns", "patterns_refused", "observables_named"].map(|sort| document.counts[sort]);
    assert_eq!(counts, [2, 0, 2]);
    let domain = document.objects.iter().find(|o| o.told_as == "domain-name").unwrap();
    assert_eq!((domain.at.as_str(), domain.original.as_str()), ("/objects/0/pattern", ""));
    assert_eq!(Some(domain.id.as_str()), domain.record.public_id.as_deref());
}

#[test]
fn a_file_is_several_observables_of_the_same_file() {
    let hashes = json!({ "MD5": "cead3f77f6cda6ec00f57d76c9a6879f", "SHA-256": "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f", "SHA3-256": "00" });
    let document = whole(&[
        json!({ "type": "file", "id": id("file", 1), "name": "evil.exe", "hashes": hashes, "parent_directory_ref": id("directory", 2) }),
        json!({ "type": "directory", "id": id("directory", 2), "path": "C:\\Evil" }),
        object(
            "observed-data",
            3,
            json!({ "first_observed": WHEN, "last_observed": WHEN, "number_observed": 1, "object_refs": [id("file", 1), id("network-traffic", 4)] }),
        ),
        json!({ "type": "network-traffic", "id": id("network-traffic", 4), "protocols": ["ipv4", "tcp"], "dst_port": 443, "dst_ref": id("ipv4-addr", 5) }),
        json!({ "type": "ipv4-addr", "id": id("ipv4-addr", 5), "value": "203.0.113.7" }),
    ]);
    let sha256 = "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f";
    let file = find(&document, &id("file", 1));
    assert_eq!((file.record.title.as_str(), file.told_as.as_str()), (sha256, "file"));
    assert!(file.record.public_id.as_deref() != Some(file.id.as_str()), "its public id is made from the value");
    assert_eq!(find(&document, &id("network-traffic", 4)).record.title, "network-traffic ipv4 tcp 443");
    assert_eq!(
        links(&document),
        [
            format!("{sha256} related-to C:\\Evil"),
            format!("{sha256} same-file cead3f77f6cda6ec00f57d76c9a6879f"),
            format!("{sha256} same-file evil.exe"),
            format!("2 objects observed 2026-01-02 observed {sha256}"),
            "2 objects observed 2026-01-02 observed network-traffic ipv4 tcp 443".to_owned(),
            "network-traffic ipv4 tcp 443 related-to 203.0.113.7".to_owned(),
        ]
    );
}

#[test]
fn observed_data_of_stix_2_0_holds_its_observables() {
    let document = of(&json!({ "type": "bundle", "id": id("bundle", 0), "spec_version": "2.0", "objects": [{
        "type": "observed-data", "id": id("observed-data", 1), "created": WHEN, "modified": WHEN,
        "first_observed": WHEN, "last_observed": WHEN, "number_observed": 50,
        "objects": {
            "0": { "type": "domain-name", "value": "evil.example", "resolves_to_refs": ["1"] },
            "1": { "type": "ipv4-addr", "value": "203.0.113.7" },
            "2": { "type": "file", "name": "a.exe", "hashes": { "MD5": "cead3f77f6cda6ec00f57d76c9a6879f" } },
            "3": { "type": "ipv4-addr", "value": "nowhere" },
            "4": { "type": "network-traffic", "protocols": ["tcp"], "dst_ref": "1" }
        }
    }]})
    .to_string());
    let mut named = observables(&document);
    named.sort();
    assert_eq!(named, ["domain-name evil.example", "file-name a.exe", "ipv4-addr 203.0.113.7", "md5 cead3f77f6cda6ec00f57d76c9a6879f"]);
    let told = links(&document);
    for link in [
        "5 objects observed 2026-01-02 observed evil.example",
        "5 objects observed 2026-01-02 observed 203.0.113.7",
        "cead3f77f6cda6ec00f57d76c9a6879f same-file a.exe",
        "evil.example resolves-to 203.0.113.7",
    ] {
        assert!(told.iter().any(|t| t == link), "{link} is not in {told:#?}");
    }
    assert_eq!((document.refusals, document.refused[0].at.as_str()), (1, "/objects/0/objects/3/value"));
}

#[test]
fn sightings_link_what_was_seen_by_whom_and_where() {
    let document = whole(&[
        object(
            "sighting",
            1,
            json!({
                "summary": true, "sighting_of_ref": id("malware", 2), "where_sighted_refs": [id("identity", 3)], "observed_data_refs": [id("observed-data", 4)],
                "count": 50, "first_seen": "2020-01-01T00:00:00Z", "last_seen": "2020-02-01T00:00:00Z"
            }),
        ),
        object("malware", 2, json!({ "name": "Evil", "is_family": false })),
        object("identity", 3, json!({ "name": "Us" })),
        object(
            "observed-data",
            4,
            json!({ "first_observed": WHEN, "last_observed": WHEN, "number_observed": 1, "object_refs": [id("identity", 3)] }),
        ),
    ]);
    let seen = find(&document, &id("sighting", 1));
    assert_eq!((seen.record.kind, seen.record.title.as_str()), (Kind::StixSighting, "Sighting of Evil"));
    assert_eq!((&seen.record.attributes["count"], seen.record.last_seen.date().as_str()), (&json!("50"), "2020-02-01"));
    assert_eq!(
        links(&document)[..3],
        ["Sighting of Evil sighting-of Evil", "Sighting of Evil seen-by Us", "Sighting of Evil observed 1 object observed 2026-01-02"]
    );
}

#[test]
fn markings_of_the_documents_own_tell_the_tlp_too() {
    let old = json!({ "type": "marking-definition", "spec_version": "2.1", "id": id("marking-definition", 1), "created": WHEN, "definition_type": "tlp", "definition": { "tlp": "red" } });
    let new = json!({
        "type": "marking-definition", "spec_version": "2.1", "id": id("marking-definition", 2), "created": WHEN, "name": "TLP:CLEAR",
        "extensions": { "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": { "extension_type": "property-extension", "tlp_2_0": "clear" } }
    });
    let document = whole(&[
        object("identity", 1, json!({ "name": "A", "object_marking_refs": [id("marking-definition", 1), id("marking-definition", 2)] })),
        object("identity", 2, json!({ "name": "B", "object_marking_refs": [id("marking-definition", 2)] })),
        old,
        new,
    ]);
    let tlp = |id: &str| find(&document, id).record.attributes["tlp"].clone();
    assert_eq!((tlp(&id("identity", 1)), tlp(&id("identity", 2))), (json!("red"), json!("clear")));
    let definition = find(&document, &id("marking-definition", 1));
    assert_eq!((definition.record.title.as_str(), definition.record.category.as_str()), ("TLP:RED", "marking-definition"));
    assert!(document.dangling.is_empty());
}

#[test]
fn the_same_id_twice_is_kept_twice_and_counted() {
    let old = object("identity", 1, json!({ "name": "Ada", "created": "2020-01-01T00:00:00Z", "modified": "2020-01-01T00:00:00Z" }));
    let document = whole(&[old, object("identity", 1, json!({ "name": "Ada L." }))]);
    assert_eq!((document.objects.len(), document.counts["duplicate_ids"], document.counts["identity"]), (2, 1, 2));
}

#[test]
fn what_a_record_cannot_hold_is_cut_and_kept_in_the_original() {
    let long = "x".repeat(5_000);
    let document = whole(&[object("identity", 1, json!({ "name": format!("A\nB {long}"), "description": "\u{0}".repeat(3) }))]);
    let identity = &document.objects[0];
    assert!(identity.record.title.starts_with("A B xxx") && identity.record.title.chars().count() == 1_000);
    assert!(identity.original.contains(&long));
}
