//! Records, reports and files of records at both doors: lists, forms, cases, reviews, imports, known good.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value as Json, json};
use support::{Answer, As, Site, encode, request};
use testkit::block_on;

/// What attackers write where a name should be.
const HOSTILE: &str = "<script>alert(1)</script>\"'\u{202e}";
const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";

struct Desk {
    site: Site,
    rita: As,
    ada: As,
    lena: As,
}

impl Desk {
    async fn new() -> Self {
        let site = Site::new();
        let [rita, ada, lena] = [&site.test.reader, &site.test.analyst, &site.test.lead].map(Clone::clone);
        let (rita, ada, lena) = (site.token(&rita).await, site.token(&ada).await, site.token(&lena).await);
        Self { site, rita, ada, lena }
    }

    async fn get(&self, path: &str) -> Answer {
        self.site.get(path, &self.ada).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.site.post(path, &self.ada, form).await
    }

    async fn call(&self, method: Method, path: &str, body: Json) -> Answer {
        self.site.json(method, path, &self.ada, &body).await
    }

    async fn raw(&self, path: &str, body: impl Into<Body>, content_type: &str) -> Answer {
        self.site.send(request(Method::POST, path, &self.ada, body.into(), content_type)).await
    }

    async fn upload(&self, path: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
        let (content_type, body) = multipart(fields, file);
        self.raw(path, body, &content_type).await
    }

    async fn case(&self, name: &str, restricted: bool) -> String {
        let made = self.call(Method::POST, "/cases", json!({ "name": name, "restricted": restricted })).await.is(201).json();
        made["number"].as_str().unwrap().to_owned()
    }

    /// A record's id.
    async fn record(&self, fields: Json) -> String {
        self.call(Method::POST, "/records", fields).await.json()["record"]["id"].as_str().unwrap().to_owned()
    }

    /// The titles of a case's artifacts of a kind, whatever their status.
    async fn titles(&self, case: &str, kind: &str) -> Vec<String> {
        let path = format!("/api/v1/cases/{case}/artifacts?kind={kind}&status=all&sort=title&limit=100");
        let items = self.get(&path).await.is(200).json();
        items["items"].as_array().unwrap().iter().map(|one| one["record"]["title"].as_str().unwrap().to_owned()).collect()
    }
}

fn multipart(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    ("multipart/form-data; boundary=XX".to_owned(), body)
}

/// The value of the first `name="…" value="…"` of a page.
fn hidden(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}

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
        let page = desk.post(&path, &form).await.is(422).says("Line 3").says("Added 2 artifacts").says("Undo").says(ESCAPED);
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

        let refused = desk.raw("/api/v1/imports/intel", r#"{"type":"bundle","id":"bundle--1"}"#, "application/json").await.is(422);
        refused.says("STIX").says("text is understood");
        desk.raw("/api/v1/imports/intel?format=misp", "x", "").await.is(422).says("not understood yet");
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
        assert_eq!(desk.post(&withdraw, &[("back", &page)]).await.is(303).location(), page);
        desk.get(&page).await.is(200).says_nothing_of("seen &");
        desk.get(&format!("/record/{record}?tab=cases")).await.is(200).says(&case);
        desk.get(&format!("/record/{record}?tab=sightings")).await.is(200).says("No search has asked for it");
    });
}
