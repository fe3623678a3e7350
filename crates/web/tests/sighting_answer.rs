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
}
