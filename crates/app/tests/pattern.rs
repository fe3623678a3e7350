//! The patterns of a case's indicators are evaluated with their logic over the kept events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::artifact::{self, AddArtifacts};
use app::job;
use app::sighting::{self, RunAgain, SightingRequest, SightingResultView};
use evidence::{case, case_with, import, record, results, search};
use model::sighting::Outcome;
use serde_json::{Value as Json, json};
use testkit::TestApp;

/// An indicator with this pattern in the case; tells its id.
async fn indicator(test: &TestApp, case: &str, name: &str, pattern_type: &str, pattern: &str) -> String {
    let id = record(test, json!({ "kind": "indicator", "name": name, "pattern": pattern, "pattern_type": pattern_type })).await;
    let input = AddArtifacts { record_ids: vec![id.clone()], bring_along: false, ..AddArtifacts::default() };
    artifact::add(test, &test.analyst, case, input).await.unwrap();
    id
}

fn line(time: &str, host: &str, fields: Json) -> String {
    let mut event = json!({ "@timestamp": time, "Hostname": host, "User": r"CORP\anna" });
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event.to_string()
}

async fn logs(test: &TestApp) {
    import(test, "EDR", &[
        line("2026-01-02T10:00:00Z", "WS-1", json!({ "Image": r"C:\Windows\System32\cmd.exe", "CommandLine": "cmd.exe /c whoami", "ParentImage": r"C:\Office\winword.exe" })),
        line("2026-01-02T10:02:00Z", "WS-1", json!({ "Image": r"C:\Windows\System32\cmd.exe", "CommandLine": "cmd.exe /c net user", "ParentImage": r"C:\Windows\explorer.exe" })),
        line("2026-01-03T10:00:00Z", "WS-2", json!({ "TargetObject": r"HKLM\Software\Foo\Bar", "Image": r"C:\Windows\regedit.exe" })),
    ]).await;
    import(
        test,
        "Proxy",
        &[
            line("2026-01-02T10:04:00Z", "WS-1", json!({ "dst_ip": "203.0.113.7", "dst_port": 8443, "url": "https://evil.example/a" })),
            line("2026-01-02T12:00:00Z", "WS-9", json!({ "dst_ip": "198.51.100.9", "dst_port": 443 })),
        ],
    )
    .await;
}

fn of<'r>(all: &'r [SightingResultView], name: &str, source: &str) -> &'r SightingResultView {
    all.iter().find(|one| one.observable.title == name && one.source == source).unwrap_or_else(|| panic!("{name} in {source}"))
}

testkit::each_engine! {
    async fn patterns_are_sighted_by_their_logic(test: TestApp) {
        logs(&test).await;
        let case = case_with(&test, &["198.51.100.9"]).await;
        indicator(&test, &case, "child of word", "stix", "[process:image_ref.name = 'cmd.exe' AND process:parent_ref.image_ref.name = 'WINWORD.EXE']").await;
        indicator(&test, &case, "then out", "stix", "([process:command_line LIKE '%whoami%'] FOLLOWEDBY [network-traffic:dst_ref.value ISSUBSET '203.0.113.0/24' AND network-traffic:dst_port > 1024]) WITHIN 300 SECONDS").await;
        indicator(&test, &case, "then out at once", "stix", "([process:command_line LIKE '%whoami%'] FOLLOWEDBY [network-traffic:dst_port = 8443]) WITHIN 60 SECONDS").await;
        indicator(&test, &case, "registry", "", r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Foo\\Bar' OR mutex:name = 'x']").await;
        indicator(&test, &case, "mutex", "stix", "[mutex:name = 'x']").await;
        indicator(&test, &case, "often", "stix", "[process:command_line MATCHES '^cmd\\\\.exe /c '] REPEATS 2 TIMES").await;
        indicator(&test, &case, "broken", "stix", "[process:command_line = ").await;
        indicator(&test, &case, "a rule", "sigma", "title: x").await;

        let without = search(&test, &case, SightingRequest::default()).await;
        assert_eq!((without.totals.observables, without.totals.patterns), (1, 0), "only when asked for");
        let found = search(&test, &case, SightingRequest { patterns: true, ..SightingRequest::default() }).await;
        assert_eq!((found.totals.observables, found.totals.patterns, found.totals.pending), (8, 7, 0));
        let all = results(&test, &found).await;
        let told = |name: &str, source: &str| { let one = of(&all, name, source); (one.count, one.outcome, one.error.as_str()) };
        assert_eq!(told("child of word", "EDR"), (1, Outcome::Seen, ""));
        assert_eq!(told("child of word", "Proxy"), (0, Outcome::NotSeen, ""));
        assert_eq!((told("then out", "EDR").0, told("then out", "Proxy").0), (1, 1), "what one source tells follows what another does");
        assert_eq!(told("then out at once", "Proxy").1, Outcome::NotSeen);
        assert_eq!(told("registry", "EDR"), (1, Outcome::Seen, ""));
        assert_eq!(told("mutex", "EDR"), (0, Outcome::Failed, "it cannot be evaluated on these events: no field tells mutex:name"));
        assert_eq!(told("often", "EDR").0, 2);
        assert!(told("broken", "EDR").2.starts_with("its pattern can't be read: "), "{}", told("broken", "EDR").2);
        let word = of(&all, "child of word", "EDR");
        assert_eq!(word.first_seen.unwrap().to_string(), "2026-01-02T10:00:00Z");
        assert_eq!((word.hosts[0].name.as_str(), word.accounts[0].name.as_str(), word.samples.len()), ("WS-1", r"CORP\anna", 1));
        assert!(word.query.contains("pattern: [process:image_ref.name") && of(&all, "often", "EDR").query.contains("met 1 time"), "{}", word.query);
        assert_eq!(told("198.51.100.9", "Proxy").0, 1, "observables are looked for as ever");

        let again = sighting::again(&test, &test.analyst, &found.number, RunAgain::default()).await.unwrap();
        assert_eq!(again.totals.patterns, 7);
        job::drain(&test).unwrap();
    }

    async fn where_nothing_is_covered_a_pattern_is_not_called_unseen(test: TestApp) {
        logs(&test).await;
        let case = case(&test, &test.analyst, false).await.number;
        let id = indicator(&test, &case, "word", "stix", "[process:command_line = 'x']").await;
        let window = SightingRequest { patterns: true, from: "2025-01-01".parse().ok(), to: "2025-02-01".parse().ok(), ..SightingRequest::default() };
        let found = search(&test, &case, window).await;
        assert_eq!((found.totals.no_coverage, found.totals.not_seen), (1, 0));
        let selected = search(&test, &case, SightingRequest { record_ids: vec![id], ..SightingRequest::default() }).await;
        assert_eq!((selected.totals.patterns, selected.totals.not_seen), (1, 1), "what is selected is asked for");
    }
}
