//! Outside sources, asked on the real thing, beside the log index: the same events, the same counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::sighting::SightingResultView;
use app::source::{self, Settings, SourceInput};
use evidence::{all_data, case_with, import, results, search};
use model::sighting::{Outcome, SourceKind};
use serde_json::json;
use testkit::{ClickHouse, Engine, OpenSearch, TestApp};

/// Events as agents send them: time, machine, account and what happened.
fn events() -> Vec<String> {
    let event = |time: &str, host: &str, user: &str, message: &str| {
        json!({"@timestamp": time, "host": {"name": host}, "user": {"name": user}, "message": message}).to_string()
    };
    let mut all = vec![
        event("2026-01-02T10:00:00.123Z", "ws-1.corp.example", r"CORP\anna", "connect 10.0.5.13:8080 to 192.0.2.77"),
        event("2026-01-03T11:00:00Z", "ws-2.corp.example", r"CORP\ben", "10.0.5.13 again and 10.0.5.13"),
        event("2026-01-03T12:00:00Z", "ws-2.corp.example", r"CORP\ben", "near 10.0.5.130 and 110.0.5.13"),
        event("2026-01-03T13:00:00Z", "ws-2.corp.example", r"CORP\ben", "GET http://evil.example/a/b of www.evil.example"),
        event("2026-01-03T14:00:00Z", "ws-2.corp.example", r"CORP\ben", r"opened c:\users\ben\Payload.EXE now"),
        event("2026-01-03T14:00:01Z", "ws-2.corp.example", r"CORP\ben", r"opened c:\users\ben\Payload.EXE.mui now"),
        event("2026-01-03T15:00:00Z", "ws-3.corp.example", r"CORP\cleo", "GET http://evil.example/a 200"),
        event("2026-01-05T09:00:00Z", "ws-3.corp.example", r"CORP\cleo", "mail from mallory@evil.example to cleo@corp.example"),
        event("2026-01-05T09:30:00Z", "ws-3.corp.example", r"CORP\cleo", "lease 00-00-5E-00-53-01 given"),
        event("2026-01-05T09:31:00Z", "ws-3.corp.example", r"CORP\cleo", "lease 00:00:5e:00:53:01 renewed"),
        event("2026-01-05T10:00:00Z", "ws-1.corp.example", r"CORP\anna", r"set HKLM\Software\Evil\Run to 1"),
        event("2026-01-05T10:00:00Z", "ws-1.corp.example", r"CORP\anna", "d41d8cd98f00b204e9800998ecf8427e of an empty file"),
        event("2026-01-06T10:00:00Z", "ws-1.corp.example", r"CORP\anna", "d41d8cd98f00b204e9800998ecf8427ef is longer"),
    ];
    for n in 0..300 {
        let time = format!("2026-01-{:02}T08:{:02}:{:02}Z", 7 + n / 100, n / 60, n % 60);
        all.push(event(&time, &format!("ws-{}.corp.example", n % 7), r"CORP\dora", "beacon to 198.51.100.9 port 443"));
    }
    all
}

const VALUES: &[&str] = &[
    "10.0.5.13",
    "10.0.5.1",
    "192.0.2.77",
    "198.51.100.9",
    "203.0.113.200",
    "hxxp://evil[.]example/a",
    "http://evil.example/a/b",
    "evil.example",
    "mallory@evil.example",
    r"C:\Users\ben\payload.exe",
    "00:00:5e:00:53:01",
    r"HKEY_LOCAL_MACHINE\Software\Evil\Run",
    "d41d8cd98f00b204e9800998ecf8427e",
];

/// What is said of each observable, without what differs by nature: samples' line numbers, the query, domains below.
fn said(results: &[SightingResultView], source: &str) -> Vec<String> {
    let mut all: Vec<String> = results
        .iter()
        .filter(|result| result.source == source)
        .map(|r| {
            let names =
                |of: &[app::sighting::SeenNameView]| of.iter().map(|n| format!("{}={}", n.name, n.count)).collect::<Vec<_>>().join(",");
            let days = r.histogram.iter().map(|d| format!("{}={}", d.day, d.count)).collect::<Vec<_>>().join(",");
            let marked: Vec<&str> = r.samples.iter().flat_map(|s| s.marks.iter().map(|(from, to)| &s.raw[*from..*to])).collect();
            format!(
                "{} {} {} {:?} {:?}..{:?} [{days}] hosts {} accounts {} marked {marked:?}",
                r.observable.title,
                r.outcome,
                r.count,
                r.count_normalised,
                r.first_seen.map(|t| t.to_string()),
                r.last_seen.map(|t| t.to_string()),
                names(&r.hosts),
                names(&r.accounts),
            )
        })
        .collect();
    all.sort();
    all
}

async fn set_up(test: &TestApp, name: &str, kind: SourceKind, settings: Settings) {
    let input = SourceInput { name: name.to_owned(), kind, settings, secret: String::new().into(), enabled: true };
    source::create(test, &test.admin, input).await.unwrap();
}

async fn opensearch(test: &TestApp, name: &str, index: &str, more: impl FnOnce(&mut Settings)) {
    let mut settings = Settings {
        url: OpenSearch::url(),
        place: index.to_owned(),
        host_field: "host.name.keyword".to_owned(),
        account_fields: vec!["user.name.keyword".to_owned()],
        events: 500,
        ..Settings::default()
    };
    more(&mut settings);
    set_up(test, name, SourceKind::OpenSearch, settings).await;
}

fn of<'r>(results: &'r [SightingResultView], source: &str, value: &str) -> &'r SightingResultView {
    results.iter().find(|r| r.source == source && r.observable.title == value).unwrap()
}

#[test]
fn opensearch_and_the_log_index_say_the_same_of_the_same_events() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        OpenSearch::load("same-1", &events());
        import(&test, "logs", &events()).await;
        opensearch(&test, "siem", "same-*", |_| {}).await;
        let told = source::test(&test, &test.admin, "siem").await.unwrap();
        assert_eq!((told.answer.as_str(), told.error.as_str()), ("313 events in same-*, from 2026-01-02 to 2026-01-09", ""));
        // A field that OpenSearch can't count by is told when the source is tested.
        opensearch(&test, "text field", "same-*", |settings| settings.host_field = "host.name".to_owned()).await;
        let told = source::test(&test, &test.admin, "text field").await.unwrap();
        assert!(told.error.contains("host.name") && told.error.contains("aggregations"), "{}", told.error);
        source::delete(&test, &test.admin, "text field").await.unwrap();
        let case = case_with(&test, VALUES).await;
        let found = search(&test, &case, all_data()).await;
        assert_eq!(found.sources, ["logs", "siem"]);
        let all = results(&test, &found).await;
        assert_eq!(said(&all, "siem"), said(&all, "logs"));
        assert_eq!(of(&all, "siem", "198.51.100.9").count, 300);
        let held = |name: &str| found.coverage.iter().find(|c| c.source == name).unwrap();
        assert_eq!((&held("siem").days, held("siem").covered, &held("siem").gaps), (&held("logs").days, true, &held("logs").gaps));
        // A name in both sources is one name: its hits are added, its observables are not.
        let dora = found.unmatched_accounts.iter().find(|n| n.name == r"CORP\dora").unwrap();
        assert_eq!((dora.count, dora.observables), (600, 1));
    });
}

#[test]
fn a_window_in_which_a_source_has_nothing_is_no_coverage_rather_than_not_seen() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        OpenSearch::load("window-1", &events());
        opensearch(&test, "siem", "window-1", |_| {}).await;
        let case = case_with(&test, &["10.0.5.13", "203.0.113.200"]).await;
        let over = async |from: &str, to: &str| {
            let request =
                app::sighting::SightingRequest { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()), ..Default::default() };
            let found = search(&test, &case, request).await;
            let all = results(&test, &found).await;
            let one = |value| (of(&all, "siem", value).outcome, of(&all, "siem", value).count);
            (one("10.0.5.13"), one("203.0.113.200"), found.coverage[0].text.clone())
        };
        let beside = over("2025-01-01T00:00:00Z", "2025-01-08T00:00:00Z").await;
        assert_eq!(
            beside,
            ((Outcome::NoCoverage, 0), (Outcome::NoCoverage, 0), "no data in this window; it has 2026-01-02 to 2026-01-09".to_owned())
        );
        let inside = over("2026-01-03T00:00:00Z", "2026-01-04T23:59:59Z").await;
        assert_eq!(inside, ((Outcome::Seen, 1), (Outcome::NotSeen, 0), "1 of 2 days, 6 events".to_owned()));
        // Both ends belong to it, to the millisecond.
        assert_eq!(over("2026-01-02T10:00:00.123Z", "2026-01-02T10:00:00.123Z").await.0, (Outcome::Seen, 1));
        assert_eq!(over("2026-01-02T10:00:00.124Z", "2026-01-02T11:00:00Z").await.0, (Outcome::NoCoverage, 0));
    });
}

#[test]
fn what_opensearch_counts_too_much_is_at_least_what_the_rule_found() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let page = |n: usize| {
            json!({"@timestamp": format!("2026-02-01T00:00:{n:02}Z"), "message": format!("GET http://evil.example/a/{n}")}).to_string()
        };
        let mut lines: Vec<String> = (0..20).map(page).collect();
        lines.push(json!({"@timestamp": "2026-02-01T00:00:05.5Z", "message": "GET http://evil.example/a"}).to_string());
        OpenSearch::load("much-1", &lines);
        opensearch(&test, "few", "much-1", |settings| settings.events = 10).await;
        opensearch(&test, "many", "much-1", |settings| settings.events = 100).await;
        opensearch(&test, "counts", "much-1", |settings| settings.without_events = true).await;
        opensearch(&test, "cut off", "much-1", |settings| (settings.without_events, settings.count_limit) = (true, 5)).await;
        let case = case_with(&test, &["http://evil.example/a"]).await;
        let found = search(&test, &case, all_data()).await;
        let all = results(&test, &found).await;
        let one = |name| {
            let r = of(&all, name, "http://evil.example/a");
            (r.count, r.count_is_exact, r.samples.len())
        };
        assert_eq!(one("many"), (1, true, 1));
        assert_eq!(one("few"), (1, false, 1));
        assert!(of(&all, "few", "http://evil.example/a").error.contains("counts 21 events by its own comparison; of the first 10"));
        assert_eq!(one("counts"), (21, true, 0));
        assert!(of(&all, "counts", "http://evil.example/a").query.contains("counted as the source compares"));
        let (count, exact, _) = one("cut off");
        assert!(count >= 5 && !exact, "{count} {exact}");
    });
}

#[test]
fn a_query_of_ones_own_and_a_wrong_one_are_told_apart() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let line = |address: &str| json!({"@timestamp": "2026-02-01T00:00:00Z", "source": {"ip": address}}).to_string();
        OpenSearch::send("PUT", "/nets-1", r#"{"mappings":{"properties":{"source":{"properties":{"ip":{"type":"ip"}}}}}}"#);
        OpenSearch::load("nets-1", &[line("10.1.2.3"), line("10.1.9.9"), line("10.2.0.1")]);
        opensearch(&test, "nets", "nets-1", |settings| {
            settings.queries =
                [("ipv4-addr", r#"{"term":{"source.ip":"$(observable)"}}"#)].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        })
        .await;
        opensearch(&test, "by text", "nets-1", |settings| settings.host_field = "message".to_owned()).await;
        opensearch(&test, "wrong", "nets-1", |settings| {
            settings.queries = [("default".to_owned(), r#"{"no_such_query":{"a":"$(observable)"}}"#.to_owned())].into();
        })
        .await;
        let case = case_with(&test, &["10.1.0.0/16", "203.0.113.0/24", "10.1.2.3", "evil.example"]).await;
        let found = search(&test, &case, all_data()).await;
        let all = results(&test, &found).await;
        assert_eq!(of(&all, "nets", "10.1.2.3").count, 1);
        let network = of(&all, "nets", "10.1.0.0/16");
        assert_eq!((network.outcome, network.count, network.count_normalised), (Outcome::Seen, 0, Some(2)));
        // Elsewhere only its text was asked for: that it is not there says nothing of its addresses.
        assert_eq!(of(&all, "nets", "203.0.113.0/24").outcome, Outcome::NotSeen);
        assert_eq!(of(&all, "by text", "203.0.113.0/24").outcome, Outcome::Failed);
        assert_eq!(of(&all, "by text", "10.1.2.3").outcome, Outcome::Seen);
        assert_eq!(of(&all, "by text", "evil.example").outcome, Outcome::NotSeen);
        let wrong = of(&all, "wrong", "evil.example");
        assert!(wrong.outcome == Outcome::Failed && wrong.error.contains("no_such_query"), "{}", wrong.error);
        assert_eq!(found.totals.failed, 0, "one source that fails leaves the others' word");
    });
}

/// The same events as a table, and a source that asks it.
async fn clickhouse(test: &TestApp, name: &str, table: &str, more: impl FnOnce(&mut Settings)) {
    ClickHouse::run(&format!(
        "CREATE TABLE {table} (timestamp DateTime, host String, user String, message String) ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY timestamp"
    ));
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let row = |line: &String| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |pointer: &str| event.pointer(pointer).unwrap().as_str().unwrap();
        let time = text("/@timestamp").get(..19).unwrap().replace('T', " ");
        format!("({}, {}, {}, {})", quoted(&time), quoted(text("/host/name")), quoted(text("/user/name")), quoted(text("/message")))
    };
    let rows: Vec<String> = events().iter().map(row).collect();
    ClickHouse::run(&format!("INSERT INTO {table} VALUES {}", rows.join(",")));
    let mut settings = Settings { url: ClickHouse::url(), place: table.to_owned(), events: 500, ..Settings::default() };
    more(&mut settings);
    set_up(test, name, SourceKind::ClickHouse, settings).await;
}

#[test]
fn clickhouse_and_the_log_index_say_the_same_of_the_same_events() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        // A `DateTime` knows no parts of seconds.
        let lines: Vec<String> = events().iter().map(|line| line.replace("00.123Z", "00Z")).collect();
        import(&test, "logs", &lines).await;
        clickhouse(&test, "warehouse", "same", |_| {}).await;
        // By its own comparison: as few at a time, accounts of two columns, and nothing compared by us.
        clickhouse(&test, "counts", "counted", |settings| {
            settings.without_events = true;
            settings.batch = 4;
            settings.account_fields = vec!["user".to_owned(), "user".to_owned()];
        })
        .await;
        let told = source::test(&test, &test.admin, "warehouse").await.unwrap();
        assert_eq!((told.answer.as_str(), told.error.as_str()), ("313 events in same, from 2026-01-02 to 2026-01-09", ""));
        let hostile = "x') OR 1=1 OR position(message, '";
        let case = case_with(&test, VALUES).await;
        app::artifact::add(
            &test,
            &test.analyst,
            &case,
            app::artifact::AddArtifacts {
                observables: vec![app::artifact::NewObservable::Typed { r#type: "mutex".to_owned(), value: hostile.to_owned() }],
                ..Default::default()
            },
        )
        .await
        .unwrap();
        let found = search(&test, &case, all_data()).await;
        let all = results(&test, &found).await;
        let (ours, theirs) = (said(&all, "logs"), said(&all, "warehouse"));
        // The log index shows the earliest of 300 events, and so does the warehouse, but its rows are written otherwise.
        let but_marks = |lines: &[String]| lines.iter().map(|line| line.split(" marked ").next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(but_marks(&theirs), but_marks(&ours));
        assert_eq!((of(&all, "warehouse", hostile).outcome, of(&all, "warehouse", hostile).count), (Outcome::NotSeen, 0));
        let held = |name: &str| found.coverage.iter().find(|c| c.source == name).unwrap();
        assert_eq!(held("warehouse").days, held("logs").days);
        let beacon = of(&all, "counts", "198.51.100.9");
        assert_eq!((beacon.count, beacon.hosts.len(), beacon.accounts[0].count), (300, 7, 300));
        let path = of(&all, "counts", r"C:\Users\ben\payload.exe");
        assert_eq!((path.count, path.count_normalised), (2, Some(2)), "{}", path.query);
        assert!(path.query.contains("counted as the source compares"), "{}", path.query);
    });
}

#[test]
fn a_condition_that_clickhouse_refuses_is_that_observables_error_alone() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        clickhouse(&test, "warehouse", "partly", |settings| {
            settings.queries = [("domain-name".to_owned(), "no_such_column = $(observable)".to_owned())].into();
        })
        .await;
        clickhouse(&test, "gone", "elsewhere", |_| {}).await;
        ClickHouse::run("DROP TABLE elsewhere");
        let case = case_with(&test, &["10.0.5.13", "evil.example"]).await;
        let found = search(&test, &case, all_data()).await;
        let all = results(&test, &found).await;
        assert_eq!(of(&all, "warehouse", "10.0.5.13").count, 2);
        let refused = of(&all, "warehouse", "evil.example");
        assert!(refused.outcome == Outcome::Failed && refused.error.contains("no_such_column"), "{}", refused.error);
        assert!(of(&all, "gone", "10.0.5.13").error.contains("elsewhere"));
        let view = source::list(&test, &test.reader).await.unwrap();
        assert_eq!(
            view.iter().map(|s| (s.name.as_str(), s.error.is_empty(), s.settings.is_some())).collect::<Vec<_>>(),
            [("gone", false, false), ("warehouse", true, false),]
        );
    });
}
