//! A closed case stays as it is: it takes comments and can be reopened, and every other change of it is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::body::Body;
use axum::http::Method;
use model::Role;
use serde_json::{Value as Json, json};
use support::desk::Desk;
use support::{Objects, fill, request};
use web::{Route, RouteDoor};

/// What each route of the API that may change a case is sent; null for those that change no case, or may change a closed one.
fn sent(route: &Route, objects: &Objects) -> Json {
    let selection = json!([objects.record]);
    match (route.method.as_str(), route.path.as_str().trim_start_matches("/api/v1")) {
        ("PATCH", "/cases/{number}") => json!({ "name": "Another" }),
        ("PUT", "/cases/{number}/techniques") => json!({ "ids": ["T1003"] }),
        ("PATCH", "/cases/{number}/techniques") => json!({ "add": ["T1003"] }),
        ("POST", "/cases/{number}/notes") => json!({ "kind": "work_note", "text": "Late." }),
        ("PATCH", "/notes/{id}" | "/annotations/{id}") => json!({ "text": "Otherwise." }),
        ("DELETE", "/annotations/{id}") | ("PUT" | "DELETE", "/cases/{number}/watch") => json!({}),
        ("POST", "/operations/{id}/undo" | "/sightings/{number}/again" | "/imports/{id}/apply") => json!({}),
        ("POST", "/cases/{number}/artifacts") => json!({ "observables": ["1.2.3.4"] }),
        ("POST", "/cases/{number}/artifacts/exclude") => json!({ "record_ids": selection, "reason": "known_good" }),
        ("POST", "/cases/{number}/artifacts/include") => json!({ "record_ids": selection }),
        ("POST", "/cases/{number}/artifacts/annotate") => json!({ "record_ids": selection, "text": "Odd." }),
        ("POST", "/cases/{number}/sightings") => json!({ "all_data": true }),
        ("POST", "/sightings/{number}/add-matched") => json!({ "record_ids": selection }),
        (
            "POST",
            "/sightings/{number}/note"
            | "/sightings/{number}/annotation"
            | "/sightings/{number}/relationships"
            | "/sightings/{number}/incident",
        ) => json!({ "observable": objects.record }),
        ("POST", "/records/add-to-cases") => json!({ "record_ids": selection, "case_numbers": [objects.case] }),
        ("POST", "/relationships") => json!({ "from": objects.record, "type": "related-to", "to": "unknown", "case": objects.case }),
        _ => Json::Null,
    }
}

/// Routes of the API that name a case, or something in one, and change neither.
const HARMLESS: [&str; 4] = ["/cases/{number}/artifacts/standing", "/cases/{number}/export", "/cases/{number}/break-glass", "/cases"];

fn names_a_case(path: &str) -> bool {
    let nouns = ["/cases", "/notes", "/annotations", "/operations", "/sightings"];
    nouns.iter().any(|noun| path.starts_with(noun)) && !HARMLESS.contains(&path)
}

async fn close(desk: &Desk, case: &str) {
    let ending = json!({ "state": "closed", "verdict": "coincidence", "closure_summary": "Two vendors, one address." });
    desk.call(Method::PATCH, &format!("/cases/{case}"), ending).await.is(200);
}

#[test]
fn a_closed_case_takes_comments_and_is_reopened_and_nothing_else() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let mut objects = desk.site.made_by(&desk.site.test.analyst, false).await;
        let comment = std::mem::take(&mut objects.note);
        let note =
            desk.call(Method::POST, &format!("/cases/{}/notes", objects.case), json!({ "kind": "work_note", "text": "Mine." })).await;
        objects.note = note.is(201).json()["id"].as_str().unwrap().to_owned();
        close(&desk, &objects.case).await;
        let before = desk.get(&format!("/api/v1/cases/{}/activity", objects.case)).await.json();

        let mut refused = 0;
        for route in web::routes().iter().filter(|route| route.door == RouteDoor::Api && route.method != Method::GET) {
            let body = sent(route, &objects);
            let path = route.path.trim_start_matches("/api/v1");
            if body.is_null() {
                assert!(!names_a_case(path), "{} {path} is not tried", route.method);
                continue;
            }
            let answer = desk.site.json(route.method.clone(), fill(route, &objects).trim_start_matches("/api/v1"), &desk.ada, &body).await;
            assert_eq!(answer.status.as_u16(), 409, "{} {path}: {}", route.method, answer.body);
            assert!(answer.body.contains("reopen it first"), "{}", answer.body);
            refused += 1;
        }
        assert!(refused >= 15, "{refused}");
        for query in ["intel?case", "records?kind=user&case"] {
            let answer = desk.raw(&format!("/api/v1/imports/{query}={}", objects.case), "name\nada\n", "text/csv").await;
            assert_eq!(answer.status.as_u16(), 409, "{query}: {}", answer.body);
        }
        assert_eq!(desk.get(&format!("/api/v1/cases/{}/activity", objects.case)).await.json(), before, "nothing came of it");

        desk.call(Method::POST, &format!("/cases/{}/notes", objects.case), json!({ "kind": "comment", "text": "Agreed." })).await.is(201);
        desk.call(Method::PATCH, &format!("/notes/{comment}"), json!({ "text": "Agreed, mostly." })).await.is(200);
        desk.call(Method::PATCH, &format!("/cases/{}", objects.case), json!({ "state": "analysis" })).await.is(200);
        desk.call(Method::PATCH, &format!("/annotations/{}", objects.annotation), json!({ "text": "Otherwise." })).await.is(200);
    });
}

#[test]
fn the_pages_of_a_closed_case_have_no_forms_that_change_it() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let mut objects = desk.site.made_by(&desk.site.test.analyst, false).await;
        let note =
            desk.call(Method::POST, &format!("/cases/{}/notes", objects.case), json!({ "kind": "work_note", "text": "Mine." })).await;
        objects.note = note.json()["id"].as_str().unwrap().to_owned();
        close(&desk, &objects.case).await;
        let Objects { case, note, record, search, import, .. } = &objects;

        let forms = [
            format!("/cases/{case}/add"),
            format!("/cases/{case}/add?kind=user"),
            format!("/cases/{case}/text"),
            format!("/cases/{case}/text/{import}"),
            format!("/cases/{case}/edit"),
            format!("/cases/{case}/state/cancelled"),
            format!("/cases/{case}/sightings/new"),
            format!("/notes/{note}/edit"),
            format!("/import?kind=user&case={case}"),
        ];
        for path in &forms {
            desk.get(path).await.is(409).says("reopen it to change it").says_nothing_of("<form class=\"form\"");
        }
        let shown = [
            format!("/cases/{case}/artifacts?kind=observable&open={record}"),
            format!("/cases/{case}/techniques?q=T1003"),
            format!("/cases/{case}/sightings"),
            format!("/cases/{case}/sightings/{search}"),
            format!("/record/{record}"),
        ];
        for path in &shown {
            let page = desk.get(path).await.is(200);
            for change in ["/exclude\"", "/annotate\"", "/withdraw\"", "/add\"", "/again\"", "name=\"add\"", "/edit\">Correct"] {
                assert!(!page.body.contains(change), "{change} on {path}");
            }
        }
        desk.get(&format!("/cases/{case}")).await.is(200).says("Add comment").says_nothing_of(&format!("/notes/{note}/edit"));

        // And what a page sent before it was closed is refused with all that was typed.
        for route in web::routes().iter().filter(|route| route.door == RouteDoor::Ui && route.method == Method::POST) {
            let form = match route.path.as_str() {
                "/cases/{number}/add/values" => "values=5.6.7.8",
                "/cases/{number}/edit" => "name=Another&version=1",
                "/cases/{number}/techniques" => "add=T1003",
                "/notes/{id}/edit" => "text=Otherwise&version=1",
                "/cases/{number}/artifacts/exclude" => "record=RECORD&reason=known_good",
                "/cases/{number}/artifacts/annotate" => "record=RECORD&text=Odd",
                _ => continue,
            };
            assert!(route.least <= Some(Role::Analyst));
            let body = Body::from(form.replace("RECORD", record));
            let answer = desk.site.send(request(Method::POST, &fill(route, &objects), &desk.ada, body, support::FORM)).await;
            assert_eq!(answer.status.as_u16(), 409, "{}: {}", route.path, answer.body);
        }
    });
}
