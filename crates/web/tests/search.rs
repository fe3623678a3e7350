//! One search over everything, at both doors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::http::Method;
use serde_json::{Value as Json, json};
use support::As;
use support::desk::{Desk, ESCAPED, HOSTILE};

/// A case with one of each thing that holds "petrichor".
async fn filled(desk: &Desk) -> (String, String) {
    let case = desk.case("The petrichor case", false).await;
    let record = desk.record(json!({ "kind": "observable", "value": "petrichor.example.com" })).await;
    desk.call(Method::POST, &format!("/cases/{case}/artifacts"), json!({ "record_ids": [record] })).await.is(200);
    desk.record(json!({ "kind": "user", "name": "Petra", "department": "Petrichor works" })).await;
    let notes = format!("/cases/{case}/notes");
    desk.call(Method::POST, &notes, json!({ "kind": "work_note", "text": "Smells of petrichor." })).await.is(201);
    desk.call(Method::POST, &notes, json!({ "kind": "comment", "text": "Petrichor, again." })).await.is(201);
    let annotate = format!("/cases/{case}/artifacts/annotate");
    desk.call(Method::POST, &annotate, json!({ "record_ids": [record], "text": "Petrichor is rain." })).await.is(200);
    (case, record)
}

fn counts(found: &Json) -> Vec<String> {
    let counts = found["counts"].as_array().unwrap().iter();
    counts.map(|one| format!("{}/{} {}", one["in"].as_str().unwrap(), one["kind"].as_str().unwrap(), one["total"])).collect()
}

#[test]
fn everything_that_holds_the_words_is_found_in_its_group() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let (case, record) = filled(&desk).await;
        let found = desk.get("/api/v1/search?q=PETRI+chor").await.is(200).json();
        let all = ["cases/ 1", "records/observable 1", "records/user 1", "notes/work_note 1", "notes/comment 1", "annotations/ 1"];
        assert_eq!(counts(&found), all);
        let hit = |n: usize| found["groups"][n]["items"][0].clone();
        assert_eq!((hit(0)["case"].as_str(), hit(0)["title"].as_str()), (Some(case.as_str()), Some("The petrichor case")));
        assert_eq!((hit(1)["id"].as_str(), hit(1)["title"].as_str()), (Some(record.as_str()), Some("petrichor[.]example[.]com")));
        assert_eq!((hit(2)["field"].as_str(), hit(2)["context"].as_str()), (Some("Department"), Some("Petrichor works")));
        assert_eq!((hit(3)["context"].as_str(), hit(3)["case"].as_str()), (Some("Smells of petrichor."), Some(case.as_str())));
        assert_eq!((hit(5)["record_id"].as_str(), hit(5)["by"].as_str()), (Some(record.as_str()), Some("ada")));
        // A value as a report writes it, and a word of two letters.
        assert_eq!(counts(&desk.get("/api/v1/search?q=petrichor[.]example[.]com").await.json()), ["records/observable 1"]);
        assert_eq!(counts(&desk.get("/api/v1/search?q=of+petrichor").await.json()), ["notes/work_note 1"]);
        assert!(counts(&desk.get("/api/v1/search?q=qz").await.json()).is_empty());
        // One group, with all counts beside it.
        let notes = desk.get("/api/v1/search?q=petrichor&in=notes").await.is(200).json();
        assert_eq!((counts(&notes).len(), notes["groups"].as_array().unwrap().len()), (6, 2));
        let comments = desk.get("/api/v1/search?q=petrichor&kind=comment").await.is(200).json();
        assert_eq!((counts(&comments).len(), comments["groups"][0]["kind"].as_str()), (6, Some("comment")));
    });
}

#[test]
fn a_group_is_walked_page_by_page() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        for n in 0..7 {
            desk.record(json!({ "kind": "observable", "value": format!("h{n}.petrichor.example.com") })).await;
        }
        let case = desk.case("walk", false).await;
        for n in 0..5 {
            let text = format!("petrichor {n}");
            desk.call(Method::POST, &format!("/cases/{case}/notes"), json!({ "kind": "comment", "text": text })).await.is(201);
        }
        for (group, all, each) in [("in=records&kind=observable", 7, 3), ("in=notes&kind=comment", 5, 2)] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let found = desk.get(&format!("/api/v1/search?q=petrichor&{group}&limit={each}&cursor={cursor}")).await.is(200).json();
                let page = &found["groups"][0];
                assert_eq!(page["total"], all);
                seen.extend(page["items"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
                pages += 1;
                match page["next_cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break,
                }
            }
            let found = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!((found, seen.len(), pages), (all, all, 3), "{group}");
        }
        // The first hits of everything lead on to the pages of their group.
        let first = desk.get("/api/v1/search?q=petrichor").await.json();
        let group = &first["groups"][0];
        assert_eq!(group["items"].as_array().unwrap().len(), 5);
        let next = group["next_cursor"].as_str().unwrap();
        let rest = desk.get(&format!("/api/v1/search?q=petrichor&kind=observable&cursor={next}")).await.is(200).json();
        assert_eq!(rest["groups"][0]["items"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn what_cannot_be_looked_for_is_refused_with_its_place() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        for (query, pointer) in [
            ("", "/q"),
            ("q=%22%22", "/q"),
            ("q=a&in=drawers", "/in"),
            ("q=a&kind=drawer", "/kind"),
            ("q=a&in=notes&kind=observable", "/kind"),
            ("q=a&limit=101", "/limit"),
            ("q=a&in=records&cursor=3769", "/cursor"),
            ("q=a&in=cases&cursor=zz", "/cursor"),
        ] {
            let refused = desk.get(&format!("/api/v1/search?{query}")).await.is(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{query}");
        }
    });
}

#[test]
fn a_note_for_few_is_found_by_them_alone() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("quiet", false).await;
        desk.call(Method::PATCH, &format!("/cases/{case}"), json!({ "work_notes_list": ["lena"] })).await.is(200);
        let note = json!({ "kind": "work_note", "audience": "work_notes_list", "text": "petrichor, between us" });
        desk.call(Method::POST, &format!("/cases/{case}/notes"), note).await.is(201);
        let found = async |who: &As| desk.site.get("/api/v1/search?q=petrichor", who).await.is(200).json();
        assert_eq!(counts(&found(&desk.lena).await), ["notes/work_note 1"], "on the list");
        assert_eq!(counts(&found(&desk.ada).await), ["notes/work_note 1"], "its author");
        assert!(counts(&found(&desk.rita).await).is_empty());
        desk.site.get("/search?q=petrichor", &desk.rita).await.is(200).says_nothing_of("between us");
    });
}

#[test]
fn the_page_marks_what_was_found_and_leads_there() {
    testkit::block_on(async {
        let desk = Desk::new().await;
        let (case, record) = filled(&desk).await;
        desk.get("/search").await.is(200).says("Look for anything");
        desk.get("/search?q=qqqq").await.is(200).says("Nothing holds all of these words");
        let page = desk.get("/search?q=petrichor").await.is(200);
        let page = page.says("Smells of <mark>petrichor</mark>.").says("<mark>petrichor</mark>[.]example[.]com").says("<b>Department:</b>");
        page.says(&format!("href=\"/cases/{case}#note-")).says(&format!("href=\"/record/{record}\"")).says("Observables<small>1</small>");
        let page = desk.get("/search?q=petrichor&in=annotations").await.is(200).says("<mark>Petrichor</mark> is rain.");
        page.says_nothing_of("Smells of");
        // What attackers wrote is text, in the box, in titles and around what was found.
        desk.record(json!({ "kind": "user", "name": format!("petrichor {HOSTILE}") })).await;
        let hostile = desk.get("/search?q=petrichor+%3Cscript%3Ealert").await.is(200);
        hostile.says("&#60;script&#62;alert").says_nothing_of("<script>alert");
        desk.get("/search?q=petrichor").await.is(200).says(&ESCAPED[..20]).says_nothing_of("<script>alert");
        desk.get("/palette?q=petrichor").await.is(200).says("Search everywhere for “petrichor”").says("/search?q=petrichor");
    });
}
