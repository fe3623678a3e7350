//! Outside sources at both doors: set up, refused, tried, tested, asked from a case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::http::Method;
use serde_json::json;
use support::desk::{Desk, ESCAPED, HOSTILE};
use testkit::{Reply, Service, block_on};

#[test]
fn an_administrator_sets_a_source_up_and_an_analyst_asks_it() {
    block_on(async {
        let desk = Desk::new().await;
        let admin = desk.site.token(&desk.site.test.admin).await;
        let name = format!("SIEM {HOSTILE}");
        desk.get("/logs").await.is(200).says_nothing_of("New outside source");
        desk.site.get("/logs", &admin).await.is(200).says("New outside source");
        desk.site.get("/outside-sources/new", &admin).await.is(200).says("Microsoft Sentinel");
        let page = desk.site.get("/outside-sources/new?kind=clickhouse", &admin).await.is(200);
        page.says("positionCaseInsensitiveUTF8(message, $(observable))").says("placeholder=\"timestamp\"");

        let service = Service::new(|_| Reply::status(401, r#"{"error":{"root_cause":[{"reason":"who are you"}]}}"#));
        let mut form = vec![
            ("kind", "opensearch"),
            ("name", name.as_str()),
            ("url", service.url()),
            ("place", "logs-*"),
            ("auth", "bearer"),
            ("secret", "hunter2"),
            ("enabled", "1"),
            ("query_type", "ipv4-addr"),
            ("query", r#"{"query_string":{"query":"$(observable)"}}"#),
        ];
        let refused = desk.site.post("/outside-sources", &admin, &form).await.is(422);
        refused.says("ipv4-addr: $(observable) must stand between double quotes").says("logs-*").says(ESCAPED).says_nothing_of("hunter2");
        form.pop();
        form.push(("query", r#"{"term":{"source.ip":"$(observable)"}}"#));
        let made = desk.site.post("/outside-sources", &admin, &form).await.is(303);
        let path = made.location().to_owned();
        let page = desk.site.get(&path, &admin).await.is(200);
        page.says("not asked yet").says("One is kept").says("source.ip").says(ESCAPED).says_nothing_of("hunter2");
        let tried = desk.get(&format!("{path}?value=192.0.2.1")).await.is(200);
        tried.says("_msearch").says("source.ip").says("192.0.2.1").says_nothing_of("How it is asked");
        assert_eq!(service.asked().len(), 0, "a trial sends nothing");
        let tested = desk.site.post(&format!("{path}/test"), &admin, &[]).await.is(303);
        desk.site.get(tested.location(), &admin).await.is(200).says("fails").says("who are you");
        desk.get("/logs").await.is(200).says("who are you").says(ESCAPED);

        let case = desk.case("Heron", false).await;
        let add = json!({"observables": ["192.0.2.1"]});
        desk.call(Method::POST, &format!("/cases/{case}/artifacts"), add).await.is(200);
        desk.get(&format!("/cases/{case}/sightings/new")).await.is(200).says(ESCAPED).says("failed the last time");
        let asked = desk.post(&format!("/cases/{case}/sightings"), &[("window", "last"), ("number", "7"), ("unit", "d")]).await.is(303);
        app::job::drain(&desk.site.test).unwrap();
        desk.get(asked.location()).await.is(200).says("failed").says("401: who are you");

        let listed = desk.site.json(Method::GET, "/sources", &admin, &json!(null)).await.is(200).json();
        assert_eq!((&listed["items"][0]["kind"], &listed["items"][0]["has_secret"]), (&json!("opensearch"), &json!(true)));
        desk.site.get(&format!("{path}/delete"), &admin).await.is(200).says("the secret that is kept for it");
        desk.site.post(&format!("{path}/delete"), &admin, &[]).await.is(303);
        desk.get(&path).await.is(404);
    });
}
