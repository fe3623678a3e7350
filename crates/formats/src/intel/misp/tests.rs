#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use model::Kind;
use serde_json::json;

use super::super::{Limits, Unreadable};
use super::*;

/// An event of everything: attributes of many types, objects, galaxies, proposals, sightings.
const EVENT: &str = include_str!("../../../tests/data/misp_event.json");

fn event() -> Document {
    read(EVENT.as_bytes(), &Limits::default()).unwrap()
}

/// Reads an event that holds one attribute.
fn one(name: &str, value: &str, to_ids: bool) -> Document {
    let attribute =
        json!({"type": name, "value": value, "to_ids": to_ids, "uuid": "11111111-2222-4333-8444-555555555555", "timestamp": "1600000000"});
    read(json!({"Event": {"info": "one", "Attribute": [attribute]}}).to_string().as_bytes(), &Limits::default()).unwrap()
}

/// Kinds (of observables: their types) and titles of all but the report.
fn told(document: &Document) -> Vec<String> {
    let word = |record: &model::kind::NewRecord| match record.kind {
        Kind::Observable => record.category.clone(),
        kind => kind.as_str().to_owned(),
    };
    document.objects.iter().filter(|o| o.told_as != "event").map(|o| format!("{} {}", word(&o.record), o.record.title)).collect()
}

fn links(document: &Document) -> Vec<String> {
    let title = |id: &str| document.objects.iter().find(|o| o.id == id).map_or("?", |o| o.record.title.as_str()).to_owned();
    let inner = document.links.iter().filter(|link| link.relationship != RelationshipType::REFERS_TO);
    inner.map(|link| format!("{} {} {}", title(&link.from), link.relationship, title(&link.to))).collect()
}

#[test]
fn an_event_is_a_report_that_refers_to_all_it_holds() {
    let document = event();
    let report = &document.objects[0];
    assert_eq!(report.id, "report--5f000000-0000-4000-8000-000000000001");
    assert_eq!((report.record.title.as_str(), report.record.owner.as_str()), ("Quiet Heron phishes", "CERT Example"));
    assert_eq!(report.record.attributes["tlp"], "amber");
    assert_eq!(report.record.attributes["published"], "2020-09-15T00:00:00Z");
    let labels = ["admiralty-scale:source-reliability=\"b\"", "PAP:AMBER", "misp:threat-level=\"medium\"", "misp:analysis=\"completed\""];
    assert_eq!(report.record.attributes["labels"], json!(labels));
    assert_eq!(report.record.attributes["external_references"], json!(["https://blog.example.net/quiet-heron"]));
    assert!(report.record.attributes["description"].as_str().unwrap().contains("text: The lure is an invoice (first wave)"));
    assert!(!report.original.contains("Attribute"), "{}", report.original);
    let referred = document.links.iter().filter(|l| l.from == report.id).count();
    assert_eq!(referred, document.objects.len() - 1, "{:?}", told(&document));
    assert_eq!(
        document.refused,
        [super::super::Refused {
            at: "/Event/Attribute/7/value".to_owned(),
            why: "`300.1.1.1` is not an IP address or network, such as 192.0.2.1, 2001:db8::1 or 192.0.2.0/24".to_owned(),
        }]
    );
}

#[test]
fn everything_is_counted_and_what_is_left_out_is_told() {
    let document = event();
    for (sort, count) in [
        ("attributes", 9),
        ("objects", 4),
        ("object_attributes", 9),
        ("type:ip-dst", 4),
        ("to_ids_true", 6),
        ("event_tags", 5),
        ("event_galaxies", 1),
        ("sightings", 2),
        ("shadow_attributes", 2),
        ("deleted", 1),
        ("attached_files_left_out", 1),
        ("references_unresolved", 1),
    ] {
        assert_eq!(document.counts.get(sort), Some(&count), "{sort} of {:?}", document.counts);
    }
    assert!(document.notes.iter().any(|note| note.contains("shadow attributes")), "{:?}", document.notes);
    assert!(!told(&document).iter().any(|line| line.contains("203.0.113.99")), "deleted");
    assert!(!told(&document).iter().any(|line| line.contains("203.0.113.98")), "proposed");
    let all: String = document.objects.iter().map(|object| object.original.as_str()).collect();
    assert!(!all.contains("UEsDBAoA"), "a sample's bytes are not kept in texts");
}

#[test]
fn what_detects_is_an_indicator_based_on_its_observables() {
    let document = event();
    let indicators: Vec<(&str, &str)> = document
        .objects
        .iter()
        .filter(|o| o.record.kind == Kind::Indicator)
        .map(|o| (o.id.as_str(), o.record.attributes["pattern"].as_str().unwrap()))
        .collect();
    let hash = "44d88612fea8a8f36de82e1278abb02f";
    assert_eq!(
        indicators,
        [
            (
                "indicator--5f000000-0000-4000-8000-000000000011",
                "[domain-name:value = 'quiet-heron.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.7']"
            ),
            ("indicator--5f000000-0000-4000-8000-000000000013", "rule Quiet_Heron { condition: true }"),
            ("indicator--5f000000-0000-4000-8000-000000000021", &format!("[file:name = 'invoice.exe' AND file:hashes.MD5 = '{hash}']")),
            ("indicator--5f000000-0000-4000-8000-000000000022", "[(domain-name:value = 'a.example' OR domain-name:value = 'b.example')]"),
        ]
    );
    let links = links(&document);
    for link in [
        "quiet-heron.example|203.0.113.7 based-on 203.0.113.7",
        "quiet-heron.example resolves-to 203.0.113.7",
        "quiet-heron.example|203.0.113.7 indicates Quiet Heron",
        "a.example resolves-to 203.0.113.8",
        "b.example resolves-to 203.0.113.8",
        &format!("{hash} same-file invoice.exe"),
        &format!("{hash} downloaded-from a.example"),
        "quiet-heron.example|203.0.113.7 sighting-of quiet-heron.example|203.0.113.7",
        "quiet-heron.example|203.0.113.7 seen-by SOC Example",
    ] {
        assert!(links.iter().any(|known| known == link), "{link} is not among {links:#?}");
    }
}

#[test]
fn galaxies_and_machine_tags_are_actors_and_techniques_once() {
    let document = event();
    let told = told(&document);
    assert!(told.contains(&"threat_actor Quiet Heron".to_owned()), "{told:#?}");
    assert!(told.contains(&"attack_pattern Spearphishing Link".to_owned()), "{told:#?}");
    assert_eq!(told.iter().filter(|line| line.ends_with("Quiet Heron")).count(), 1, "its tag is the same cluster");
    let technique = document.objects.iter().find(|o| o.record.kind == Kind::AttackPattern).unwrap();
    assert_eq!(technique.record.attributes["external_id"], "T1566.002");
}

#[test]
fn types_are_read_as_what_they_are() {
    for (name, value, expected) in [
        ("ip-src", "2001:db8::1", "ipv6-addr 2001:db8::1"),
        ("hostname", "ws-014", "hostname ws-014"),
        ("url", "hxxp://evil[.]example/x", "url http://evil.example/x"),
        ("url", "www.evil-heron.com", "domain-name www.evil-heron.com"),
        ("filename", r"C:\Users\x\a.exe", r"file-path C:\Users\x\a.exe"),
        ("regkey", r"HKLM\Software\X", r"windows-registry-key HKEY_LOCAL_MACHINE\Software\X"),
        ("named pipe", r"\\.\pipe\heron", "named-pipe heron"),
        ("AS", "64500", "autonomous-system AS64500"),
        ("x509-fingerprint-sha1", "46aba99aa7158e4609aaa72b50990842fd22ae86", "x509-sha1 46aba99aa7158e4609aaa72b50990842fd22ae86"),
        ("campaign-name", "Heron Season", "campaign Heron Season"),
        ("threat-actor", "Quiet Heron", "threat_actor Quiet Heron"),
        ("jarm-fingerprint", "27d40d", "other 27d40d"),
    ] {
        assert_eq!(told(&one(name, value, false)), [expected], "{name}");
    }
    assert_eq!(told(&one("vulnerability", "cve-2021-44228", true)), ["cve CVE-2021-44228", "vulnerability CVE-2021-44228"]);
    for name in ["text", "comment", "other", "datetime", "a-type-of-tomorrow"] {
        let document = one(name, "told", true);
        assert!(told(&document).is_empty() && document.refusals == 0, "{name}");
        assert_eq!(document.objects[0].record.attributes["description"], format!("{name}: told"));
    }
}

#[test]
fn composites_are_split_and_joined() {
    let hash = "44d88612fea8a8f36de82e1278abb02f";
    let document = one("filename|md5", &format!("a|b.exe|{hash}"), false);
    assert_eq!(links(&document), [format!("a|b.exe same-file {hash}")]);
    let document = one("ip-dst|port", "203.0.113.7|443", true);
    let pattern =
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 443]";
    assert_eq!(document.objects.iter().find_map(|o| o.record.attributes.get("pattern")), Some(&json!(pattern)));
    let half = one("filename|md5", &format!("{hash}|not a hash"), false);
    assert_eq!((half.refusals, half.refused[0].at.as_str()), (1, "/Event/Attribute/0/value"));
    assert_eq!(told(&half).len(), 1, "the other half is kept");
    let quoted = one("mutex", r"it's\me", true);
    assert_eq!(quoted.objects.iter().find_map(|o| o.record.attributes.get("pattern")), Some(&json!(r"[mutex:name = 'it\'s\\me']")));
}

#[test]
fn documents_come_in_several_envelopes() {
    let bare = json!({"info": "bare", "uuid": "11111111-2222-4333-8444-555555555555", "Attribute": []});
    for (document, reports) in [
        (json!({"Event": bare}), 1),
        (bare.clone(), 1),
        (json!([bare, {"Event": bare}]), 2),
        (json!({"response": [{"Event": bare}]}), 1),
        (json!({"response": {"Event": bare}}), 1),
    ] {
        let text = document.to_string();
        assert!(is_misp(text.as_bytes()), "{text}");
        assert_eq!(read(text.as_bytes(), &Limits::default()).unwrap().counts["events"], reports, "{text}");
    }
    for other in [json!({"type": "bundle", "objects": []}), json!({}), json!([]), json!(1), json!({"values": 1})] {
        assert!(!is_misp(other.to_string().as_bytes()), "{other}");
        assert!(matches!(read(other.to_string().as_bytes(), &Limits::default()), Err(Unreadable::NotIntel(_))), "{other}");
    }
}

#[test]
fn broken_documents_say_where() {
    let broken = "{\"Event\": {\n  \"info\": \"x\",\n  \"Attribute\": [,]\n}}";
    assert!(is_misp(broken.as_bytes()));
    let Err(Unreadable::NotJson(why)) = read(broken.as_bytes(), &Limits::default()) else { panic!("taken") };
    assert!(why.contains("line 3 column 17"), "{why}");
    let small = Limits { bytes: 10, ..Limits::default() };
    assert_eq!(read(broken.as_bytes(), &small), Err(Unreadable::TooLarge { limit: 10 }));
    let few = Limits { objects: 2, ..Limits::default() };
    let document = read(EVENT.as_bytes(), &few).unwrap();
    assert!(document.objects.len() <= 2 && document.refusals > 0);
}

#[test]
fn a_galaxy_is_its_clusters_and_how_they_are_related() {
    let galaxy = json!({"name": "Threat Actor", "type": "threat-actor", "authors": [], "uuid": "x", "values": [
        {"value": "Quiet Heron", "uuid": "5f000000-0000-4000-8000-0000000000a1", "description": "A group.",
         "meta": {"synonyms": ["QH"], "country": "ZZ", "refs": ["https://example.org/qh"], "attribution-confidence": "50"},
         "related": [{"dest-uuid": "5f000000-0000-4000-8000-0000000000a2", "type": "similar"}, {"dest-uuid": "gone", "type": "uses"}]},
        {"value": "Loud Heron", "uuid": "5f000000-0000-4000-8000-0000000000a2"}
    ]});
    let document = read(galaxy.to_string().as_bytes(), &Limits::default()).unwrap();
    assert_eq!(links(&document), ["Quiet Heron similar Loud Heron"]);
    let heron = &document.objects[0];
    assert_eq!(heron.id, "threat-actor--5f000000-0000-4000-8000-0000000000a1");
    assert_eq!((&heron.record.attributes["aliases"], &heron.record.attributes["country"]), (&json!(["QH"]), &json!("ZZ")));
    assert_eq!(document.counts["references_unresolved"], 1);
}

#[test]
fn a_document_of_too_much_keeps_what_is_good() {
    let few = Limits { objects: 20, object_bytes: 100_000, ..Limits::default() };
    let good = json!({"type": "domain", "value": "evil.example.net"});
    let sample = json!({"type": "md5", "value": "44d88612fea8a8f36de82e1278abb02f", "data": "A".repeat(200_000)});
    let fat = json!({"type": "domain", "value": "fat.example.net", "Tag": vec![0; 50_000]});
    let mut attributes = vec![good, sample, fat];
    attributes.extend(vec![json!(0); 30]);
    let event = json!({"Event": {"info": "much", "Attribute": attributes, "extends": vec![0; 50_000]}}).to_string();
    let document = read(event.as_bytes(), &few).unwrap();
    assert_eq!(told(&document), ["domain-name evil.example.net", "md5 44d88612fea8a8f36de82e1278abb02f"]);
    assert_eq!(document.counts["attached_files_left_out"], 1);
    let refused: Vec<String> = document.refused.iter().map(|refused| format!("{} {}", refused.at, refused.why)).collect();
    assert_eq!(
        refused,
        [
            "/Event/extends holds more than the 99994 bytes that it may",
            "/Event/Attribute/20 13 more elements; at most 20 are taken of a document",
            "/Event/Attribute/2 holds more than the 100000 bytes that it may",
        ]
    );
}

#[test]
fn what_is_packed_as_only_the_hostile_is_refused() {
    use std::io::Write;

    let packed = |text: &str| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(text.as_bytes()).unwrap();
        writer.finish().unwrap()
    };
    let zeros = format!("{{\"Event\": {{\"Attribute\": [{}0]}}}}", "0,".repeat(6_000_000));
    let Err(Unreadable::NotGzip(why)) = super::super::read(&packed(&zeros), &Limits::default()) else { panic!("taken") };
    assert_eq!(why, "it comes to more than 200 times its size");
    let read = super::super::read(&packed(EVENT), &Limits::default()).unwrap();
    assert_eq!(read, event());
}
