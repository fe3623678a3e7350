//! Known-good lists of others at both doors: brought in, switched, and acted on in a case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value as Json, json};
use support::As;
use support::desk::{Desk, ESCAPED, HOSTILE};
use support::{Answer, request};
use testkit::block_on;

fn list(name: &str, sort: &str, entries: &[&str]) -> String {
    json!({"name": name, "description": "What it is about", "version": 7, "type": sort, "list": entries, "matching_attributes": ["ip-dst"]})
        .to_string()
}

/// A form with several files in one field.
async fn send(desk: &Desk, path: &str, who: &As, files: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, text) in files {
        body.push_str(&format!(
            "--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/json\r\n\r\n{text}\r\n"
        ));
    }
    body.push_str("--frontier--\r\n");
    desk.site.send(request(Method::POST, path, who, Body::from(body), "multipart/form-data; boundary=frontier")).await
}

#[test]
fn a_lead_brings_lists_in_and_a_case_acts_on_them() {
    block_on(async {
        let desk = Desk::new().await;
        let lead = desk.site.token(&desk.site.test.lead).await;
        desk.get("/known-good").await.is(200).says("No published list yet").says_nothing_of("Import lists");
        desk.site.get("/known-good", &lead).await.is(200).says("Import lists");
        let none = send(&desk, "/known-good/lists", &lead, &[("bad.json", "{}")]).await.is(422);
        none.says("bad.json is not a warninglist").says("Import lists");
        desk.site.post("/known-good/lists", &lead, &[]).await.is(422);

        let case = desk.case("Heron", false).await;
        for value in ["203.0.113.7", "203.0.113.8", "198.51.100.1"] {
            let add = json!({"records": [{"kind": "observable", "value": value}]});
            desk.call(Method::POST, &format!("/cases/{case}/artifacts"), add).await.is(200);
        }
        let name = format!("Networks {HOSTILE}");
        let files = [("one.json", list(&name, "cidr", &["203.0.113.0/24"])), ("two.json", list("Names", "hostname", &["a.example"]))];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let files = [files.as_slice(), &[("note.json", "[]")]].concat();
        let done = send(&desk, "/known-good/lists", &lead, &files).await.is(303);
        let page = desk.site.get(done.location(), &lead).await.is(200);
        page.says("2 lists new, 0 replaced").says("1 file held no list").says(ESCAPED).says("What it is about").says("Disable");
        app::job::drain(&desk.site.test).unwrap();

        let tab = format!("/cases/{case}/artifacts?kind=observable");
        desk.get(&tab)
            .await
            .is(200)
            .says("known good: Networks")
            .says(ESCAPED)
            .says("198[.]51[.]100[.]1")
            .says_nothing_of("Exclude all marked");
        let marked = desk.get(&format!("{tab}&marked=yes")).await.is(200).says("Exclude all marked").says("203[.]0[.]113[.]7");
        marked.says("2 observables of this case are known to be good").says_nothing_of("198[.]51");
        desk.get(&format!("{tab}&marked=no")).await.is(200).says("198[.]51[.]100[.]1").says_nothing_of("203[.]0");
        desk.get(&format!("{tab}&marked=maybe")).await.is(422);

        let form = [("all_matching", "1"), ("reason", "known_good"), ("kind", "observable"), ("marked", "yes")];
        let back = desk.post(&format!("/cases/{case}/artifacts/exclude"), &form).await.is(303);
        desk.get(back.location()).await.is(200).says("Excluded 2 artifacts as known good").says("Undo");
        desk.get(&tab).await.is(200).says("198[.]51[.]100[.]1").says_nothing_of("203[.]0");

        let lists: Json = desk.call(Method::GET, "/known-good/lists", Json::Null).await.is(200).json();
        let id = lists[1]["list_id"].as_str().unwrap().to_owned();
        desk.site.post(&format!("/known-good/lists/{id}"), &lead, &[("enabled", "no")]).await.is(303);
        desk.site.get("/known-good", &lead).await.is(200).says("Disabled").says("Enable");
        desk.post(&format!("/known-good/lists/{id}"), &[("enabled", "yes")]).await.is(403);
        desk.site.post(&format!("/known-good/lists/{id}/remove"), &lead, &[]).await.is(303);
        desk.site.post(&format!("/known-good/lists/{id}/remove"), &lead, &[]).await.is(404);
        app::job::drain(&desk.site.test).unwrap();
    });
}

#[test]
fn a_script_does_the_same() {
    block_on(async {
        let desk = Desk::new().await;
        let lead = desk.site.token(&desk.site.test.lead).await;
        let path = "/known-good/lists";
        let body = list("Networks", "cidr", &["203.0.113.0/24", "nonsense"]);
        let sent = desk
            .site
            .send(request(Method::POST, &format!("/api/v1{path}?name=n.json"), &lead, Body::from(body), "application/json"))
            .await
            .is(201);
        let brought = sent.json();
        assert_eq!((&brought["created"], &brought["lists"][0]["unusable"]), (&json!(1), &json!(1)));
        let id = brought["lists"][0]["list_id"].as_str().unwrap().to_owned();
        let one = format!("{path}/{id}");
        let set = desk.site.json(Method::PATCH, &one, &lead, &json!({"own_types_only": true})).await.is(200).json();
        assert_eq!((&set["own_types_only"], &set["enabled"], &set["version"]), (&json!(true), &json!(true), &json!(7)));
        desk.site.json(Method::PATCH, &one, &lead, &json!({"colour": "red"})).await.is(422);
        let refused =
            desk.site.send(request(Method::POST, &format!("/api/v1{path}?name=n.json"), &lead, Body::from("[1"), "application/json")).await;
        refused.is(422).says("n.json is not a warninglist");
        desk.call(Method::POST, path, json!({})).await.is(403);
        desk.site.json(Method::DELETE, &one, &lead, &Json::Null).await.is(204);
        assert_eq!(desk.call(Method::GET, path, Json::Null).await.is(200).json(), json!([]));
        app::job::drain(&desk.site.test).unwrap();
    });
}
