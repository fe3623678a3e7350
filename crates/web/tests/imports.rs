//! Imports at both doors: reports and their review, files of records, and the known-good list that unticks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::http::Method;
use serde_json::json;
use support::desk::{Desk, ESCAPED, HOSTILE, multipart};
use support::encode;
use testkit::block_on;

#[test]
fn a_report_is_reviewed_and_what_is_ticked_comes_in() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        desk.site.post("/known-good", &desk.lena, &[("value", "*.corp.example"), ("comment", "ours")]).await.is(303);
        let there = json!({ "observables": ["there-already.net", "thrown-out.net"] });
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), there).await.is(200);
        let path = format!("/cases/{case}/artifacts/exclude");
        let out = json!({ "all_matching": { "kind": "observable", "q": "thrown" }, "reason": "false_positive" });
        desk.call(Method::POST, &path, out).await.is(200);

        let paste = format!("/cases/{case}/text");
        desk.upload(&paste, &[("name", "Empty"), ("text", "  ")], None).await.is(422).says("must not be empty");
        desk.upload(&paste, &[("name", "A PDF")], Some(("a.pdf", b"%PDF-1.7\0"))).await.is(422).says("is not text");
        let text = format!(
            "{HOSTILE} é The page hxxps://cdn-portal12[.]net/a asks 10.4.2.19, intranet.corp.example,\r\nthere-already.net and thrown-out.net; \
             again: hxxps://cdn-portal12[.]net/a"
        );
        let staged = desk.upload(&paste, &[("name", "Thieves")], Some(("thieves.txt", text.as_bytes()))).await.is(303);
        let review = staged.location().split('?').next().unwrap().to_owned();
        let page = desk.get(&review).await.is(200);
        assert!(page.body.contains(ESCAPED) && !page.body.contains("<script>alert") && !page.body.contains("U+000D"), "{}", page.body);
        let row = |value: &str| {
            let rows = page.body.split("<tr id=\"find-").skip(1);
            let row = rows.map(|row| row.split("</tr>").next().unwrap()).find(|row| row.contains(value));
            row.unwrap_or_else(|| panic!("no {value}")).to_owned()
        };
        let url = row("hxxps[:]//cdn-portal12[.]net/a");
        assert!(url.contains("checked") && url.contains(">2</td>"), "{url}");
        assert!(!row("10[.]4[.]2[.]19").contains("checked") && row("10[.]4[.]2[.]19").contains("private"));
        assert!(!row("intranet[.]corp[.]example").contains("checked") && row("intranet[.]corp").contains("known good: ours"));
        assert!(!row("there-already").contains("checked") && row("there-already").contains("in the case"));
        assert!(!row("thrown-out").contains("checked") && row("thrown-out").contains("excluded here"));
        let number = url.split('"').next().unwrap();
        assert_eq!(page.body.matches(&format!("<mark id=\"f{number}\" data-find=\"{number}\"")).count(), 1);
        assert_eq!(page.body.matches(&format!("data-find=\"{number}\"")).count(), 3, "a row and two places");

        desk.post(&review, &[]).await.is(422).says("tick at least one");
        let done = desk.post(&review, &[("find", number)]).await.is(303);
        desk.get(done.location()).await.is(200).says("Added 1 artifact from Thieves").says("Thieves");
        assert!(desk.titles(&case, "observable").await.contains(&"https://cdn-portal12.net/a".to_owned()));
        // It is done once: the page leads on, and the same form changes nothing more.
        assert!(desk.get(&review).await.is(303).location().contains("/artifacts"));
        desk.post(&review, &[("find", number)]).await.is(303);
        assert_eq!(desk.titles(&case, "observable").await.len(), 3);
        let why = desk.get(&format!("/api/v1/cases/{case}/artifacts?q=cdn-portal12&kind=observable")).await.json();
        assert_eq!(why["items"][0]["origins"][0]["kind"], "document");

        // Through another case's address it is not there.
        let other = desk.case("Other", false).await;
        desk.get(&review.replace(&case, &other)).await.is(404);
        desk.post(&review.replace(&case, &other), &[("find", number)]).await.is(404);
        // What is known good is marked afterwards.
        app::job::drain(&desk.site.test).unwrap();
    });
}

#[test]
fn a_report_of_a_restricted_case_is_there_for_nobody_else() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Inside", true).await;
        let staged = desk.upload(&format!("/cases/{case}/text"), &[("text", "only-inside.net")], None).await.is(303);
        let review = staged.location().split('?').next().unwrap().to_owned();
        let id = review.rsplit('/').next().unwrap().to_owned();
        desk.get(&review).await.is(200).says("only-inside[.]net");
        let bob = desk.site.test.person("bob", model::Role::Analyst);
        let bob = desk.site.token(&bob).await;
        for path in [review.clone(), format!("/import/{id}"), format!("/api/v1/imports/{id}"), format!("/cases/{case}/add?kind=user")] {
            desk.site.get(&path, &bob).await.is(404).says_nothing_of("only-inside");
        }
        desk.site.post(&review, &bob, &[("find", "1")]).await.is(404);
        desk.post(&review, &[("find", "1")]).await.is(303);
        desk.site.get("/records/observables?q=only-inside", &bob).await.is(200).says("Nothing matches");
        assert_eq!(desk.site.get("/api/v1/records?q=only-inside", &bob).await.is(200).json()["total"], 0);
        // Nor is it offered as a case to add to.
        desk.site.get("/records/add-to-cases/ask?cases_q=Inside", &bob).await.is(200).says_nothing_of(&case);
    });
}

#[test]
fn more_finds_than_a_page_shows_are_taken_together() {
    block_on(async {
        let mut desk = Desk::new().await;
        desk.site.test.leave_unchecked();
        let case = desk.case("Long", false).await;
        let text: String = (0..2_010).map(|n| format!("host{n}.evil-{n}.net\n")).collect();
        let staged = desk.upload(&format!("/cases/{case}/text"), &[("text", &text)], None).await.is(303);
        let review = staged.location().split('?').next().unwrap().to_owned();
        let page = desk.get(&review).await.is(200).says("2,010 finds").says("10 more finds are not shown");
        assert_eq!(page.body.matches("<tr id=\"find-").count(), 2_000);
        desk.post(&review, &[("find", "1"), ("rest", "1")]).await.is(303);
        assert_eq!(desk.titles(&case, "observable").await.len(), 11);
    });
}

#[test]
fn a_file_of_records_is_looked_at_corrected_and_taken() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let known = desk.record(json!({ "kind": "configuration_item", "name": "WS-1", "class": "workstation" })).await;
        let file = format!("Machine,Kind of thing,Who\nWS-1,workstation,Finance\nWS-2,server,{HOSTILE}\n,server,Nobody\n");
        desk.get("/import?kind=user").await.is(200).says("value=\"user\" selected");
        desk.upload("/import", &[("kind", "configuration_item"), ("text", "")], None).await.is(422);
        let closed = desk.upload("/import", &[("kind", "configuration_item"), ("text", "a,b\n1,2"), ("case", "SECC0009999")], None).await;
        closed.is(422).says("there is no case").says("a,b\n1,2");

        let fields = [("kind", "configuration_item"), ("case", case.as_str())];
        let staged = desk.upload("/import", &fields, Some(("cmdb-2026-01-05.csv", file.as_bytes()))).await.is(303);
        let path = staged.location().split('?').next().unwrap().to_owned();
        desk.get(&path).await.is(200).says("Machine").says_nothing_of("<script>alert");
        // Corrected: the columns are taken for what they are.
        let mapping = encode(&[("column-Machine", "name"), ("column-Kind of thing", "class"), ("column-Who", "owner")]);
        let page = desk.get(&format!("{path}?{mapping}")).await.is(200);
        page.says("1 new").says("1 updated").says("1 refused").says("row 4").says("must not be empty");
        // All left out is a mapping too.
        desk.get(&format!("{path}?column-Machine=")).await.is(200).says("3 refused");
        let nothing = desk.get("/records/configuration-items?q=ws-2").await.is(200);
        nothing.says("Nothing matches");

        let apply = [("column-Machine", "name"), ("column-Kind of thing", "class"), ("column-Who", "owner")];
        assert_eq!(desk.post(&path, &apply).await.is(303).location(), path);
        desk.get(&path).await.is(200).says("Done.").says("row 4").says("/records/configuration-items");
        assert_eq!(desk.titles(&case, "configuration_item").await, ["WS-1", "WS-2"]);
        let now = desk.get(&format!("/api/v1/records/{known}")).await.json();
        assert_eq!(now["record"]["owner"], "Finance");
        desk.get("/records/configuration-items?q=ws-2").await.is(200).says(ESCAPED).says_nothing_of("<script>alert");
    });
}

/// STIX and MISP are told by their content, whatever was chosen; a table that was taken for them is told to be one.
#[test]
fn a_document_is_no_table_whatever_was_chosen() {
    block_on(async {
        let desk = Desk::new().await;
        desk.get("/import").await.is(200).says("value=\"intel\" selected").says("Preview");
        let event = br#"{"Event":{"uuid":"5b773e07-e694-458b-b99c-27f30a016219","info":"Portal thieves","date":"2026-11-24","Attribute":[{"uuid":"5b773e07-e694-458b-b99c-27f30a016220","type":"domain","value":"cdn-portal12.net"}]}}"#;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, event).unwrap();
        let packed = packed.finish().unwrap();
        for (name, bytes) in [("event.json", event.as_slice()), ("event.json.gz", packed.as_slice())] {
            let staged = desk.upload("/import", &[("kind", "configuration_item")], Some((name, bytes))).await.is(303);
            desk.get(staged.location()).await.is(200).says("Portal thieves").says("Import 2 objects");
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, b"name,class\nws-7,Workstation\n").unwrap();
        let staged =
            desk.upload("/import", &[("kind", "configuration_item")], Some(("cmdb.csv.gz", &packed.finish().unwrap()))).await.is(303);
        desk.get(staged.location()).await.is(200).says("Import 1 row").says("ws-7");

        let table = desk.upload("/import", &[("kind", "intel")], Some(("cmdb.csv", b"name,class\nws-7,Workstation\n"))).await.is(422);
        table.says("For a table of records, choose above what they are");
        let broken = desk.upload("/import", &[("kind", "intel")], Some(("a.json", b"{\"type\": \"bundle\","))).await.is(422);
        broken.says("is not JSON").says_nothing_of("For a table of records");
        desk.upload("/import", &[("kind", "intel")], None).await.is(422).says("choose a file, or paste its text");
        // Where every row is refused, there is nothing to import.
        let refused = [("kind", "configuration_item"), ("text", "class\nServer\n")];
        let staged = desk.upload("/import", &refused, None).await.is(303);
        desk.get(staged.location()).await.is(200).says("class=\"button primary\" disabled>Import 0 rows");
    });
}

#[test]
fn imports_and_extraction_take_bodies_and_forms() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let text = "calls evil.net and 10.0.0.1";
        for answer in [
            desk.call(Method::POST, "/extract", json!({ "text": text })).await,
            desk.raw("/api/v1/extract", text, "text/plain; charset=utf-8").await,
            desk.upload("/api/v1/extract", &[], Some(("a.txt", text.as_bytes()))).await,
        ] {
            let finds = answer.is(200).json();
            let find = &finds[0];
            assert_eq!((find["type"].as_str(), find["start"].as_u64(), find["end"].as_u64()), (Some("domain-name"), Some(6), Some(14)));
            assert_eq!(finds[1]["marks"][0]["mark"], "private");
        }
        desk.site.json(Method::POST, "/extract", &desk.rita, &json!({ "text": text })).await.is(200);
        desk.call(Method::POST, "/extract", json!({ "txt": text })).await.is(422).says("txt");

        // Staged: nothing is there yet. Applied: what nothing speaks against.
        let staged = desk.raw("/api/v1/imports/intel?name=Report", text, "text/plain").await.is(201);
        assert_eq!(desk.get("/api/v1/records?kind=observable").await.json()["total"], 0);
        let view = desk.get(staged.location()).await.is(200).json();
        assert_eq!((&view["state"], &view["extract"]["ticked"]), (&json!("staged"), &json!(1)));
        let id = view["import_id"].as_str().unwrap();
        let applied = desk.call(Method::POST, &format!("/imports/{id}/apply"), json!({ "case": case })).await.is(200).json();
        assert_eq!((&applied["created"], &applied["case"]), (&json!(1), &json!(case)));
        assert_eq!(desk.titles(&case, "observable").await, ["evil.net"]);

        let refused = desk.raw("/api/v1/imports/intel", r#"{"colour":"rust"}"#, "application/json").await.is(422);
        refused.says("neither STIX nor MISP");
        desk.raw("/api/v1/imports/intel?format=misp", "x", "").await.is(422).says("not JSON");
        desk.raw("/api/v1/imports/intel?format=pdf", "x", "").await.is(422).says("not understood yet");
        desk.raw("/api/v1/imports/intel", &b"%PDF-1.7\0"[..], "application/pdf").await.is(422).says("not text");

        let csv = "name,email\nAnna,anna@corp.example\nBen,\n";
        let url = format!("/api/v1/imports/records?kind=user&apply=true&case={case}&source=hr");
        let done = desk.raw(&url, csv, "text/csv").await.is(201).json();
        assert_eq!((&done["state"], &done["created"], &done["source"]), (&json!("applied"), &json!(2), &json!("hr")));
        assert_eq!(desk.titles(&case, "user").await, ["Anna", "Ben"]);
        let (content_type, body) = multipart(&[], Some(("people.csv", csv.as_bytes())));
        let again = desk.raw("/api/v1/imports/records?kind=user&source=hr", body, &content_type).await.is(201).json();
        assert_eq!((&again["known"], &again["name"]), (&json!(2), &json!("people.csv")));
        desk.raw("/api/v1/imports/records?kind=user&mapping={oops", csv, "text/csv").await.is(422).says("/mapping");
        desk.raw("/api/v1/imports/records?kind=user&mapping=%7B%22nme%22:%22name%22%7D", csv, "text/csv").await.is(422).says("nme");
        desk.raw("/api/v1/imports/records?kind=pirate", csv, "text/csv").await.is(422).says("/kind");
        // What is known good is marked afterwards.
        app::job::drain(&desk.site.test).unwrap();
    });
}

#[test]
fn what_is_too_large_is_told_with_its_limit() {
    block_on(async {
        let desk = Desk::new().await;
        let case = desk.case("Portal", false).await;
        let text = "x ".repeat(6 * 1024 * 1024);
        desk.raw("/api/v1/imports/intel", text.clone(), "text/plain").await.is(413).says("10 MB");
        desk.raw("/api/v1/extract", text.clone(), "text/plain").await.is(413).says("10 MB");
        desk.upload(&format!("/cases/{case}/text"), &[("text", &text)], None).await.is(413).says("10 MB");
        let large = vec![b'x'; 21 * 1024 * 1024];
        desk.raw("/api/v1/imports/records?kind=user", large, "text/csv").await.is(413).says("20 MB");
        let (content_type, body) = multipart(&[], Some(("a.csv", &vec![b'x'; 33 * 1024 * 1024])));
        desk.raw("/api/v1/imports/records?kind=user", body, &content_type).await.is(413).says("32 MB");
    });
}

#[test]
fn the_known_good_list_is_the_leads() {
    block_on(async {
        let desk = Desk::new().await;
        desk.get("/known-good").await.is(200).says("Nothing is on the list yet").says_nothing_of("name=\"value\"");
        desk.post("/known-good", &[("value", "corp.example")]).await.is(403);
        let lena = async |path: &str, form: &[(&str, &str)]| desk.site.post(path, &desk.lena, form).await;
        lena("/known-good", &[("value", " "), ("comment", HOSTILE)]).await.is(422).says(ESCAPED);
        lena("/known-good", &[("value", "10.0.0.0/8"), ("comment", HOSTILE)]).await.is(303);
        desk.get("/known-good").await.is(200).says("10.0.0.0/8").says(ESCAPED).says_nothing_of("<script>alert");
        assert_eq!(desk.get("/api/v1/known-good").await.is(200).json()[0]["created_by"], "lena");
        lena("/known-good/remove", &[("value", "10.0.0.0/8")]).await.is(303);

        let entry = json!({ "value": "*.corp.example", "comment": "ours" });
        desk.site.json(Method::POST, "/known-good", &desk.lena, &entry).await.is(201);
        desk.call(Method::DELETE, "/known-good?value=*.corp.example", json!({})).await.is(403);
        desk.site.json(Method::DELETE, "/known-good?value=*.corp.example", &desk.lena, &json!({})).await.is(204);
        desk.site.json(Method::DELETE, "/known-good?value=*.corp.example", &desk.lena, &json!({})).await.is(404);
        // What is known good is marked afterwards.
        app::job::drain(&desk.site.test).unwrap();
    });
}
