#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use model::artifact::{ExclusionReason, Finding, OriginKind, Severity, Status};
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::field::Fields;
use model::kind::{NewRecord, RecordInput};
use model::note::{Audience, NoteKind};
use model::observable::{Observable, ObservableType};
use model::relationship::RelationshipType;
use model::{Kind, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Annotation, Case, End, Format, Head, Item, Link, Note, Options, Origin, Seen, Standing, Technique, begin, stix};
use crate::intel::{self, Limits};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn case() -> Case {
    Case {
        number: "SECC0001001".to_owned(),
        name: "Bronze Hound".to_owned(),
        case_type: CaseType::ThreatHunting,
        rating: Rating::High,
        state: CaseState::Analysis,
        short_description: "Somebody digs.".to_owned(),
        description: String::new(),
        assigned_to: "ada".to_owned(),
        tlp: Tlp::Amber,
        pap: Pap::Green,
        tags: vec!["hounds".to_owned()],
        restricted: false,
        findings: "They were here.".to_owned(),
        recommendations: String::new(),
        closure_summary: String::new(),
        verdict: Verdict::Undetermined,
        created_by: "ada".to_owned(),
        created_at: at("2026-11-20T08:00:00Z"),
        updated_at: at("2026-11-21T08:00:00Z"),
        closed_at: None,
        techniques: vec![Technique { id: "T1566".to_owned(), name: "Phishing".to_owned(), added_by: Some("ada".to_owned()) }],
    }
}

fn head() -> Head {
    Head {
        at: at("2026-11-24T09:00:00Z"),
        by: "rita".to_owned(),
        uuid: "0d1b0d4c-52c4-4bfb-9a0f-6a2f2f8dbb11".to_owned(),
        case: Some(case()),
    }
}

fn of(record: &NewRecord, id: &str) -> Item {
    let standing = Standing {
        status: Status::Included,
        reason: None,
        comment: String::new(),
        status_by: "ada".to_owned(),
        status_at: at("2026-11-20T09:00:00Z"),
        added_by: "ada".to_owned(),
        added_at: at("2026-11-20T09:00:00Z"),
        origins: vec![Origin {
            kind: OriginKind::Manual,
            reference: String::new(),
            title: String::new(),
            detail: String::new(),
            added_by: "ada".to_owned(),
            added_at: at("2026-11-20T09:00:00Z"),
        }],
    };
    Item {
        end: End { id: id.to_owned(), kind: record.kind, category: record.category.clone(), title: record.title.clone(), within: None },
        severity: record.severity,
        finding: record.finding,
        first_seen: record.first_seen,
        last_seen: record.last_seen,
        fields: record.fields(),
        created_by: "ada".to_owned(),
        created_at: at("2026-11-20T08:30:00.123456Z"),
        updated_by: "ada".to_owned(),
        updated_at: at("2026-11-20T08:30:00.123456Z"),
        original: None,
        standing: Some(standing),
        annotations: Vec::new(),
        sightings: Vec::new(),
        indicators: Vec::new(),
        refers: Vec::new(),
    }
}

fn observable(kind: ObservableType, value: &str) -> Item {
    let record = NewRecord::from_observable(&Observable::new(kind, value).unwrap(), Finding::Unknown);
    of(&record, record.public_id.as_deref().unwrap())
}

fn record(fields: Value, uuid: &str) -> Item {
    let input: RecordInput = serde_json::from_value(fields).unwrap();
    let mut refusals = Fields::new();
    let record = NewRecord::read(&input, "", &mut refusals).unwrap();
    assert_eq!(refusals.finish(), Ok(()));
    of(&record, &format!("{}--{uuid}", record.kind.spec().id_prefix))
}

/// One of each type of observable.
fn every_observable() -> Vec<Item> {
    use ObservableType as T;
    let zeros = |n: usize| "0".repeat(n);
    let values: Vec<(T, String)> = vec![
        (T::Ipv4Addr, "198.51.100.7".into()),
        (T::Ipv4Addr, "198.51.100.0/24".into()),
        (T::Ipv6Addr, "2001:db8::7".into()),
        (T::DomainName, "evil.example".into()),
        (T::Hostname, "ws-014".into()),
        (T::Url, "https://evil.example/a".into()),
        (T::Url, "https://evil.example/{a|b}?x=[1]".into()),
        (T::EmailAddr, "mallory@evil.example".into()),
        (T::EmailSubject, "=cmd|' /C calc'!A1".into()),
        (T::EmailMessageId, "<1@evil.example>".into()),
        (T::Md5, zeros(32)),
        (T::Sha1, zeros(40)),
        (T::Sha256, zeros(64)),
        (T::Sha512, zeros(128)),
        (T::Ssdeep, "96:abc:def".into()),
        (T::Imphash, "1".repeat(32)),
        (T::Tlsh, format!("T1{}", "A".repeat(70))),
        (T::FileName, "@evil.exe".into()),
        (T::FilePath, r"C:\ProgramData\evil.exe".into()),
        (T::FilePath, "/evil".into()),
        (T::Directory, r"C:\ProgramData".into()),
        (T::WindowsRegistryKey, r"HKLM\Software\Evil".into()),
        (T::Mutex, r"Global\evil".into()),
        (T::NamedPipe, r"\\.\pipe\evil".into()),
        (T::ServiceName, "EvilSvc".into()),
        (T::MacAddr, "00:00:5e:00:53:01".into()),
        (T::AutonomousSystem, "AS64500".into()),
        (T::UserAgent, "evil/1.0".into()),
        (T::UserAccount, r"CORP\mallory".into()),
        (T::Sid, "S-1-5-21-1-2-3-1001".into()),
        (T::Guid, "123e4567-e89b-12d3-a456-426614174000".into()),
        (T::ProcessCommandLine, "cmd.exe /c calc".into()),
        (T::Ja3, "2".repeat(32)),
        (T::Ja3s, "3".repeat(32)),
        (T::Ja4, "t13d1516h2_8daaf6152771_02713d6af862".into()),
        (T::X509Serial, "0a1b".into()),
        (T::X509Sha1, "4".repeat(40)),
        (T::CryptocurrencyWallet, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa".into()),
        (T::PhoneNumber, "+12025550100".into()),
        (T::Cve, "CVE-2021-44228".into()),
        (T::Other, "whatever".into()),
    ];
    let covered: BTreeSet<T> = values.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(covered.len(), T::ALL.len(), "one of each type");
    values.iter().map(|(kind, value)| observable(*kind, value)).collect()
}

const INDICATOR: &str = "26ffb872-1dd9-446e-b6f5-d58527e5b5d2";

/// A small case with something of everything.
fn whole() -> (Vec<Item>, Vec<Vec<Item>>, Vec<Link>) {
    let mut domain = observable(ObservableType::DomainName, "evil.example");
    domain.finding = Finding::Malicious;
    domain.first_seen = at("2026-11-01T10:00:00Z");
    domain.last_seen = at("2026-11-02T10:00:00Z");
    domain.annotations.push(Annotation {
        id: "31b940d4-6f7f-459a-80ea-9c1f17b5891b".to_owned(),
        case: "SECC0001001".to_owned(),
        text: "Their C2.".to_owned(),
        author: "ada".to_owned(),
        created_at: at("2026-11-20T10:00:00Z"),
        updated_at: at("2026-11-20T10:00:00Z"),
    });
    domain.sightings.push(Seen {
        search: "SIGHT0001001".to_owned(),
        source: "dns".to_owned(),
        count: 12,
        count_is_exact: true,
        first_seen: Some(at("2026-11-01T10:00:00Z")),
        last_seen: Some(at("2026-11-02T10:00:00Z")),
        searched_at: at("2026-11-20T11:00:00Z"),
    });
    domain.indicators.push(format!("indicator--{INDICATOR}"));
    let mut hostname = observable(ObservableType::Hostname, "ws-014");
    let standing = hostname.standing.as_mut().unwrap();
    (standing.status, standing.reason, standing.comment) = (Status::Excluded, Some(ExclusionReason::KnownGood), "Ours.".to_owned());
    let mut indicator = record(
        json!({ "kind": "indicator", "name": "C2", "indicator_type": "malicious-activity", "pattern_type": "stix",
            "pattern": "[domain-name:value = 'evil.example']", "valid_from": "2026-11-01T00:00:00Z", "tlp": "red" }),
        INDICATOR,
    );
    indicator.refers.push((RelationshipType::BASED_ON, domain.end.clone()));
    let mut actor = record(
        json!({ "kind": "threat_actor", "name": "Bronze Hound", "description": "Edited by hand." }),
        "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    );
    actor.original = Some(
        r#"{"type":"threat-actor","id":"threat-actor--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"Bronze Hound","description":"As told.","labels":["crime-syndicate"],"x_told":7}"#
            .to_owned(),
    );
    actor.fields.insert("threat_actor_types".to_owned(), "crime-syndicate".into());
    let machine = record(
        json!({ "kind": "configuration_item", "name": "ws-014", "class": "workstation", "criticality": "high", "ip_addresses": ["192.0.2.14"] }),
        "f2b5b2f3-7d9c-45a8-b9a8-64fd0a1b1c5e",
    );
    let incident = record(
        json!({ "kind": "incident", "number": "INC0010233", "short_description": "Odd traffic", "severity": "high" }),
        "aab5b2f3-7d9c-45a8-b9a8-64fd0a1b1c5e",
    );
    let place = record(json!({ "kind": "location", "name": "Nowhere" }), "bbb5b2f3-7d9c-45a8-b9a8-64fd0a1b1c5e");
    let technique = record(
        json!({ "kind": "attack_pattern", "name": "PowerShell", "external_id": "T1059.001" }),
        "ccb5b2f3-7d9c-45a8-b9a8-64fd0a1b1c5e",
    );
    let file = vec![
        observable(ObservableType::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        observable(ObservableType::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        observable(ObservableType::FileName, "invoice.exe"),
    ];
    let link = |from: &Item, how: RelationshipType, to: &Item| Link {
        from: from.end.clone(),
        relationship: how,
        to: to.end.clone(),
        id: String::new(),
        confidence: Some(80),
        first_seen: Timestamp::NEVER,
        last_seen: Timestamp::NEVER,
        created_at: at("2026-11-20T12:00:00Z"),
        original: String::new(),
    };
    let mut same = file.clone();
    let id = stix::file_id(&same.iter().map(|part| &part.end).collect::<Vec<_>>()).unwrap();
    for part in &mut same {
        part.end.within = Some(id.clone());
    }
    let links = vec![
        link(&indicator, RelationshipType::BASED_ON, &domain),
        link(&incident, RelationshipType::AFFECTS, &machine),
        link(&same[0], RelationshipType::SAME_FILE, &same[1]),
        link(&actor, RelationshipType::RELATED_TO, &place),
        link(&domain, RelationshipType::RELATED_TO, &same[1]),
    ];
    (vec![domain, hostname, indicator, actor, machine, incident, place, technique], vec![same], links)
}

fn export(format: Format, items: &[Item], files: &[Vec<Item>], links: &[Link]) -> String {
    export_with(Options { format, defang: false, bom: false, kind: None }, items, files, links)
}

fn export_with(options: Options, items: &[Item], files: &[Vec<Item>], links: &[Link]) -> String {
    let mut out = Vec::new();
    let mut sink = begin(options, head(), &mut out).unwrap();
    let note = Note {
        id: "5d0092c5-5f74-4287-9642-33f4c354e56d".to_owned(),
        kind: NoteKind::WorkNote,
        audience: Audience::Team,
        text: "Among ourselves.".to_owned(),
        author: "ada".to_owned(),
        created_at: at("2026-11-20T12:00:00Z"),
        updated_at: at("2026-11-20T12:00:00Z"),
    };
    sink.note(&note).unwrap();
    items.iter().for_each(|item| sink.item(item).unwrap());
    files.iter().for_each(|parts| sink.file(parts).unwrap());
    links.iter().for_each(|link| sink.link(link).unwrap());
    sink.end().unwrap();
    drop(sink);
    String::from_utf8(out).unwrap()
}

fn objects(bundle: &str) -> Vec<Value> {
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    bundle["objects"].as_array().unwrap().clone()
}

#[test]
fn a_case_as_stix() {
    let (items, files, links) = whole();
    insta::assert_snapshot!(export(Format::Stix, &items, &files, &links));
}

#[test]
fn a_case_as_misp() {
    let (items, files, links) = whole();
    insta::assert_snapshot!(export(Format::Misp, &items, &files, &links));
}

#[test]
fn a_case_as_tables_and_lists() {
    let (items, files, _) = whole();
    let all: Vec<Item> = items.into_iter().chain(files.into_iter().flatten()).collect();
    insta::assert_snapshot!("csv", export(Format::Csv, &all, &[], &[]).replace("\r\n", "\n"));
    let plain = Options { format: Format::Plain, defang: true, bom: false, kind: None };
    insta::assert_snapshot!("plain", export_with(plain, &all, &[], &[]));
}

#[test]
fn a_case_as_json() {
    let (items, _, links) = whole();
    let text = export(Format::Json, &items, &[], &links);
    let document: Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
    for (line, artifact) in export(Format::Jsonl, &items, &[], &links).lines().zip(document["artifacts"].as_array().unwrap()) {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap(), *artifact);
    }
    let empty: Value = serde_json::from_str(&export(Format::Json, &[], &[], &[])).unwrap();
    assert_eq!((&empty["artifacts"], &empty["relationships"]), (&json!([]), &json!([])));
}

/// Public ids and titles.
fn known(items: &[Item]) -> BTreeSet<(String, String)> {
    items.iter().map(|item| (item.end.id.clone(), item.end.title.clone())).collect()
}

fn read(text: &str) -> BTreeSet<(String, String)> {
    let document = intel::read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.refused, [], "nothing that Vizsla wrote is refused by it");
    document.objects.into_iter().map(|object| (object.record.public_id.clone().unwrap_or(object.id), object.record.title)).collect()
}

#[test]
fn stix_brings_back_every_observable_as_it_was() {
    let items = every_observable();
    let text = export(Format::Stix, &items, &[], &[]);
    let back = read(&text);
    let grouping = back.iter().filter(|(id, _)| id.starts_with("grouping--") || id.starts_with("marking-definition--")).count();
    assert_eq!(known(&items).difference(&back).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(back.len(), items.len() + grouping, "and nothing else");
}

#[test]
fn stix_brings_back_records_files_and_findings() {
    let (items, files, links) = whole();
    let text = export(Format::Stix, &items, &files, &links);
    let all: Vec<Item> = items.into_iter().chain(files.into_iter().flatten()).collect();
    let back = read(&text);
    assert_eq!(known(&all).difference(&back).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    let document = intel::read(text.as_bytes(), &Limits::default()).unwrap();
    let machine = document.objects.iter().find(|object| object.record.kind == Kind::ConfigurationItem).unwrap();
    assert_eq!((machine.record.severity, machine.record.fields()["ip_addresses"].clone()), (Severity::High, json!(["192.0.2.14"])));
    let joins: Vec<&str> = document.links.iter().map(|link| link.relationship.as_str()).collect();
    assert!(joins.contains(&"affects") && joins.contains(&"same-file") && joins.contains(&"based-on"), "{joins:?}");
}

#[test]
fn misp_brings_back_what_it_has_types_for() {
    let items: Vec<Item> = every_observable()
        .into_iter()
        .filter(|item| {
            use ObservableType as T;
            let kind = item.end.observable().unwrap().kind;
            // MISP has only text for these, or one type for several of ours.
            !matches!(
                kind,
                T::Sid | T::Guid | T::ProcessCommandLine | T::Ja3s | T::Ja4 | T::X509Serial | T::Other | T::Directory | T::Hostname
            )
        })
        .collect();
    let back = read(&export(Format::Misp, &items, &[], &[]));
    assert_eq!(known(&items).difference(&back).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

#[test]
fn what_came_as_stix_leaves_as_it_came() {
    let text = r#"{ "type": "malware", "spec_version": "2.1", "id": "malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "Rusty", "is_family": true, "x_odd": [1, 2] }"#;
    let mut item = record(json!({ "kind": "malware", "name": "Rusty", "is_family": "yes" }), "31b940d4-6f7f-459a-80ea-9c1f17b5891b");
    item.original = Some(text.to_owned());
    assert!(export(Format::Stix, std::slice::from_ref(&item), &[], &[]).contains(text), "to the letter");

    item.fields.insert("description".to_owned(), "Told by us.".into());
    let edited = objects(&export(Format::Stix, &[item], &[], &[]));
    let edited = edited.iter().find(|object| object["type"] == "malware").unwrap();
    assert_eq!((edited["description"].as_str(), &edited["x_odd"]), (Some("Told by us."), &json!([1, 2])));
    assert!(edited["modified"].as_str().unwrap() > "2026-01-01");
}

#[test]
fn observed_data_of_stix_2_0_refers_to_what_it_held() {
    let text = r#"{"type":"observed-data","id":"observed-data--31b940d4-6f7f-459a-80ea-9c1f17b5891b","created":"2020-01-01T00:00:00Z","modified":"2020-01-01T00:00:00Z","first_observed":"2020-01-01T00:00:00Z","last_observed":"2020-01-01T00:00:00Z","number_observed":1,"objects":{"0":{"type":"domain-name","value":"evil.example"}}}"#;
    let told = json!({ "kind": "observed_data", "name": "1 object observed 2020-01-01", "first_seen": "2020-01-01T00:00:00Z",
        "last_seen": "2020-01-01T00:00:00Z", "number_observed": "1" });
    let mut item = record(told, "31b940d4-6f7f-459a-80ea-9c1f17b5891b");
    item.original = Some(text.to_owned());
    let domain = observable(ObservableType::DomainName, "evil.example");
    item.refers.push((RelationshipType::OBSERVED, domain.end.clone()));
    let data = objects(&export(Format::Stix, &[domain.clone(), item.clone()], &[], &[]));
    let data = data.iter().find(|object| object["type"] == "observed-data").unwrap();
    assert_eq!((&data["object_refs"], data.get("objects")), (&json!([domain.end.id]), None));
    item.refers.clear();
    let alone = read(&export(Format::Stix, std::slice::from_ref(&item), &[], &[]));
    assert!(alone.contains(&(item.end.id, item.end.title)), "{alone:?}");
}

#[test]
fn references_to_what_has_another_id_here_lead_to_it() {
    let other = "file--aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
    let report = format!(
        r#"{{"type":"report","spec_version":"2.1","id":"report--31b940d4-6f7f-459a-80ea-9c1f17b5891b","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Hounds","published":"2026-01-01T00:00:00Z","object_refs":["{other}"]}}"#
    );
    let mut item =
        record(json!({ "kind": "report", "name": "Hounds", "published": "2026-01-01T00:00:00Z" }), "31b940d4-6f7f-459a-80ea-9c1f17b5891b");
    item.original = Some(report);
    let hash = observable(ObservableType::Sha256, &"a".repeat(64));
    let told = format!(r#"{{"type":"file","id":"{other}","hashes":{{"SHA-256":"{}"}}}}"#, "a".repeat(64));
    assert_eq!(stix::other_id(&told, &hash.end).as_deref(), Some(other));
    let mut out = Vec::new();
    let mut sink = begin(Options { format: Format::Stix, defang: false, bom: false, kind: None }, head(), &mut out).unwrap();
    sink.other_id(other.to_owned(), &hash.end);
    sink.item(&hash).unwrap();
    sink.item(&item).unwrap();
    sink.end().unwrap();
    drop(sink);
    let objects = objects(&String::from_utf8(out).unwrap());
    let report = objects.iter().find(|object| object["type"] == "report").unwrap();
    assert_eq!(report["object_refs"], json!([hash.end.id]));
}

#[test]
fn what_was_thrown_out_detects_nothing() {
    let mut item = observable(ObservableType::DomainName, "evil.example");
    item.finding = Finding::Malicious;
    let flag = |item: &Item| {
        let event: Value = serde_json::from_str(&export(Format::Misp, std::slice::from_ref(item), &[], &[])).unwrap();
        event["Event"]["Attribute"][0]["to_ids"].clone()
    };
    assert_eq!(flag(&item), json!(true));
    item.standing.as_mut().unwrap().status = Status::Excluded;
    assert_eq!(flag(&item), json!(false));
    item.standing.as_mut().unwrap().status = Status::Included;
    (item.finding, item.indicators) = (Finding::Unknown, vec![format!("indicator--{INDICATOR}")]);
    assert_eq!(flag(&item), json!(true), "an indicator points at it");
}

#[test]
fn the_stricter_marking_holds() {
    let mut item = record(json!({ "kind": "malware", "name": "Rusty", "tlp": "clear" }), "31b940d4-6f7f-459a-80ea-9c1f17b5891b");
    let marking = |item: &Item| {
        let objects = objects(&export(Format::Stix, std::slice::from_ref(item), &[], &[]));
        let malware = objects.iter().find(|object| object["type"] == "malware").unwrap().clone();
        let id = malware["object_marking_refs"][0].clone();
        objects.iter().find(|object| object["id"] == id).unwrap()["name"].clone()
    };
    assert_eq!(marking(&item), json!("TLP:AMBER"), "the case’s");
    item.fields.insert("tlp".to_owned(), "red".into());
    assert_eq!(marking(&item), json!("TLP:RED"), "its own");
}

proptest! {
    #[test]
    fn no_cell_begins_a_formula(value in "[ \\t\\r\\n=+@'\"a\u{feff}-]{0,12}\\PC{0,8}", comment in any::<String>()) {
        let mut item = observable(ObservableType::Other, "x");
        item.end.title = value;
        item.standing.as_mut().unwrap().comment = comment;
        let text = export(Format::Csv, &[item], &[], &[]);
        let mut reader = ::csv::ReaderBuilder::new().from_reader(text.as_bytes());
        for row in reader.records() {
            let row = row.unwrap();
            prop_assert_eq!(row.len(), 16);
            for cell in &row {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
            }
        }
    }

    #[test]
    fn a_value_is_a_uri_whatever_it_holds(tail in "\\PC{0,40}") {
        let written = super::stix::uri_of(&format!("https://evil.example/{tail}"));
        let refused = |c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c);
        prop_assert!(!written.contains(refused), "{}", written);
    }
}
