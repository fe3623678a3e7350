//! Products that are not at hand: asked as their public documentation says, answered in the shapes that it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::sighting::{SightingRequest, SightingResultView};
use app::source::{self, Settings, SourceInput};
use evidence::{case_with, results, search};
use model::sighting::{Outcome, SourceKind};
use serde_json::{Value as Json, json};
use testkit::{Engine, Reply, Request, Service, TestApp};

/// Asks a source for one value in the first week of 2026.
async fn ask(kind: SourceKind, url: &str, value: &str, more: impl FnOnce(&mut SourceInput)) -> (TestApp, SightingResultView) {
    let test = TestApp::new(Engine::Sqlite);
    let settings = Settings { url: url.to_owned(), timeout_seconds: 5, ..Settings::default() };
    let mut input = SourceInput { name: "siem".to_owned(), kind, settings, secret: "s3cret".to_owned().into(), enabled: true };
    more(&mut input);
    source::create(&test, &test.admin, input).await.unwrap();
    let case = case_with(&test, &[value]).await;
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-07T23:59:59Z".parse().unwrap());
    let found = search(&test, &case, SightingRequest { from: Some(from), to: Some(to), ..SightingRequest::default() }).await;
    let mut all = results(&test, &found).await;
    let result = all.remove(0);
    (test, result)
}

fn told(result: &SightingResultView) -> (Outcome, i64, bool, Vec<&str>, Vec<&str>, &str) {
    let hosts = result.hosts.iter().map(|name| name.name.as_str()).collect();
    let accounts = result.accounts.iter().map(|name| name.name.as_str()).collect();
    (result.outcome, result.count, result.count_is_exact, hosts, accounts, result.error.as_str())
}

/// A parameter of a form or a query, decoded.
fn parameter(text: &str, name: &str) -> String {
    let pair = text.rsplit('?').next().unwrap().split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    let bytes = pair.unwrap_or_default().replace('+', " ").into_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            out.push(u8::from_str_radix(std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap(), 16).unwrap());
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

const JAN_2: i64 = 1_767_348_000;

#[test]
fn splunk_answers_lines() {
    testkit::block_on(async {
        let splunk = Service::new(|request: &Request| {
            let search = parameter(&request.body, "search");
            let row = |row: Json| json!({"preview": false, "offset": 0, "lastrow": true, "result": row}).to_string();
            Reply::ok(if search.contains("by day") {
                row(json!({"day": "20455", "events": "1", "first": format!("{JAN_2}.5"), "last": format!("{JAN_2}.5")}))
            } else if search.contains("rename") {
                row(json!({"name": "ws-1", "events": "1"}))
            } else {
                let raw = "2026-01-02 10:00:00 conn to 192.0.2.1:443 from ws-1";
                format!("{}\n", row(json!({"_time": format!("{JAN_2}.500"), "host": "ws-1", "user": "anna", "_raw": raw})))
            })
        });
        let (_test, result) = ask(SourceKind::Splunk, splunk.url(), "192.0.2.1", |_| {}).await;
        assert_eq!(told(&result), (Outcome::Seen, 1, true, vec!["ws-1"], vec!["anna"], ""));
        assert_eq!(result.first_seen.unwrap().to_string(), "2026-01-02T10:00:00.5Z");
        assert_eq!(result.samples[0].marks.len(), 1);
        let asked = &splunk.asked()[1];
        assert_eq!((asked.target.as_str(), asked.header("authorization")), ("/services/search/jobs/export", "Bearer s3cret"));
        assert!(parameter(&asked.body, "search").starts_with("search index=* ((\"192.0.2.1\"))"), "{}", asked.body);
        assert_eq!(parameter(&asked.body, "earliest_time"), "1767225600.000000");
        // A search that Splunk refuses says so in a line.
        let refusing = Service::new(|_| Reply::ok(r#"{"messages":[{"type":"FATAL","text":"Error in 'search' command"}]}"#));
        let (_test, result) = ask(SourceKind::Splunk, refusing.url(), "192.0.2.1", |_| {}).await;
        assert!(result.outcome == Outcome::Failed && result.error.contains("Error in 'search' command"), "{}", result.error);
    });
}

#[test]
fn sentinel_is_asked_with_a_token_of_its_own() {
    testkit::block_on(async {
        let sentinel = Service::new(|request: &Request| {
            if request.target == "/contoso/oauth2/v2.0/token" {
                assert_eq!(
                    (parameter(&request.body, "client_id"), parameter(&request.body, "client_secret")),
                    ("app".into(), "s3cret".into())
                );
                return Reply::ok(r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t0ken"}"#);
            }
            assert_eq!((request.target.as_str(), request.header("authorization")), ("/v1/workspaces/w1/query", "Bearer t0ken"));
            let body: Json = serde_json::from_str(&request.body).unwrap();
            let query = body["query"].as_str().unwrap();
            let table = |columns: &[&str], rows: Json| {
                let columns: Vec<Json> = columns.iter().map(|name| json!({"name": name, "type": "string"})).collect();
                json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}).to_string()
            };
            let time = "2026-01-02T10:00:00.5Z";
            Reply::ok(if query.contains("by day") {
                table(&["day", "events", "first", "last"], json!([["2026-01-02T00:00:00Z", 1, time, time]]))
            } else if query.contains("by name") {
                table(&["name", "events"], json!([["ws-1", 1]]))
            } else {
                table(&["TimeGenerated", "Computer", "Account", "Message"], json!([[time, "ws-1", "CORP\\anna", "to 192.0.2.1"]]))
            })
        });
        let url = sentinel.url().to_owned();
        let (_test, result) = ask(SourceKind::Sentinel, sentinel.url(), "192.0.2.1", |input| {
            input.settings.place = "w1".to_owned();
            input.settings.user = "app".to_owned();
            input.settings.tenant = format!("{url}/contoso");
        })
        .await;
        assert_eq!(told(&result), (Outcome::Seen, 1, true, vec!["ws-1"], vec!["CORP\\anna"], ""));
        let tokens = sentinel.asked().iter().filter(|request| request.target.contains("token")).count();
        assert_eq!(tokens, 1, "a token is kept");
        assert!(result.query.starts_with("search \"192.0.2.1\" | where TimeGenerated between"), "{}", result.query);
    });
}

#[test]
fn qradar_searches_are_looked_after() {
    testkit::block_on(async {
        let qradar = Service::new(|request: &Request| {
            assert_eq!(request.header("sec"), "s3cret");
            let query = parameter(&request.target, "query_expression");
            if request.method == "POST" {
                let id = if query.contains("GROUP BY day") {
                    "days"
                } else if query.contains("GROUP BY name") {
                    "names"
                } else {
                    "events"
                };
                return Reply::status(201, json!({"search_id": id, "status": "WAIT"}).to_string());
            }
            let millis = JAN_2 * 1_000;
            Reply::ok(match request.target.as_str() {
                "/api/ariel/searches/days/results" => {
                    json!({"events": [{"day": 20455, "events": 1.0, "first": millis, "last": millis}]}).to_string()
                }
                "/api/ariel/searches/names/results" => json!({"events": [{"name": "10.0.0.9", "events": 1.0}]}).to_string(),
                "/api/ariel/searches/events/results" => {
                    json!({"events": [{"starttime": millis, "sourceip": "10.0.0.9", "username": "anna", "payload": "<13>to it's 192.0.2.1"}]}).to_string()
                }
                _ => json!({"status": "COMPLETED"}).to_string(),
            })
        });
        let (_test, result) = ask(SourceKind::QRadar, qradar.url(), "192.0.2.1", |_| {}).await;
        assert_eq!(told(&result), (Outcome::Seen, 1, true, vec!["10.0.0.9"], vec!["anna"], ""));
        assert!(
            result.query.contains("WHERE (UTF8(payload) ILIKE '%192.0.2.1%') GROUP BY day START 1767225600000 STOP"),
            "{}",
            result.query
        );
    });
}

#[test]
fn loki_counts_over_the_window() {
    testkit::block_on(async {
        let loki = Service::new(|request: &Request| {
            let query = parameter(&request.target, "query");
            if request.target.starts_with("/loki/api/v1/query_range") {
                let line = "level=info dst=192.0.2.1";
                let nanos = format!("{JAN_2}500000000");
                return Reply::ok(
                    json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"host": "ws-1"}, "values": [[nanos, line]]}]}})
                        .to_string(),
                );
            }
            let metric = if query.starts_with("sum by (host)") { json!({"host": "ws-1"}) } else { json!({}) };
            Reply::ok(
                json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": metric, "value": [JAN_2, "1"]}]}})
                    .to_string(),
            )
        });
        let (_test, result) =
            ask(SourceKind::Loki, loki.url(), "192.0.2.1", |input| input.settings.place = "{job=\"fw\"}".to_owned()).await;
        assert_eq!(told(&result), (Outcome::Seen, 1, true, vec!["ws-1"], vec![], ""));
        assert!(result.query.starts_with(r#"{job="fw"} |~ "(?i)192\\.0\\.2\\.1""#), "{}", result.query);
    });
}

#[test]
fn misp_tells_what_others_saw() {
    testkit::block_on(async {
        let misp = Service::new(|request: &Request| {
            assert_eq!(request.header("authorization"), "s3cret");
            if request.target == "/servers/getVersion" {
                return Reply::ok(r#"{"version":"2.4.198","perm_sync":false}"#);
            }
            let body: Json = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body["value"], json!(["192.0.2.1"]));
            let sighting =
                |of_type: &str, at: i64| json!({"type": of_type, "date_sighting": at.to_string(), "Organisation": {"name": "CIRCL"}});
            Reply::ok(
                json!({"response": {"Attribute": [
                    {"id": "7", "event_id": "3", "type": "ip-dst", "value": "192.0.2.1", "timestamp": JAN_2.to_string(),
                     "Sighting": [sighting("0", JAN_2 + 86_400), sighting("1", JAN_2), sighting("0", JAN_2 - 86_400 * 30)]},
                    {"id": "8", "event_id": "3", "type": "ip-dst", "value": "192.0.2.10", "timestamp": JAN_2.to_string()}
                ]}})
                .to_string(),
            )
        });
        let (test, result) = ask(SourceKind::Misp, misp.url(), "192.0.2.1", |_| {}).await;
        assert_eq!((result.outcome, result.count, result.external, result.error.as_str()), (Outcome::Seen, 2, true, ""));
        assert_eq!(result.last_seen.unwrap().to_string(), "2026-01-03T10:00:00Z");
        let view = source::test(&test, &test.admin, "siem").await.unwrap();
        assert_eq!((view.answer.as_str(), view.external), ("MISP 2.4.198", true));
    });
}

#[test]
fn any_service_is_asked_by_template() {
    testkit::block_on(async {
        let service = Service::new(|request: &Request| {
            assert_eq!((request.header("x-api-key"), parameter(&request.target, "q").as_str()), ("s3cret", "evil.example"));
            Reply::ok(r#"{"n": 9, "hits": [{"time": "2026-01-02T10:00:00Z", "host": "ws-1", "text": "GET evil.example"}]}"#)
        });
        let (_test, result) = ask(SourceKind::Http, service.url(), "evil.example", |input| {
            input.settings.auth = "api_key".to_owned();
            input.settings.count_path = "/n".to_owned();
            input.settings.events_path = "/hits".to_owned();
            input.settings.link = "https://siem.example/?q=$(observable)".to_owned();
            input.settings.queries = [("default".to_owned(), "GET /search?q=$(observable)&from=$(from)".to_owned())].into();
        })
        .await;
        assert_eq!(
            (result.outcome, result.count, result.link.as_deref()),
            (Outcome::Seen, 9, Some("https://siem.example/?q=evil.example"))
        );
        assert!(result.query.contains("the first 1 events were compared by the rule, and all hold the value"), "{}", result.query);
    });
}
