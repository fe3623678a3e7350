//! What a sightings answer can become: a comparison, findings, a file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::job;
use axum::body::Body;
use axum::http::Method;
use serde_json::{Value as Json, json};
use support::{Answer, As, Site, request};
use testkit::TestApp;

/// A case whose observables are looked for in the logs of a proxy.
struct Hunt {
    site: Site,
    ada: As,
    case: String,
}

impl Hunt {
    async fn new(test: TestApp) -> Self {
        let site = Site::over(test);
        let ada = site.token(&site.test.analyst).await;
        let case = site.json(Method::POST, "/cases", &ada, &json!({ "name": "Portal" })).await.is(201).json();
        let case = case["number"].as_str().unwrap().to_owned();
        let given = json!({ "observables": ["evil.example", "late.example", "quiet.example"] });
        site.json(Method::POST, &format!("/cases/{case}/artifacts"), &ada, &given).await.is(200);
        let known = json!({ "kind": "configuration_item", "name": "WS-1", "class": "workstation", "owner": "Finance" });
        site.json(Method::POST, "/records", &ada, &known).await.is(201);
        let hunt = Self { site, ada, case };
        hunt.import(&[("2026-01-02T08:00:00Z", "WS-1", "evil.example"), ("2026-01-04T09:00:00Z", "WS-1", "nothing")]).await;
        hunt
    }

    async fn import(&self, events: &[(&str, &str, &str)]) {
        let line = |(time, host, text): &(&str, &str, &str)| {
            json!({ "@timestamp": time, "host": { "name": host }, "user": { "name": r"CORP\anna" }, "message": text }).to_string()
        };
        let lines: Vec<String> = events.iter().map(line).collect();
        let path = "/api/v1/imports/logs?source=Proxy&file_name=own.jsonl";
        let body = Body::from(lines.join("\n"));
        self.site.send(request(Method::POST, path, &self.ada, body, "application/x-ndjson")).await.is(202);
        job::drain(&self.site.test).unwrap();
    }

    async fn search(&self) -> String {
        let path = format!("/cases/{}/sightings", self.case);
        let started = self.site.json(Method::POST, &path, &self.ada, &json!({ "all_data": true })).await.is(202).json();
        job::drain(&self.site.test).unwrap();
        started["number"].as_str().unwrap().to_owned()
    }

    async fn page(&self, path: &str) -> Answer {
        self.site.get(&format!("/cases/{}{path}", self.case), &self.ada).await
    }

    async fn api(&self, path: &str) -> Json {
        self.site.get(&format!("/api/v1{path}"), &self.ada).await.is(200).json()
    }
}

testkit::each_engine! {
    async fn what_changed_since_is_told_on_a_page_of_its_own_and_marked_in_the_answer(test: TestApp) {
        let hunt = Hunt::new(test).await;
        let first = hunt.search().await;
        hunt.page(&format!("/sightings/{first}")).await.is(200).says_nothing_of("Compare").says_nothing_of(">New");
        hunt.page(&format!("/sightings/{first}/compare")).await.is(200).says("Nothing to compare with");
        hunt.import(&[
            ("2026-01-04T10:00:00Z", "WS-2", "late.example"), ("2026-01-03T10:00:00Z", "WS-2", "quiet.example"),
            ("2026-01-04T11:00:00Z", "WS-9", "evil.example"),
        ]).await;
        let second = hunt.search().await;

        let told = hunt.api(&format!("/sightings/{second}/compare")).await;
        assert_eq!((told["with"]["number"].as_str(), told["total"].as_i64()), (Some(first.as_str()), Some(3)));
        let of = |value: &str| told["items"].as_array().unwrap().iter().find(|i| i["observable"]["title"] == value).unwrap().clone();
        // Of the 3rd there was no event before.
        assert_eq!([of("late.example"), of("quiet.example"), of("evil.example")].map(|i| i["change"].as_str().unwrap().to_owned()),
            ["newly_seen", "newly_covered", "more_events"]);
        assert_eq!((&of("evil.example")["then"]["count"], &of("evil.example")["new_hosts"][0]["name"]), (&json!(1), &json!("WS-9")));
        assert_eq!((&told["sources"][0]["source"], &told["sources"][0]["coverage_differs"]), (&json!("Proxy"), &json!(true)));
        let new = hunt.api(&format!("/sightings/{second}/compare?with={first}&change=newly_seen")).await;
        assert_eq!((new["items"].as_array().unwrap().len(), new["total"].as_i64()), (1, Some(1)));
        let refused = |query: &'static str| {
            let path = format!("/api/v1/sightings/{second}/compare?{query}");
            let hunt = &hunt;
            async move { hunt.site.get(&path, &hunt.ada).await.is(422) }
        };
        refused("change=vanished").await.says("/change");
        hunt.site.get(&format!("/api/v1/sightings/{first}/compare?with={second}"), &hunt.ada).await.is(422).says("/with");

        let page = hunt.page(&format!("/sightings/{second}/compare")).await.is(200).says("Changed 3").says("Newly seen 1");
        page.says("Not covered then 1").says("WS-9").says("do not cover the same days").says("late[.]example").says(&format!("value=\"{first}\" selected"));
        hunt.page(&format!("/sightings/{second}/compare?change=newly_seen")).await.is(200).says("late[.]example").says_nothing_of("quiet[.]example");
        hunt.page(&format!("/sightings/{second}/compare?change=same")).await.is(200).says("No observable came out so");
        let answer = hunt.page(&format!("/sightings/{second}")).await.is(200).says("New 2").says("Compare…");
        answer.says("<span class=\"chip info\">new</span>").says("<span class=\"chip\">new?</span>").says(&format!("{first} had no data of that time"));
        hunt.page(&format!("/sightings/{second}?show=new")).await.is(200).says("late[.]example").says_nothing_of(">evil[.]example");
        hunt.page(&format!("/sightings/{second}?show=new&with={first}&q=quiet")).await.is(200).says("New 2").says_nothing_of("late[.]example");

        // The same again: nothing changed.
        let third = hunt.search().await;
        hunt.page(&format!("/sightings/{third}/compare")).await.is(200).says("Nothing changed").says("the same days then");
        hunt.page(&format!("/sightings/{third}?show=new")).await.is(200).says("Nothing is new");
    }

    async fn the_answer_leaves_as_a_file_with_what_was_not_seen_and_the_gaps(test: TestApp) {
        let hunt = Hunt::new(test).await;
        let search = hunt.search().await;
        hunt.page(&format!("/sightings/{search}")).await.is(200).says("Export…");
        hunt.page(&format!("/sightings/{search}/export")).await.is(200).says("Export the answer of").says("Markdown");

        let file = |query: &'static str| {
            let path = format!("/api/v1/sightings/{search}/export?{query}");
            let hunt = &hunt;
            async move { hunt.site.get(&path, &hunt.ada).await }
        };
        let table = file("format=csv").await.is(200);
        let table = table.says(",evil.example,unknown,Proxy,false,seen,1,true,").says(",quiet.example,unknown,Proxy,false,not_seen,0,true,");
        table.says("2026-01-03").says("WS-1 (1)");
        file("format=csv&defang=true").await.is(200).says(",evil[.]example,");
        let whole = file("format=json").await.is(200).json();
        assert_eq!(whole["results"].as_array().unwrap().len(), 3);
        assert_eq!((&whole["search"]["search"], &whole["search"]["coverage"][0]["source"]), (&json!(search), &json!("Proxy")));
        let read = file("format=markdown&defang=true").await.is(200);
        read.says("| `evil[.]example` | unknown | `Proxy` | seen | 1 |").says("## What was covered");
        file("format=pdf").await.is(422).says("/format");
        file("format=json&defang=true").await.is(422).says("/defang");
        let page = hunt.page(&format!("/sightings/{search}/export?format=csv&defang=1")).await.is(200);
        page.says("evil[.]example");

        let case = hunt.api(&format!("/cases/{}/export?format=json", hunt.case)).await;
        assert_eq!((&case["searches"][0]["search"], &case["searches"][0]["totals"][0]), (&json!(search), &json!(["seen", 1])));
        let told = hunt.api(&format!("/cases/{}/activity", hunt.case)).await.to_string();
        assert!(told.contains("sighting.export") && told.contains("\"format\":\"markdown\""), "{told}");
    }

    async fn a_result_becomes_a_note_a_verdict_a_relationship_and_an_incident(test: TestApp) {
        let hunt = Hunt::new(test).await;
        let search = hunt.search().await;
        let listed = hunt.api(&format!("/sightings/{search}/results?outcome=seen")).await;
        let evil = listed["items"][0]["observable"]["id"].as_str().unwrap().to_owned();
        let machine = listed["items"][0]["matched_configuration_items"][0]["record_id"].as_str().unwrap().to_owned();
        let draft = hunt.api(&format!("/sightings/{search}/finding?observable={evil}")).await;
        let text = draft["text"].as_str().unwrap();
        assert!(text.starts_with("`evil[.]example` was seen in `Proxy`: 1 event, first 2026-01-02T08:00:00Z") && text.contains("`WS-1` (1)"), "{text}");
        assert_eq!(draft["record_ids"], json!([machine]));
        let post = |what: &'static str, body: Json| {
            let (hunt, path) = (&hunt, format!("/sightings/{search}/{what}"));
            async move { hunt.site.json(Method::POST, &path, &hunt.ada, &body).await }
        };

        // With nothing but the result named, what was drafted is written.
        let note = post("note", json!({ "observable": evil })).await.is(201).json();
        assert_eq!((note["kind"].as_str(), note["text"].as_str()), (Some("work_note"), Some(text)));
        let annotated = post("annotation", json!({ "observable": evil, "text": "Ours.", "finding": "malicious" })).await.is(200).json();
        assert_eq!(hunt.api(&format!("/records/{evil}")).await["record"]["finding"], "malicious");
        let undo = format!("/operations/{}/undo", annotated["operation_id"].as_str().unwrap());
        hunt.site.json(Method::POST, &undo, &hunt.ada, &json!({})).await.is(200);
        let joined = post("relationships", json!({ "observable": evil })).await.is(200).json();
        assert_eq!((&joined["items"][0]["to"], &joined["items"][0]["type"]), (&json!(machine), &json!("seen-on")));
        let made = post("incident", json!({ "observable": evil, "incident": { "severity": "high" } })).await.is(201).json();
        assert_eq!(made["incident"]["severity"], "high");
        assert!(made["incident"]["title"].as_str().unwrap().starts_with("evil[.]example seen in Proxy on WS-1"), "{}", made["incident"]);
        // What it affects is in the case too; the same result is the same incident.
        let machines = hunt.api(&format!("/cases/{}/artifacts?kind=configuration_item", hunt.case)).await;
        assert_eq!(machines["items"][0]["origins"][0]["title"], search);
        let again = post("incident", json!({ "observable": evil })).await.is(200).json();
        assert_eq!((&again["created"], &again["incident"]["id"]), (&json!(false), &made["incident"]["id"]));
        let told = hunt.page("/activity").await.is(200).says(&format!("wrote a work note on {search}"));
        told.says(&format!("(seen-on) on {search}")).says("undid a change").says(&format!("added 2 artifacts from {search}"));

        // What was not seen can be noted and judged, and nothing else.
        let quiet = hunt.api(&format!("/sightings/{search}/results?outcome=not_seen&q=quiet")).await["items"][0]["observable"]["id"].clone();
        post("incident", json!({ "observable": quiet })).await.is(409).says("was not seen");
        let said = post("note", json!({ "observable": quiet, "kind": "comment" })).await.is(201).json();
        assert!(said["text"].as_str().unwrap().contains("was not seen in `Proxy`"), "{said}");
        post("note", json!({ "observable": machine })).await.is(422).says("/observable");
        post("note", json!({ "observable": evil, "source": "DNS" })).await.is(422).says("/source");
        post("incident", json!({ "observable": evil, "incident": { "number": "" } })).await.is(422).says("/incident/number");
        post("relationships", json!({ "observable": evil, "record_ids": ["identity--0"] })).await.is(422).says("/record_ids/0");
        let rita = hunt.site.token(&hunt.site.test.reader).await;
        hunt.site.json(Method::POST, &format!("/sightings/{search}/note"), &rita, &json!({ "observable": evil })).await.is(403);

        // The same by forms, without any script.
        let answer = hunt.page(&format!("/sightings/{search}?open={evil}")).await.is(200).says("Record it");
        answer.says(&format!("/finding?open={evil}&amp;source=Proxy&amp;what=incident").replace("&amp;", "&#38;"));
        let path = format!("/cases/{}/sightings/{search}/finding", hunt.case);
        let form = |what: &str| format!("/sightings/{search}/finding?what={what}&open={evil}&source=Proxy");
        hunt.page(&form("note")).await.is(200).says("`evil[.]example` was seen in").says("Write the note");
        hunt.page(&form("annotation")).await.is(200).says("Stays malicious");
        hunt.page(&form("relationship")).await.is(200).says("value=\"seen-on\"").says("host name ws-1").says(" checked");
        hunt.page(&form("incident")).await.is(200).says("evil[.]example seen in Proxy").says("Raise the incident");
        hunt.page(&form("nonsense")).await.is(404);
        let of = |what: &'static str, more: &[(&'static str, &'static str)]| {
            let mut form = vec![("what".to_owned(), what.to_owned()), ("open".to_owned(), evil.clone()), ("source".to_owned(), "Proxy".to_owned())];
            form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let (hunt, path) = (&hunt, path.clone());
            async move {
                let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                hunt.site.post(&path, &hunt.ada, &form).await
            }
        };
        let noted = of("note", &[("kind", "work_note"), ("text", "Seen by me.")]).await.is(303);
        assert!(noted.location().starts_with(&format!("/cases/{}?saved=finding:{search}:note#note-", hunt.case)), "{}", noted.location());
        of("note", &[("text", " ")]).await.is(422).says("write something");
        let done = of("annotation", &[("text", "Theirs."), ("finding", "")]).await.is(303);
        assert!(done.location().contains("did="), "{}", done.location());
        of("relationship", &[("type", "seen-on")]).await.is(422).says("name at least one record");
        let related = of("relationship", &[("type", "uses"), ("record", machine.clone().leak())]).await.is(303);
        assert!(related.location().starts_with(&format!("/cases/{}/sightings/{search}?open=", hunt.case)), "{}", related.location());
        hunt.site.get(related.location(), &hunt.ada).await.is(200).says("The relationships are written").says("Show events");
        of("incident", &[("number", ""), ("short_description", "Kept as typed")]).await.is(422).says("Kept as typed");
        let raised = of("incident", &[("number", "INC1"), ("short_description", "Raised")]).await.is(303);
        hunt.site.get(raised.location(), &hunt.ada).await.is(200).says("Added 1 artifact from SIGHT").says("Undo");
    }
}
