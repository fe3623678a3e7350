//! Exports at both doors: files with their names and types, streamed, asked about when they are marked for few.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use support::desk::Desk;
use support::{As, MARK};

async fn case(desk: &Desk) -> String {
    let number = desk.case("Bronze Hound", false).await;
    desk.call(Method::POST, &format!("/cases/{number}/artifacts"), json!({ "observables": ["evil.example", "198.51.100.7"] }))
        .await
        .is(200);
    number
}

#[test]
fn a_case_is_a_file_in_every_format() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let number = case(&desk).await;
        let formats = [
            ("stix", "stix.json", "application/stix+json;version=2.1"),
            ("misp", "misp.json", "application/json"),
            ("csv", "csv", "text/csv; charset=utf-8"),
            ("json", "json", "application/json"),
            ("jsonl", "jsonl", "application/x-ndjson"),
            ("plain", "txt", "text/plain; charset=utf-8"),
        ];
        for (format, ending, media) in formats {
            // Who may read a case may export it.
            let path = format!("/api/v1/cases/{number}/export?format={format}");
            let answer = desk.site.get(&path, &desk.rita).await.is(200).says("evil.example");
            assert_eq!(answer.header("content-type"), media);
            assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{number}.{ending}\""));
        }
        desk.get(&format!("/api/v1/cases/{number}/export?format=csv&defang=true")).await.is(200).says("evil[.]example");
        let table = desk.get(&format!("/api/v1/cases/{number}/export?format=csv&bom=true")).await.is(200);
        assert!(table.body.starts_with("\u{feff}kind,") && table.body.contains("\r\n"));
        desk.get(&format!("/api/v1/cases/{number}/export?format=docx")).await.is(422).says("must be one of stix");
        desk.get(&format!("/api/v1/cases/{number}/export?format=stix&defang=true")).await.is(422).says("/defang");
        desk.get("/api/v1/cases/SECC0009999/export?format=csv").await.is(404);
        desk.site.get(&format!("/api/v1/cases/{number}/export?format=csv"), &As::Nobody).await.is(401);
    });
}

#[test]
fn browsers_get_it_compressed_and_whole() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let number = case(&desk).await;
        let path = format!("/api/v1/cases/{number}/export?format=stix");
        let mut request = support::request(Method::GET, &path, &desk.rita, axum::body::Body::empty(), "");
        request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
        let answer = desk.site.begin(request).await;
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        let packed = answer.into_body().collect().await.expect("it comes to its end").to_bytes();
        // The length that gzip ends with (RFC 1952) is that of what was packed.
        let length = u32::from_le_bytes(packed[packed.len() - 4..].try_into().unwrap());
        let plain = desk.site.get(&path, &desk.rita).await.is(200);
        assert_eq!(length as usize, plain.body.len());
    });
}

#[test]
fn some_artifacts_and_some_records() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let number = case(&desk).await;
        let listed = desk.get("/api/v1/records?kind=observable&q=evil.example").await.json();
        let id = listed["items"][0]["id"].as_str().unwrap();
        let one = json!({ "record_ids": [id], "format": "plain", "defang": true });
        for path in [format!("/cases/{number}/export"), "/records/export".to_owned()] {
            let answer = desk.site.json(Method::POST, &path, &desk.rita, &one).await.is(200);
            assert_eq!(answer.body, "evil[.]example\n", "{path}");
            desk.call(Method::POST, &path, json!({ "format": "plain" })).await.is(422).says("/record_ids");
        }
        let all = json!({ "all_matching": { "kind": "observable", "category": "ipv4-addr" }, "format": "plain" });
        assert_eq!(desk.call(Method::POST, "/records/export", all).await.is(200).body, "198.51.100.7\n");
        let answer = desk.get("/api/v1/records/export?format=jsonl&kind=observable&q=evil.example").await.is(200);
        assert_eq!(serde_json::from_str::<Value>(answer.body.trim()).unwrap()["record"]["title"], "evil.example");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"observables.jsonl\"");
    });
}

#[test]
fn a_restricted_case_leaves_with_those_who_are_let_in() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let analyst = desk.site.test.analyst.clone();
        let secret = desk.site.made_by(&analyst, true).await;
        let path = format!("/api/v1/cases/{}/export?format=json", secret.case);
        desk.get(&path).await.is(200).says(MARK);
        desk.site.get(&path, &desk.rita).await.is(404).says_nothing_of(MARK);
        let one = json!({ "record_ids": [secret.record], "format": "json" });
        desk.site.json(Method::POST, "/records/export", &desk.rita, &one).await.is(200).says_nothing_of(MARK);
        desk.site.get("/api/v1/records/export?format=csv", &desk.rita).await.is(200).says_nothing_of(MARK);
    });
}

#[test]
fn the_pages_offer_it_and_ask_about_strict_markings() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let number = case(&desk).await;
        desk.get(&format!("/cases/{number}")).await.is(200).says(&format!("/cases/{number}/export?format=stix"));
        desk.site.get("/records/observables", &desk.rita).await.is(200).says("formaction=\"/records/export\"");
        let file = desk.get(&format!("/cases/{number}/export?format=csv&defang=1")).await.is(200).says("evil[.]example");
        assert!(file.header("content-disposition").starts_with("attachment"));
        desk.get(&format!("/cases/{number}/export")).await.is(200).says("Export this case").says_nothing_of("TLP:RED");

        desk.call(Method::PATCH, &format!("/cases/{number}"), json!({ "tlp": "red" })).await.is(200);
        let asked = desk.get(&format!("/cases/{number}/export?format=stix")).await.is(200);
        assert_eq!(asked.header("content-disposition"), "");
        asked.says("TLP:RED").says("name=\"marking\" value=\"red\"");
        let file = desk.get(&format!("/cases/{number}/export?format=stix&marking=red")).await.is(200);
        assert!(file.header("content-disposition").starts_with("attachment"));

        let listed = desk.get("/api/v1/records?kind=observable&q=evil.example").await.json();
        let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/cases/{number}/artifacts/export");
        let ticked = [("record", id.as_str()), ("kind", "observable"), ("format", "plain")];
        desk.post(&path, &ticked).await.is(200).says("TLP:RED").says(&format!("name=\"record\" value=\"{id}\""));
        let sure: Vec<(&str, &str)> = ticked.into_iter().chain([("marking", "red")]).collect();
        assert_eq!(desk.post(&path, &sure).await.is(200).body, "evil.example\n");
        let records = desk.post("/records/export", &[("all_matching", "1"), ("kind", "observable"), ("format", "plain"), ("defang", "1")]);
        records.await.is(200).says("evil[.]example");
    });
}
