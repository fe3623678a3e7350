//! Logs come in, a case's observables are looked for in them, and what was seen goes into the case: through the pages and
//! through the API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::job;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, header};
use serde_json::{Value as Json, json};
use support::{Answer, As, Site, request};
use testkit::block_on;

/// What an attacker writes into a log line.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}gnp.exe";

fn event(time: &str, host: &str, user: &str, text: &str) -> String {
    json!({ "@timestamp": time, "host": { "name": host }, "user": { "name": user }, "message": text }).to_string()
}

/// Three days, of which the second has no event; the clock of the tests stands at 2026-01-05.
fn proxy() -> String {
    [
        event("2026-01-02T08:00:00Z", "WS-1", r"CORP\anna", "GET https://evil.example/a"),
        event("2026-01-04T09:00:00Z", "WS-1", r"CORP\anna", &format!("evil.example {HOSTILE}")),
        event("2026-01-04T10:00:00Z", "10.4.2.19", "svc-proxy", "evil.example"),
        "this is not JSON".to_owned(),
        event("2026-01-04T11:00:00Z", "WS-2", r"CORP\ben", "nothing of interest"),
    ]
    .join("\n")
}

fn old() -> String {
    event("2023-08-15T08:00:00Z", "MKT01", r"CORP\anna", "evil.example")
}

struct Hunt {
    site: Site,
    ada: As,
    case: String,
}

impl Hunt {
    /// A case with two observables, and a machine that somebody knows.
    async fn new() -> Self {
        let site = Site::new();
        let ada = site.token(&site.test.analyst).await;
        let case = site.json(Method::POST, "/cases", &ada, &json!({ "name": "Portal" })).await.is(201).json();
        let case = case["number"].as_str().unwrap().to_owned();
        let given = json!({ "observables": ["hxxps://evil[.]example/a", "evil.example", "quiet.example"] });
        site.json(Method::POST, &format!("/cases/{case}/artifacts"), &ada, &given).await.is(200);
        let known = json!({ "kind": "configuration_item", "name": "WS-1", "class": "workstation", "owner": "Finance" });
        site.json(Method::POST, "/records", &ada, &known).await;
        Self { site, ada, case }
    }

    async fn import(&self, source: &str, content: String) -> Json {
        let path = format!("/api/v1/imports/logs?source={}&file_name=own.jsonl", support::encode(&[("", source)]).trim_start_matches('='));
        let sent =
            self.site.send(request(Method::POST, &path, &self.ada, Body::from(content), "application/x-ndjson")).await.is(202).json();
        job::drain(&self.site.test).unwrap();
        sent
    }

    async fn search(&self, body: Json) -> String {
        let path = format!("/cases/{}/sightings", self.case);
        let started = self.site.json(Method::POST, &path, &self.ada, &body).await.is(202).json();
        job::drain(&self.site.test).unwrap();
        started["number"].as_str().unwrap().to_owned()
    }

    async fn page(&self, path: &str) -> Answer {
        self.site.get(path, &self.ada).await
    }

    async fn api(&self, path: &str) -> Json {
        self.site.get(&format!("/api/v1{path}"), &self.ada).await.is(200).json()
    }

    fn of_case(&self, rest: &str) -> String {
        format!("/cases/{}/sightings{rest}", self.case)
    }
}

/// A form with files, as browsers send it.
fn multipart(fields: &[(&str, &str)], files: &[(&str, &str)]) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--frontier\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    for (name, content) in files {
        let head = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream");
        body.push_str(&format!("--frontier\r\n{head}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--frontier--\r\n");
    (body, "multipart/form-data; boundary=frontier".to_owned())
}

#[test]
fn logs_are_uploaded_and_told_of() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.page("/logs").await.is(200).says("No logs yet");
        let (body, kind) = multipart(&[("source", "Proxy & co"), ("format", "auto")], &[("one.jsonl", &proxy()), ("two.jsonl", &old())]);
        let sent = hunt.site.send(request(Method::POST, "/logs", &hunt.ada, Body::from(body), &kind)).await.is(303);
        assert_eq!(sent.location(), "/logs/Proxy%20%26%20co");
        let running = hunt.page(sent.location()).await.is(200).says("Reading one.jsonl").says("Reading two.jsonl");
        let card = running.body.split("data-live-url=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        hunt.page(&card).await.is(200).says("Waits for its turn").says("/cancel").says_nothing_of("<html");
        assert_eq!(job::drain(&hunt.site.test).unwrap(), 2);
        hunt.page(&card).await.is(200).says("Done").says_nothing_of("data-live-url");

        hunt.page("/logs").await.is(200).says("Proxy &#38; co").says("2023-08-15 – 2026-01-04").says("class=\"none\"");
        let files = hunt.api("/sources/Proxy%20%26%20co/files").await;
        let one = files["items"].as_array().unwrap().iter().find(|file| file["name"] == "one.jsonl").unwrap().clone();
        let open = format!("/logs/Proxy%20%26%20co?open={}", one["id"].as_str().unwrap());
        hunt.page(&open).await.is(200).says("line 4").says("is not JSON; kept as plain text").says_nothing_of("Delete this file");

        // Deleting is a lead's, and asked for before it is done.
        let lena = hunt.site.token(&hunt.site.test.lead).await;
        let delete = format!("/logs/Proxy%20%26%20co/files/{}/delete", one["id"].as_str().unwrap());
        hunt.page(&delete).await.is(403);
        hunt.site.get(&delete, &lena).await.is(200).says("can no longer be searched");
        hunt.site.post(&delete, &lena, &[]).await.is(303);
        job::drain(&hunt.site.test).unwrap();
        assert_eq!(hunt.api("/sources").await["items"][0]["events"], 1);
        hunt.page("/jobs").await.is(200).says("Removing one.jsonl");
    });
}

#[test]
fn events_are_looked_through_and_what_is_in_them_comes_into_a_case() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.page("/events").await.is(200).says("No logs yet");
        let (body, kind) = multipart(
            &[("source", "EDR"), ("format", "auto")],
            &[(
                "one.jsonl",
                concat!(
                    r#"{"@timestamp":"2026-01-02T10:00:00Z","host":"WS-7","user":"anna","message":"c:\\temp\\evil7.exe to 203.0.113.9 <script>"}"#,
                    "\n",
                    r#"{"@timestamp":"2026-01-02T11:00:00Z","host":"WS-8","user":"bert","message":"calc.exe"}"#,
                    "\n"
                ),
            )],
        );
        hunt.site.send(request(Method::POST, "/logs", &hunt.ada, Body::from(body), &kind)).await.is(303);
        job::drain(&hunt.site.test).unwrap();

        hunt.page("/events").await.is(200).says("2 events").says("WS-8");
        let found = hunt.page("/events?q=host:ws-7+evil*.exe").await.is(200);
        found.says("1 event").says("<mark>evil7.exe</mark>").says("&#60;script&#62;").says_nothing_of("calc.exe");
        hunt.page("/events?q=evil").await.is(200).says("No event holds that");
        hunt.page("/events?q=a+OR").await.is(422).says("a word has to follow OR");
        hunt.page("/events?from=2026-01-02T10:30:00Z&to=2026-01-02T12:00:00Z").await.is(200).says("1 event").says("calc.exe");

        let all = hunt.api("/log-events?q=203.0.113.0/24").await;
        assert_eq!((all["total"].as_i64(), all["total_is_exact"].as_bool()), (Some(1), Some(true)));
        assert_eq!(all["hosts"][0]["name"], "WS-7");
        let id = all["items"][0]["id"].as_str().unwrap().to_owned();
        let whole = hunt.api(&format!("/log-events/{id}")).await;
        let values: Vec<&str> = whole["observables"].as_array().unwrap().iter().map(|find| find["value"].as_str().unwrap()).collect();
        assert!(
            values.contains(&"203.0.113.9") && values.contains(&"evil7.exe") || values.iter().any(|v| v.ends_with("evil7.exe")),
            "{values:?}"
        );

        hunt.page(&format!("/events?q=evil7.exe&open={id}")).await.is(200).says("Observables in it").says("203[.]0[.]113[.]9");
        let review = hunt.site.post(&format!("/events/{id}/review"), &hunt.ada, &[("case", &hunt.case)]).await.is(303);
        hunt.page(review.location()).await.is(200).says("203[.]0[.]113[.]9");
        hunt.site.post(&format!("/events/{id}/review"), &hunt.ada, &[("case", "SECC0009999")]).await.is(404);
        hunt.page("/events?open=9-9").await.is(200).says_nothing_of("Observables in it");
    });
}

#[test]
fn what_is_no_upload_is_refused_and_says_why() {
    block_on(async {
        let hunt = Hunt::new().await;
        let upload = |fields: &[(&str, &str)], files: &[(&str, &str)]| {
            let (body, kind) = multipart(fields, files);
            request(Method::POST, "/logs", &hunt.ada, Body::from(body), &kind)
        };
        hunt.site.send(upload(&[("source", "Proxy")], &[])).await.is(422).says("choose a file").says("value=\"Proxy\"");
        hunt.site.send(upload(&[("source", "")], &[("a.jsonl", "{}")])).await.is(422).says("source");
        // A script that shows how far the upload is gets a sentence.
        let mut scripted = upload(&[("source", "")], &[("a.jsonl", "{}")]);
        scripted.headers_mut().insert(header::ACCEPT, "text/html, application/problem+json;q=0.9".parse().unwrap());
        assert_eq!(hunt.site.send(scripted).await.is(422).header("content-type"), "application/problem+json");

        let mut huge = request(Method::POST, "/api/v1/imports/logs?source=a", &hunt.ada, Body::from("{}"), "");
        huge.headers_mut().insert(header::CONTENT_LENGTH, (1_u64 << 40).into());
        hunt.site.send(huge).await.is(413).says("16 GiB");
        // More than the forms of the house may hold goes through, since it goes to the disk.
        let large = format!("{{\"message\":\"{}\"}}\n", "a".repeat(1_000)).repeat(34_000);
        hunt.import("Large", large).await;
        assert_eq!(hunt.api("/sources").await["items"][0]["events"], 34_000);

        let rita = hunt.site.token(&hunt.site.test.reader).await;
        let (body, kind) = multipart(&[("source", "Proxy")], &[("a.jsonl", "{}")]);
        hunt.site.send(request(Method::POST, "/logs", &rita, Body::from(body), &kind)).await.is(403);
        hunt.site.get("/logs", &rita).await.is(200).says_nothing_of("type=\"file\"");
    });
}

#[test]
fn an_upload_that_breaks_off_is_not_taken_for_one_that_ended() {
    block_on(async {
        let hunt = Hunt::new().await;
        let chunks: Vec<Result<Bytes, std::io::Error>> = vec![
            Ok(Bytes::from(format!("{}\n", old()))),
            Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the line went dead")),
        ];
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        let sent = request(Method::POST, "/api/v1/imports/logs?source=Proxy", &hunt.ada, body, "");
        hunt.site.send(sent).await.is(422).says("nothing was taken").says("the line went dead");
        assert_eq!(hunt.api("/sources").await["total"], 0);
    });
}

#[test]
fn a_hunter_sees_what_was_seen_and_what_that_stands_on() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.page(&hunt.of_case("")).await.is(200).says("No sightings search yet");
        hunt.page(&hunt.of_case("/new")).await.is(200).says("There are no logs to search yet");
        hunt.import("Proxy", proxy()).await;
        hunt.import("Windows logs", old()).await;

        // The form warns before the search that a source has nothing in the window.
        let ask = hunt.page(&hunt.of_case("/new")).await.is(200);
        ask.says("all that the case includes").says("nothing in this window: it has 2023-08-15").says("Search all data");
        let asked = |window: &'static str| vec![("asked", "1"), ("window", window), ("source", "Proxy"), ("source", "Windows logs")];
        hunt.site.post(&hunt.of_case(""), &hunt.ada, &[("asked", "1"), ("window", "all")]).await.is(422).says("choose at least one");
        let mut range = asked("range");
        range.push(("from", "yesterday"));
        hunt.site.post(&hunt.of_case(""), &hunt.ada, &range).await.is(422).says("value=\"yesterday\"").says("expected a time");
        let started = hunt.site.post(&hunt.of_case(""), &hunt.ada, &asked("last")).await.is(303);
        let path = started.location().to_owned();
        // It can be looked at while it waits.
        hunt.page(&path).await.is(200).says("Waits for its turn").says("data-live-refresh=\"now\"");
        job::drain(&hunt.site.test).unwrap();

        let answer = hunt.page(&path).await.is(200).says("All 3").says("Seen 2").says("Not seen 1");
        let answer = answer.says("evil[.]example").says("no coverage").says("no data in this window; it has 2023-08-15");
        answer.says("Seen on").says("Add 1 to case").says("2/8 d").says("What was covered").says_nothing_of("href=\"https://evil");
        hunt.page(&format!("{path}?show=not_seen")).await.is(200).says("quiet[.]example").says_nothing_of(">evil[.]example");
        hunt.page(&format!("{path}?q=quiet")).await.is(200).says("<mark>quiet</mark>").says_nothing_of("evil[.]example</a>");
        hunt.page(&format!("{path}?q=nonesuch")).await.is(200).says("Nothing matches");
        hunt.page(&hunt.of_case("")).await.is(200).says("last 7 days").says("Done");

        // The same search over all data.
        let again = hunt.site.post(&format!("{path}/again"), &hunt.ada, &[("all_data", "1")]).await.is(303);
        job::drain(&hunt.site.test).unwrap();
        hunt.page(again.location()).await.is(200).says("all data").says_nothing_of("no coverage<");
        hunt.page(&format!("{}?open=who", again.location())).await.is(200).says("MKT01").says("not in CMDB");
        // And as it was: the window ends now again.
        hunt.site.test.world.advance(86_400);
        let again = hunt.site.post(&format!("{path}/again"), &hunt.ada, &[]).await.is(303);
        job::drain(&hunt.site.test).unwrap();
        let number = again.location().rsplit('/').next().unwrap().to_owned();
        let view = hunt.api(&format!("/sightings/{number}")).await;
        assert_eq!((view["window"]["text"].as_str(), view["totals"]["observables"].as_i64()), (Some("last 7 days"), Some(3)));
        assert!(view["window"]["to"].as_str().unwrap().starts_with("2026-01-06"), "{view}");
    });
}

#[test]
fn what_attackers_wrote_into_logs_is_only_text() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.import("<b>Proxy</b>", proxy()).await;
        let number = hunt.search(json!({ "all_data": true })).await;
        let results = hunt.api(&format!("/sightings/{number}/results?outcome=seen")).await;
        let domain =
            results["items"].as_array().unwrap().iter().find(|item| item["observable"]["title"] == "evil.example").unwrap().clone();
        let open = format!("/{number}?open={}", domain["observable"]["id"].as_str().unwrap());
        let panel = hunt.page(&hunt.of_case(&open)).await.is(200);
        let panel = panel.says("&#60;script&#62;alert(1)").says("<mark>evil.example</mark>").says("U+202E").says("&#60;b&#62;Proxy");
        panel
            .says_nothing_of("<script>alert")
            .says_nothing_of("\u{202e}")
            .says_nothing_of("<b>Proxy")
            .says("not in CMDB")
            .says("time: all data");
        // The details of the artifact tell it too.
        let details = format!("/cases/{}/artifacts?open={}", hunt.case, domain["observable"]["id"].as_str().unwrap());
        hunt.page(&details).await.is(200).says(&number).says("WS-1").says_nothing_of("<b>Proxy");
    });
}

#[test]
fn what_was_seen_goes_into_the_case() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.import("Proxy", proxy()).await;
        let number = hunt.search(json!({ "last": "7d" })).await;
        let path = hunt.of_case(&format!("/{number}"));
        let view = hunt.api(&format!("/sightings/{number}")).await;
        let known = view["matched_hosts"][0]["candidates"][0]["record_id"].as_str().unwrap().to_owned();
        let who = format!("{path}?open=who");
        hunt.page(&who)
            .await
            .is(200)
            .says("Known configuration items")
            .says("workstation, Finance")
            .says("Create configuration item")
            .says("Create user");

        let back = [("back", who.as_str())];
        let added = hunt.site.post(&format!("{path}/add"), &hunt.ada, &[("record", known.as_str()), back[0]]).await.is(303);
        assert!(added.location().starts_with(&who) && added.location().contains("did="), "{}", added.location());
        hunt.page(added.location()).await.is(200).says("Undo").says("in case");
        let created =
            hunt.site.post(&format!("{path}/create"), &hunt.ada, &[("host", "10.4.2.19"), ("account", r"CORP\anna")]).await.is(303);
        assert!(created.location().starts_with(&path), "{}", created.location());

        // What was created is known from then on, and says where it came from.
        let view = hunt.api(&format!("/sightings/{number}")).await;
        let names =
            |of: &str| view[of].as_array().unwrap().iter().map(|name| name["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((names("matched_hosts"), names("unmatched_hosts")), (vec!["WS-1".to_owned(), "10.4.2.19".to_owned()], vec![]));
        assert_eq!((names("matched_accounts"), names("unmatched_accounts")), (vec![r"CORP\anna".to_owned()], vec!["svc-proxy".to_owned()]));
        let users = hunt.api(&format!("/cases/{}/artifacts?kind=user", hunt.case)).await;
        let origin = &users["items"][0]["origins"][0];
        assert_eq!((origin["kind"].as_str(), origin["title"].as_str()), (Some("sighting"), Some(number.as_str())));

        // Nobody is led away by what a form says, and a search stays with its case.
        let led = [("account", "svc-proxy"), ("back", "//evil.example/")];
        assert!(hunt.site.post(&format!("{path}/create"), &hunt.ada, &led).await.is(303).location().starts_with(&path));
        let other = hunt.site.json(Method::POST, "/cases", &hunt.ada, &json!({ "name": "Another" })).await.json();
        hunt.page(&format!("/cases/{}/sightings/{number}", other["number"].as_str().unwrap())).await.is(404);
        let rita = hunt.site.token(&hunt.site.test.reader).await;
        hunt.site.get(&path, &rita).await.is(200).says_nothing_of("Add 1 to case").says_nothing_of("Run again");
        hunt.site.post(&format!("{path}/add"), &rita, &[("record", known.as_str())]).await.is(403);
    });
}

#[test]
fn a_machine_tells_with_what_it_was_seen() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.import("Proxy", proxy()).await;
        let number = hunt.search(json!({ "all_data": true })).await;
        let machine = hunt.api("/records?kind=configuration_item").await["items"][0]["id"].as_str().unwrap().to_owned();
        let seen = hunt.api(&format!("/records/{machine}/seen-with")).await;
        let told: Vec<(&str, i64)> = seen["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["observable"]["title"].as_str().unwrap(), one["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(told, [("evil.example", 2), ("https://evil.example/a", 1)]);
        let page = hunt.page(&format!("/record/{machine}?tab=sightings")).await.is(200).says("evil[.]example").says("WS-1");
        let page = page.says(&format!("/cases/{}/sightings/{number}?open=", hunt.case));
        page.says("Vulnerable items<small>0").says("Vulnerabilities<small>0").says("Users<small>0");
        let added = json!({ "record_ids": [machine] });
        hunt.site.json(Method::POST, &format!("/cases/{}/artifacts", hunt.case), &hunt.ada, &added).await.is(200);
        let panel = format!("/cases/{}/artifacts?kind=configuration_item&open={machine}&tab=sightings", hunt.case);
        hunt.page(&panel).await.is(200).says("Seen in the logs").says(&number);
    });
}

#[test]
fn a_selection_of_the_artifacts_is_searched() {
    block_on(async {
        let hunt = Hunt::new().await;
        hunt.import("Proxy", proxy()).await;
        let list = hunt.api(&format!("/cases/{}/artifacts?kind=observable&q=quiet", hunt.case)).await;
        let quiet = list["items"][0]["record"]["id"].as_str().unwrap().to_owned();
        let selected = [("record", quiet.as_str()), ("kind", "observable"), ("reason", "other"), ("text", "")];
        hunt.site.post(&hunt.of_case("/ask"), &hunt.ada, &selected).await.is(200).says("1 observable</b>, as selected").says(&quiet);
        let all = [("all_matching", "1"), ("kind", "observable"), ("q", "evil"), ("record", quiet.as_str())];
        let asked = hunt.site.post(&hunt.of_case("/ask"), &hunt.ada, &all).await.is(200).says("2 observables</b>").says_nothing_of(&quiet);
        asked.says("name=\"q\" value=\"evil\"");
        let start = [("all_matching", "1"), ("kind", "observable"), ("q", "evil"), ("window", "last"), ("number", "90"), ("unit", "h")];
        let started = hunt.site.post(&hunt.of_case(""), &hunt.ada, &start).await.is(303);
        job::drain(&hunt.site.test).unwrap();
        hunt.page(started.location()).await.is(200).says("All 2").says("last 90 hours").says_nothing_of("quiet[.]");
    });
}

#[test]
fn the_api_answers_in_the_words_of_the_contract() {
    block_on(async {
        let hunt = Hunt::new().await;
        let sent = hunt.import("Proxy", proxy()).await;
        assert_eq!((sent["job"].as_str(), sent["state"].as_str()), (sent["id"].as_str(), Some("queued")));
        let done = hunt.api(&format!("/jobs/{}", sent["job"].as_str().unwrap())).await;
        assert_eq!((done["state"].as_str(), done["done"].as_i64()), (Some("done"), done["total"].as_i64()));
        let job = format!("/jobs/{}/cancel", sent["job"].as_str().unwrap());
        hunt.site.json(Method::POST, &job, &hunt.ada, &json!({})).await.is(409);

        let number = hunt.search(json!({ "from": "2026-01-01", "to": "2026-01-05", "sources": ["Proxy"] })).await;
        let path = format!("/cases/{}/sightings", hunt.case);
        assert_eq!(hunt.api(&path).await["items"][0]["number"], number);
        let results = hunt.api(&format!("/sightings/{number}/results")).await;
        let of =
            |title: &str| results["items"].as_array().unwrap().iter().find(|item| item["observable"]["title"] == title).unwrap().clone();
        let domain = of("evil.example");
        assert_eq!(
            (domain["count"].as_i64(), domain["count_is_exact"].as_bool(), domain["hosts"].as_array().unwrap().len()),
            (Some(3), Some(true), 2)
        );
        assert_eq!((of("https://evil.example/a")["count"].as_i64(), of("quiet.example")["count"].as_i64()), (Some(1), Some(0)));
        let record = domain["observable"]["id"].as_str().unwrap();
        assert_eq!(hunt.api(&format!("/records/{record}/sightings")).await["items"][0]["number"], number);
        let add = json!({ "records": [{ "kind": "user", "name": "svc-proxy" }] });
        let added = hunt.site.json(Method::POST, &format!("/sightings/{number}/add-matched"), &hunt.ada, &add).await.is(200).json();
        assert_eq!(added["affected"], 1);
        let again = hunt.site.json(Method::POST, &format!("/sightings/{number}/again"), &hunt.ada, &json!({})).await.is(202).json();
        assert_eq!(again["window"], hunt.api(&format!("/sightings/{number}")).await["window"]);
        job::drain(&hunt.site.test).unwrap();

        let refused = hunt.site.json(Method::POST, &path, &hunt.ada, &json!({ "last": "7y", "sources": ["Proxy"] })).await.is(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/last");
        let refused = hunt.site.json(Method::POST, &path, &hunt.ada, &json!({ "sources": ["Splunk"] })).await.is(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/sources/0");
        let rita = hunt.site.token(&hunt.site.test.reader).await;
        hunt.site.json(Method::POST, &path, &rita, &json!({})).await.is(403);
    });
}

#[test]
fn a_job_is_cancelled_from_where_it_is_shown() {
    block_on(async {
        let hunt = Hunt::new().await;
        let (body, kind) = multipart(&[("source", "Proxy")], &[("one.jsonl", &proxy())]);
        hunt.site.send(request(Method::POST, "/logs", &hunt.ada, Body::from(body), &kind)).await.is(303);
        let job = hunt.api("/jobs").await["items"][0]["id"].as_str().unwrap().to_owned();
        let bob = hunt.site.test.person("bob", model::Role::Analyst);
        let bob = hunt.site.token(&bob).await;
        let cancel = |who: &As| -> Request<Body> {
            let mut cancel = request(Method::POST, &format!("/jobs/{job}/cancel"), who, Body::empty(), support::FORM);
            cancel.headers_mut().insert(header::REFERER, "http://vizsla.example/logs/Proxy".parse().unwrap());
            cancel
        };
        hunt.site.send(cancel(&bob)).await.is(403).says("Only whoever started it");
        assert_eq!(hunt.site.send(cancel(&hunt.ada)).await.is(303).location(), "/logs/Proxy");
        job::drain(&hunt.site.test).unwrap();
        hunt.page(&format!("/jobs/{job}")).await.is(200).says("Cancelled");
        hunt.page("/logs/Proxy").await.is(200).says("Failed").says("it was cancelled");
    });
}
