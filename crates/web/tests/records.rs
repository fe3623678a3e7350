//! Records at both doors: lists, forms, versions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value as Json, json};
use support::desk::{Desk, ESCAPED, HOSTILE, hidden};
use support::{Answer, request};
use testkit::block_on;

#[test]
fn a_record_is_created_found_shown_and_escaped() {
    block_on(async {
        let desk = Desk::new().await;
        desk.get("/records/users").await.is(200).says("No users yet");
        desk.get("/records/pirates").await.is(404);
        desk.get("/records/users/new").await.is(200).says("name=\"email\"");

        let wrong = [("kind", "user"), ("name", ""), ("email", "anna@corp.example"), ("department", HOSTILE)];
        desk.post("/records/users/new", &wrong).await.is(422).says("must not be empty").says("anna@corp.example").says(ESCAPED);

        let name = format!("Anna {HOSTILE}");
        let made = desk.post("/records/users/new", &[("name", &name), ("email", "anna@corp.example")]).await.is(303);
        assert!(made.location().starts_with("/record/") && made.location().contains("told=new"), "{}", made.location());
        desk.get(made.location()).await.is(200).says("was created").says(ESCAPED).says("U+202E").says_nothing_of("<script>alert");
        // The same person again is the one who is there.
        let again = desk.post("/records/users/new", &[("name", "Anna"), ("email", "anna@corp.example")]).await.is(303);
        desk.get(again.location()).await.is(200).says("known already");

        for query in ["anna", "ANNA", "corp.example"] {
            desk.get(&format!("/records/users?q={query}")).await.is(200).says("U+202E").says_nothing_of("<script>alert");
        }
        desk.get("/records/users?q=nobody").await.is(200).says("Nothing matches");
        desk.get("/records/users?sort=colour").await.is(422);
    });
}

#[test]
fn observables_are_shown_defanged_and_filtered() {
    block_on(async {
        let desk = Desk::new().await;
        let id = desk.record(json!({ "kind": "observable", "value": "hxxps://evil[.]example/a?b=1" })).await;
        desk.record(json!({ "kind": "observable", "value": "192.0.2.7" })).await;
        let live = "https://evil.example";
        desk.get("/records/observables").await.is(200).says("hxxps[:]//evil[.]example/a?b=1").says("192[.]0[.]2[.]7").says_nothing_of(live);
        desk.get(&format!("/record/{id}")).await.is(200).says("hxxps[:]//evil[.]example").says_nothing_of(live);
        desk.get("/records/observables?category=url").await.is(200).says("Type: URL").says_nothing_of("192[.]0");

        let finding = format!("/record/{id}/finding");
        let back = desk.post(&finding, &[("finding", "malicious"), ("back", "/records/observables?finding=malicious")]).await.is(303);
        desk.get(back.location()).await.is(200).says("evil[.]example").says_nothing_of("192[.]0");
        let away = desk.post(&finding, &[("finding", "clean"), ("back", "//evil.example/")]).await.is(303);
        assert_eq!(away.location(), format!("/record/{id}"));
        desk.post(&finding, &[("finding", "evil")]).await.is(422);
        desk.site.post(&finding, &desk.rita, &[("finding", "clean")]).await.is(403);
    });
}

#[test]
fn two_people_edit_one_record_and_nothing_is_lost() {
    block_on(async {
        let desk = Desk::new().await;
        let id = desk.record(json!({ "kind": "configuration_item", "name": "WS-1", "owner": "Finance", "location": "Pécs" })).await;
        let path = format!("/record/{id}/edit");
        let page = desk.get(&path).await.is(200).body;
        let (version, owner, location) = (hidden(&page, "version"), hidden(&page, "was-owner"), hidden(&page, "was-location"));
        let form = |owner_now: &str, location_now: &str| {
            [
                ("version", version.clone()),
                ("owner", owner_now.to_owned()),
                ("was-owner", owner.clone()),
                ("location", location_now.to_owned()),
                ("was-location", location.clone()),
            ]
        };
        let send = async |form: &[(&str, String)]| {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            desk.post(&path, &form).await
        };
        // Somebody changes another field meanwhile: both stay, although the form carries the older text of that field.
        desk.call(Method::PATCH, &format!("/records/{id}"), json!({ "location": "Győr" })).await.is(200);
        send(&form("Treasury", "Pécs")).await.is(303);
        let now = desk.get(&format!("/api/v1/records/{id}")).await.is(200).json();
        assert_eq!((now["record"]["owner"].as_str(), now["fields"]["location"].as_str()), (Some("Treasury"), Some("Győr")));

        // The same field: the later is told, and keeps what was typed.
        let refused = send(&form(HOSTILE, "Pécs")).await.is(412).says("Someone changed “Owner”").says("Treasury").says(ESCAPED);
        let again = [
            ("version", hidden(&refused.body, "version")),
            ("owner", "Board".to_owned()),
            ("was-owner", hidden(&refused.body, "was-owner")),
        ];
        send(&again).await.is(303);
        desk.get(&format!("/record/{id}")).await.is(200).says("Board").says("Győr");
    });
}

#[test]
fn the_api_keeps_versions_keys_and_pointers() {
    block_on(async {
        let desk = Desk::new().await;
        let given = json!({ "kind": "user", "name": "Ben", "user_id": "ben" });
        let made = desk.call(Method::POST, "/records", given.clone()).await.is(201);
        assert_eq!(made.header("etag"), "\"1\"");
        let url = made.location().to_owned();
        assert_eq!(desk.call(Method::POST, "/records", given).await.is(200).json()["created"], false);
        let refused = desk.call(Method::POST, "/records", json!({ "kind": "user", "name": "Eve", "colour": "red" })).await.is(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/colour");
        assert_eq!(refused.header("content-type"), "application/problem+json");

        let patch = async |tag: &str, body: Json| {
            let mut request = request(Method::PATCH, &url, &desk.ada, Body::from(body.to_string()), "application/json");
            request.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
            desk.site.send(request).await
        };
        assert_eq!(patch("\"1\"", json!({ "department": "Sales" })).await.is(200).header("etag"), "\"2\"");
        let conflict = patch("\"1\"", json!({ "department": "Legal" })).await.is(412).json();
        assert_eq!((&conflict["conflicts"][0]["theirs"], &conflict["current"]["version"]), (&json!("Sales"), &json!(2)));

        let id = url.rsplit('/').next().unwrap();
        let ci = desk.record(json!({ "kind": "configuration_item", "name": "WS-7" })).await;
        let join = json!({ "from": ci, "type": "owned-by", "to": id });
        desk.call(Method::POST, "/relationships", join.clone()).await.is(201);
        assert_eq!(desk.call(Method::POST, "/relationships", join).await.is(200).json()["created"], false);
        let related = desk.get(&format!("{url}/related?kind=configuration_item")).await.is(200).json();
        assert_eq!((&related[0]["direction"], &related[0]["record"]["title"]), (&json!("incoming"), &json!("WS-7")));
        assert_eq!(desk.get(&format!("{url}/related?kind=incident")).await.is(200).json(), json!([]));
        desk.get(&format!("/record/{id}?tab=configuration_item")).await.is(200).says("WS-7").says("owned by");
        assert_eq!(desk.get("/api/v1/records?kind=user&q=ben").await.is(200).json()["total"], 1);
        assert_eq!(desk.get(&format!("{url}/cases")).await.is(200).json(), json!([]));
    });
}

#[test]
fn a_key_stands_for_one_request() {
    block_on(async {
        let desk = Desk::new().await;
        let send = async |path: &str, body: &'static str| {
            let mut request = request(Method::POST, path, &desk.ada, Body::from(body), "text/plain");
            request.headers_mut().insert("idempotency-key", "k1".parse().unwrap());
            desk.site.send(request).await
        };
        let path = "/api/v1/imports/intel?name=One";
        let id = |answer: Answer| answer.is(201).json()["import_id"].clone();
        let first = id(send(path, "evil.net").await);
        assert_eq!(id(send(path, "evil.net").await), first);
        send(path, "other.net").await.is(422).says("Idempotency-Key");
        send("/api/v1/imports/intel?name=Two", "evil.net").await.is(422).says("Idempotency-Key");
    });
}

#[test]
fn everybody_has_their_own_columns() {
    block_on(async {
        let desk = Desk::new().await;
        desk.record(json!({ "kind": "intrusion_set", "name": "Bronze Hound", "aliases": ["Copper Dog"] })).await;
        let list = "/records/intrusion-sets";
        let heads = |page: &str| {
            let head = page.split_once("<thead>").unwrap().1.split_once("</thead>").unwrap().0.to_owned();
            let labels = ["Aliases", "Motivation", "First seen", "Last seen", "Added"];
            let mut found: Vec<(usize, &str)> =
                labels.iter().filter_map(|label| head.find(&format!(">{label}<")).map(|at| (at, *label))).collect();
            found.sort_unstable();
            found.into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        let page = desk.get(list).await.is(200).says("Copper Dog");
        assert_eq!(heads(&page.body), ["Aliases", "Motivation", "First seen", "Last seen", "Added"]);
        assert_eq!(page.body.matches(">Last seen<").count(), 2, "once over the list, once in the menu");

        let order = ["aliases", "category", "first_seen", "last_seen", "added"].map(|name| ("order", name));
        let mut form = vec![
            ("list", "records"),
            ("kind", "intrusion_set"),
            ("back", list),
            ("column", "category"),
            ("column", "added"),
            ("earlier", "added"),
        ];
        form.extend(order);
        assert_eq!(desk.post("/columns", &form).await.is(303).location(), list);
        assert_eq!(heads(&desk.get(list).await.says_nothing_of("Copper Dog").body), ["Motivation", "Added"]);
        assert_eq!(heads(&desk.site.get(list, &desk.rita).await.body).len(), 5, "another's lists stay as they are");

        let all: Vec<(&str, &str)> =
            form.iter().copied().chain(["aliases", "first_seen", "last_seen"].map(|name| ("column", name))).collect();
        desk.post("/columns", &all).await.is(303);
        assert_eq!(heads(&desk.get(list).await.body), ["Aliases", "Motivation", "First seen", "Added", "Last seen"]);
        desk.post("/columns", &[("list", "records"), ("kind", "intrusion_set"), ("reset", "1"), ("back", "//evil.example")]).await.is(303);
        assert_eq!(heads(&desk.get(list).await.body), ["Aliases", "Motivation", "First seen", "Last seen", "Added"]);
        for wrong in [[("list", "cases"), ("kind", "user")], [("list", "records"), ("kind", "pirate")]] {
            desk.post("/columns", &wrong).await.is(422);
        }
    });
}
