//! A whole hunt on real logs: the Windows events of one attack simulation come in, a case holds what was published about
//! it, and the counts of a sightings search are those of an independent count.
//!
//! Reads the folder named by `VIZSLA_TEST_DATA`. Without it the test says so and passes, unless `VIZSLA_ACCEPTANCE=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "where the data lies is told by the environment")]

mod evidence;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use app::artifact::{AddArtifacts, NewObservable};
use app::logs::{self, LogImport};
use app::sighting::{self, AddMatched, ResultQuery, SightingResultView};
use app::{artifact, job};
use evidence::{all_data, case, record, search};
use flate2::read::GzDecoder;
use model::Timestamp;
use model::job::JobState;
use model::observable;
use model::sighting::{LogFileState, Outcome};
use serde_json::{Value, json};
use testkit::{Engine, TestApp};

const SET: &str = "logs/otrf-lsass-campaign-01";
const ZIP: &str = "metasploit_logonpasswords_lsass_memory_dump.zip";

fn data(set: &str) -> Option<PathBuf> {
    let required = std::env::var("VIZSLA_ACCEPTANCE").is_ok_and(|v| v == "1");
    let path = std::env::var_os("VIZSLA_TEST_DATA").map(|root| PathBuf::from(root).join(set)).filter(|path| path.is_dir());
    if path.is_none() {
        assert!(!required, "VIZSLA_ACCEPTANCE=1, but VIZSLA_TEST_DATA has no {set}");
        println!("{set}: no data (VIZSLA_TEST_DATA); nothing was searched");
    }
    path
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn time(value: &Value, name: &str) -> Option<Timestamp> {
    value[name].as_str().map(|text| text.parse().unwrap())
}

async fn put(test: &TestApp, case: &str, given: &[&Value]) {
    let observables =
        given.iter().map(|o| NewObservable::Typed { r#type: text(o, "type").to_owned(), value: text(o, "value").to_owned() }).collect();
    let added = artifact::add(test, &test.analyst, case, AddArtifacts { observables, ..AddArtifacts::default() }).await.unwrap();
    assert_eq!(added.skipped_count, 0);
}

/// Every result of a search by its observable's value.
async fn by_value(test: &TestApp, number: &str) -> HashMap<String, SightingResultView> {
    let mut found = HashMap::new();
    let mut cursor = String::new();
    loop {
        let query = ResultQuery { cursor, limit: Some(20), ..ResultQuery::default() };
        let page = sighting::results(test, &test.analyst, number, query).await.unwrap();
        found.extend(page.items.into_iter().map(|result| (result.observable.title.clone(), result)));
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return found,
        }
    }
}

fn normal(given: &Value) -> String {
    observable::parse_typed(text(given, "type"), text(given, "value")).unwrap().value
}

#[test]
fn a_hunt_through_53698_windows_events_counts_as_an_independent_count_does() {
    let Some(dir) = data(SET) else { return };
    let published = read(&dir.join("observables.json"));
    let truth = read(&dir.join("truth.json"));
    let file_truth = truth["files"].as_array().unwrap().iter().find(|file| text(file, "file") == ZIP).unwrap();
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let input = LogImport { source: "Windows logs".to_owned(), file_name: ZIP.to_owned(), ..LogImport::default() };
        let given = logs::import(&test, &test.analyst, input, File::open(dir.join(ZIP)).unwrap()).await.unwrap();
        job::drain(&test).unwrap();
        let file = logs::file(&test, &test.reader, &given.id).await.unwrap();
        assert_eq!((file.state, file.error.as_str()), (LogFileState::Indexed, ""));
        assert_eq!((file.events, file.first, file.last), (53_698, time(file_truth, "first_time"), time(file_truth, "last_time")));
        assert_eq!(file.report.unwrap().bad(), 0);

        let machine = record(&test, json!({ "kind": "configuration_item", "name": "MKT01", "class": "workstation" })).await;
        record(&test, json!({ "kind": "user", "name": "Pedro Gustavo", "user_id": r"PANDALAB\pedro.gustavo" })).await;
        let number = case(&test, &test.analyst, false).await.number;
        let published: Vec<&Value> = published["observables"].as_array().unwrap().iter().collect();
        put(&test, &number, &published).await;
        let found = search(&test, &number, all_data()).await;
        assert_eq!((found.state, found.totals.observables, found.totals.no_coverage), (JobState::Done, published.len() as i64, 0));
        assert_eq!((found.coverage[0].events, found.coverage[0].covered), (53_698, true));

        let results = by_value(&test, &found.number).await;
        assert_eq!(results.len(), published.len());
        for expected in truth["observables"].as_array().unwrap() {
            let value = normal(expected);
            let result = &results[&value];
            let files = expected["per_file"].as_object();
            let count = files.and_then(|files| files.get(ZIP)).and_then(Value::as_i64).unwrap_or_default();
            assert_eq!((result.count, result.count_is_exact), (count, true), "{value}");
            assert_eq!(result.outcome, if count > 0 { Outcome::Seen } else { Outcome::NotSeen }, "{value}");
            if count > 0 {
                // The other files of the set are of the day after.
                assert_eq!(result.first_seen, time(expected, "first_time"), "{value}");
                if files.is_some_and(|files| files.len() == 1) {
                    assert_eq!(result.last_seen, time(expected, "last_time"), "{value}");
                }
                assert_eq!(result.histogram.iter().map(|day| day.count).sum::<i64>(), count, "{value}");
                let lower = value.to_lowercase();
                for sample in result.samples.iter().filter(|sample| !sample.marks.is_empty()) {
                    let (from, to) = sample.marks[0];
                    assert_eq!(sample.raw[from..to].to_lowercase().replace(r"\\", r"\"), lower);
                }
                assert!(result.hosts.iter().any(|host| host.name == "MKT01.pandalab.com"), "{value}");
                assert!(result.matched_configuration_items.iter().any(|item| item.record_id == machine), "{value}");
            }
        }
        let domain = &results["pandalab.com"];
        assert_eq!((domain.count, domain.with_subdomains), (0, Some(53_698)), "what lies below is counted beside");
        assert!(found.matched_accounts.iter().any(|a| a.candidates.iter().any(|user| user.title == "Pedro Gustavo")));
        let add = AddMatched { record_ids: vec![machine], ..AddMatched::default() };
        assert_eq!(sighting::add_matched(&test, &test.analyst, &found.number, add).await.unwrap().affected, 1);

        // What differs by one character is not seen.
        let traps = case(&test, &test.analyst, false).await.number;
        let controls: Vec<&Value> = truth["near_miss_controls"].as_array().unwrap().iter().collect();
        put(&test, &traps, &controls).await;
        let trapped = search(&test, &traps, all_data()).await;
        assert_eq!((trapped.totals.seen, trapped.totals.not_seen), (0, controls.len() as i64));
        assert!(
            by_value(&test, &trapped.number).await.values().all(|result| result.count == 0 && result.count_normalised.unwrap_or(0) == 0)
        );

        // The last seven days hold none of it, and that is no "not seen".
        let recent = search(&test, &number, app::sighting::SightingRequest::default()).await;
        assert_eq!((recent.totals.seen, recent.totals.not_seen, recent.totals.no_coverage), (0, 0, published.len() as i64));
    });
}

#[test]
fn a_list_of_sixteen_thousand_scanners_is_asked_at_once() {
    let Some(dir) = data("logs/suricata-eve-stratosphere") else { return };
    let truth = read(&dir.join("truth.json"));
    let mut list = String::new();
    GzDecoder::new(File::open(dir.join("mass_scanner_ipv4.txt.gz")).unwrap()).read_to_string(&mut list).unwrap();
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let input = LogImport { source: "Suricata".to_owned(), file_name: "eve.json.gz".to_owned(), ..LogImport::default() };
        logs::import(&test, &test.analyst, input, File::open(dir.join("eve.json.gz")).unwrap()).await.unwrap();
        let number = case(&test, &test.analyst, false).await.number;
        let addresses = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let observables: Vec<NewObservable> = addresses.map(|line| NewObservable::Value(line.to_owned())).collect();
        artifact::add(&test, &test.analyst, &number, AddArtifacts { observables, ..AddArtifacts::default() }).await.unwrap();
        // Both are large enough to go on as jobs.
        job::drain(&test).unwrap();
        let found = search(&test, &number, all_data()).await;
        let expected = truth["observables"].as_array().unwrap();
        let t = &found.totals;
        assert_eq!((t.observables, t.seen, t.not_seen), (16_854, expected.len() as i64, 16_854 - expected.len() as i64));
        let mut query = ResultQuery { outcome: "seen".to_owned(), limit: Some(100), ..ResultQuery::default() };
        let mut counted = HashMap::new();
        loop {
            let page = sighting::rows(&test, &test.reader, &found.number, query.clone()).await.unwrap();
            counted.extend(page.items.into_iter().map(|row| (row.observable.title, (row.hits, row.first_seen, row.last_seen))));
            let Some(next) = page.next_cursor else { break };
            query.cursor = next;
        }
        assert_eq!(counted.len(), expected.len());
        for address in expected {
            let count = address["events"].as_i64().unwrap();
            assert_eq!(counted[text(address, "value")], (count, time(address, "first_time"), time(address, "last_time")));
        }
    });
}
