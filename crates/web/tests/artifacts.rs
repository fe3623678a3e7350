//! Artifacts at both doors: records on their way into cases, and what is said of them there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value as Json, json};
use support::desk::{Desk, ESCAPED, HOSTILE};
use support::{encode, request};
use testkit::block_on;

#[test]
fn records_go_into_several_cases_and_a_new_one() {
    block_on(async {
        let desk = Desk::new().await;
        let (first, second) = (desk.case("Portal", false).await, desk.case(HOSTILE, false).await);
        let mut ids = Vec::new();
        for name in ["WS-1", "WS-2", "SRV-1"] {
            ids.push(desk.record(json!({ "kind": "configuration_item", "name": name })).await);
        }
        desk.get("/records/add-to-cases/ask").await.is(200).says("Nothing is selected");
        desk.get(&format!("/records/add-to-cases/ask?record={}", ids[0])).await.is(200).says("WS-1").says(&first).says(ESCAPED);
        // All that match are looked up; the others are not among them.
        let matching =
            [("all_matching", "1"), ("kind", "configuration_item"), ("q", "ws-"), ("back", "/records/configuration-items?q=ws-")];
        let page = desk.post("/records/add-to-cases/ask", &matching).await.is(200).says("2 records").says(&ids[1]);
        assert!(!page.body.contains(&ids[2]));
        // A search among the cases keeps what is ticked.
        let search = format!("/records/add-to-cases/ask?cases_q=portal&case_number={second}");
        desk.get(&search).await.is(200).says(&first).says(&format!("value=\"{second}\" checked"));

        let nowhere = desk.post("/records/add-to-cases", &[("record", &ids[0]), ("asked", "1")]).await.is(422);
        nowhere.says("choose at least one case").says("WS-1");
        let form = [
            ("record", ids[0].as_str()),
            ("record", &ids[1]),
            ("case_number", &first),
            ("case_number", &second),
            ("new_name", "Third"),
            ("back", "/records/configuration-items?q=ws-"),
        ];
        let done = desk.post("/records/add-to-cases", &form).await.is(303);
        let done = done.location().to_owned();
        let page = desk.get(&done).await.is(200).says("Added to 3 security cases").says("Added 2 artifacts").says("Third").says(ESCAPED);
        assert_eq!(page.body.matches("Undo").count(), 3);
        page.says("/records/configuration-items?q=ws-");
        assert_eq!(desk.titles(&first, "configuration_item").await, ["WS-1", "WS-2"]);

        // What is there already, and what is excluded, is told.
        let exclude = json!({ "record_ids": [ids[0]], "reason": "out_of_scope" });
        desk.call(Method::POST, &format!("/cases/{first}/artifacts/exclude"), exclude).await.is(200);
        let again = desk.post("/records/add-to-cases", &[("record", &ids[0]), ("record", &ids[1]), ("case_number", &first)]).await.is(303);
        desk.get(again.location()).await.is(200).says("Added 0 artifacts; 1 is there already; 1 is excluded, and stays so");

        // An undo from that page takes out of one case only.
        let operation = done.split_once(&format!("in={second}:")).unwrap().1.split('&').next().unwrap();
        desk.post(&format!("/operations/{operation}/undo"), &[("back", &done)]).await.is(303);
        assert!(desk.titles(&second, "configuration_item").await.is_empty());
        desk.get(&done).await.is(200).says("; undone");

        let api = json!({ "record_ids": [ids[2]], "case_numbers": [first, "SECC0009999"] });
        desk.call(Method::POST, "/records/add-to-cases", api).await.is(404);
        assert_eq!(desk.titles(&first, "configuration_item").await, ["WS-1", "WS-2"]);
        desk.site.post("/records/add-to-cases", &desk.rita, &[("record", &ids[0]), ("case_number", &first)]).await.is(403);
    });
}

#[test]
fn all_that_match_in_a_case_is_looked_up_in_that_case() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let add = json!({ "observables": ["a.example", "b.example"] });
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), add).await.is(200);
        desk.record(json!({ "kind": "observable", "value": "elsewhere.example" })).await;
        let form = encode(&[("all_matching", "1"), ("kind", "observable"), ("q", "example")]);
        let mut request = request(Method::POST, "/records/add-to-cases/ask", &desk.ada, Body::from(form), support::FORM);
        let from = format!("http://vizsla.example/cases/{case}/artifacts?kind=observable");
        request.headers_mut().insert(header::REFERER, from.parse().unwrap());
        desk.site.send(request).await.is(200).says("2 records").says("a[.]example").says_nothing_of("elsewhere");
    });
}

#[test]
fn too_many_matches_are_refused_with_what_to_do() {
    block_on(async {
        let mut desk = Desk::new().await;
        desk.site.test.leave_unchecked();
        let case = desk.case("Many", false).await;
        let values: Vec<String> = (0..2_001).map(|n| format!("host{n}.example")).collect();
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), json!({ "observables": values })).await.is(202);
        app::job::drain(&desk.site.test).unwrap();
        let all = [("all_matching", "1"), ("kind", "observable")];
        desk.post("/records/add-to-cases/ask", &all).await.is(422).says("more than 2,000").says("narrow the search");
    });
}

#[test]
fn lines_that_are_understood_are_added_and_the_others_stay() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let path = format!("/cases/{case}/add/values");
        desk.get(&format!("/cases/{case}/add?kind=observable")).await.is(200).says("One a line");
        desk.post(&path, &[("values", " \n")]).await.is(422).says("write at least one value");

        let values = format!("hxxp://evil[.]example/a\r\n\r\n{HOSTILE}\r\n192[.]0[.]2[.]7\r\n192.0.2.7");
        let form = [("values", values.as_str()), ("finding", "suspicious"), ("note", "From the **mail**.")];
        let page =
            desk.post(&path, &form).await.is(422).says("Their type can't be told").says("Added 2 artifacts").says("Undo").says(ESCAPED);
        page.says("From the **mail**.").says_nothing_of("<script>alert").says_nothing_of("hxxp://evil[.]example/a\n");
        assert_eq!(desk.titles(&case, "observable").await, ["192.0.2.7", "http://evil.example/a"]);
        let listed = desk.get(&format!("/api/v1/cases/{case}/artifacts?kind=observable")).await.json();
        assert!(listed["items"].as_array().unwrap().iter().all(|one| one["annotation_count"] == 1));
        assert!(listed["items"].as_array().unwrap().iter().all(|one| one["record"]["finding"] == "suspicious"));

        let typed = desk.post(&path, &[("values", "Global\\evil"), ("type", "mutex")]).await.is(303);
        assert!(typed.location().contains("did=") && typed.location().contains("saved=values:"), "{}", typed.location());
        desk.get(typed.location()).await.is(200).says("Added 1 artifact").says("data-draft-clear=\"values:");

        // A note that can't be written is told before anything is added.
        let long = "x".repeat(20_001);
        desk.post(&path, &[("values", "c.example"), ("note", &long)]).await.is(422).says("20,000 characters").says("c.example");
        assert_eq!(desk.titles(&case, "observable").await.len(), 3);
        desk.site.post(&path, &desk.rita, &[("values", "d.example")]).await.is(403);
    });
}

#[test]
fn records_are_picked_from_the_library_or_made_in_place() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let (ws, srv) = (
            desk.record(json!({ "kind": "configuration_item", "name": "WS-1" })).await,
            desk.record(json!({ "kind": "configuration_item", "name": "SRV-1" })).await,
        );
        let page = format!("/cases/{case}/add?kind=configuration_item");
        desk.get(&format!("{page}&q=ws")).await.is(200).says("WS-").says_nothing_of("SRV-1");
        let pick = format!("/cases/{case}/add/pick");
        desk.post(&pick, &[("kind", "configuration_item")]).await.is(422).says("tick at least one");
        let done = desk.post(&pick, &[("kind", "configuration_item"), ("record", &ws), ("record", &srv), ("bring_along", "1")]).await;
        desk.get(done.is(303).location()).await.is(200).says("Added 2 artifacts");
        desk.get(&page).await.is(200).says("in the case");

        let new = format!("/cases/{case}/add/new");
        let wrong = [("kind", "configuration_item"), ("name", ""), ("owner", "Finance")];
        desk.post(&new, &wrong).await.is(422).says("must not be empty").says("Finance");
        let done = desk.post(&new, &[("kind", "configuration_item"), ("name", HOSTILE)]).await.is(303);
        desk.get(done.location()).await.is(200).says("Added 1 artifact").says(ESCAPED).says_nothing_of("<script>alert");
        desk.post(&new, &[("kind", "pirate")]).await.is(404);
        assert_eq!(desk.titles(&case, "configuration_item").await.len(), 3);
    });
}

#[test]
fn a_refusal_is_said_on_the_page_that_it_came_from() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        // A note that can't be taken leaves the case as it was shown, under an address that can be read again.
        let notes = format!("/cases/{case}/notes");
        let page = desk.post(&notes, &[("kind", "work_note"), ("text", " ")]).await.is(422);
        page.says("text: write something").says("Case details");
        desk.get(&notes).await.is(200).says("Case details");

        let record = desk.record(json!({ "kind": "configuration_item", "name": "WS-1" })).await;
        let annotate = format!("/cases/{case}/artifacts/annotate");
        let form = encode(&[("record", &record), ("kind", "configuration_item"), ("text", "")]);
        let ask = |name: &'static str, value: String| {
            let mut asked = request(Method::POST, &annotate, &desk.ada, Body::from(form.clone()), "application/x-www-form-urlencoded");
            asked.headers_mut().insert(name, value.parse().unwrap());
            desk.site.send(asked)
        };
        // For htmx a toast, which replaces nothing; for a plain form a page with the way back.
        let toast = ask("hx-request", "true".to_owned()).await.is(422);
        assert_eq!((toast.header("hx-retarget"), toast.header("hx-reswap")), ("#flash", "beforeend"));
        toast.says("Nothing was changed.").says_nothing_of("<html");
        let back = format!("/cases/{case}/artifacts");
        let host = "vizsla.example";
        ask("referer", format!("http://{host}{back}?q=ws")).await.is(422).says(&format!("href=\"{back}?q=ws\">Back</a>"));
        ask("referer", format!("http://evil.example{back}")).await.is(422).says_nothing_of(">Back</a>");
    });
}

#[test]
fn an_annotation_is_withdrawn_by_who_wrote_it() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), json!({ "observables": ["evil.net"] })).await.is(200);
        let all = json!({ "all_matching": { "kind": "observable" }, "text": format!("seen {HOSTILE}") });
        desk.call(Method::POST, &format!("/cases/{case}/artifacts/annotate"), all).await.is(200);
        let listed = desk.get("/api/v1/records?q=evil.net").await.json();
        let record = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let page = format!("/record/{record}?tab=annotations");
        desk.get(&page).await.is(200).says("seen").says("Withdraw").says(&case).says_nothing_of("<script>alert");
        desk.site.get(&page, &desk.rita).await.is(200).says("seen").says_nothing_of("Withdraw");
        let notes = desk.get(&format!("/api/v1/records/{record}/annotations")).await.json();
        let withdraw = format!("/annotations/{}/withdraw", notes[0]["id"].as_str().unwrap());
        desk.site.post(&withdraw, &desk.lena, &[("back", &page)]).await.is(403);
        let gone = desk.post(&withdraw, &[("back", &page)]).await.is(303);
        let done = gone.location().strip_prefix(&format!("{page}&did=")).unwrap().to_owned();
        desk.get(gone.location()).await.is(200).says_nothing_of("Withdraw</button>").says("Withdrew 1 annotation").says("Undo");
        desk.post(&format!("/operations/{done}/undo"), &[("back", &page)]).await.is(303);
        desk.get(&page).await.is(200).says("Withdraw</button>");
        desk.post(&withdraw, &[("back", &page)]).await.is(303);
        desk.get(&format!("/record/{record}?tab=cases")).await.is(200).says(&case);
        desk.get(&format!("/record/{record}?tab=sightings")).await.is(200).says("No search has asked for it");
    });
}

#[test]
fn every_action_on_a_selection_takes_the_same_one_and_tells_the_same_places() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Odd beacons", false).await;
        let add = json!({ "observables": ["192.0.2.1", "192.0.2.2", "192.0.2.3"] });
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), add).await.is(200);
        let listed = desk.get(&format!("/api/v1/cases/{case}/artifacts?kind=observable")).await.is(200).json();
        let (id, as_of) = (listed["items"][0]["record"]["id"].clone(), listed["as_of"].clone());
        let actions = [
            ("artifacts/annotate", json!({ "text": "odd" })),
            ("sightings", json!({ "all_data": true })),
            ("artifacts/exclude", json!({ "reason": "known_good" })),
            ("artifacts/include", json!({})),
        ];
        for (action, own) in actions {
            let with = async |more: Json| {
                let mut body = own.as_object().unwrap().clone();
                body.extend(more.as_object().unwrap().clone());
                desk.call(Method::POST, &format!("/cases/{case}/{action}"), body.into()).await
            };
            let wrong = [
                (json!({ "record_ids": [7] }), "/record_ids/0"),
                (json!({ "all_matching": { "kidn": "observable" } }), "/all_matching/kidn"),
                (json!({ "excpet": [] }), "/excpet"),
                (json!({ "record_ids": [id], "as_of": "soon" }), "/as_of"),
                (json!({ "record_ids": [id], "all_matching": {} }), "/all_matching"),
            ];
            for (body, place) in wrong {
                assert_eq!(with(body).await.is(422).json()["errors"][0]["pointer"], place, "{action}");
            }
            let all_but_one = json!({ "all_matching": { "status": "all" }, "except": [id], "as_of": as_of });
            let done = with(all_but_one).await.json();
            let counted = if action == "sightings" { &done["totals"]["observables"] } else { &done["affected"] };
            assert_eq!(*counted, 2, "{action}: {done}");
        }
        app::job::drain(&desk.site.test).unwrap();
    });
}
