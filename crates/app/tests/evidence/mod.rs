//! Logs and cases of the tests' own.
#![allow(dead_code, reason = "each test binary uses some of these")]

use std::io::Cursor;

use app::artifact::{AddArtifacts, NewObservable};
use app::case::{CaseInput, CaseView};
use app::job;
use app::logs::{self, LogFileView, LogImport};
use app::sighting::{self, ResultQuery, SightingRequest, SightingResultView, SightingView};
use model::Actor;
use model::kind::RecordInput;
use serde_json::json;
use testkit::TestApp;

/// Gives a file of JSON lines to a source, and does not read it yet.
pub(crate) async fn give(test: &TestApp, source: &str, name: &str, lines: &[String]) -> app::Result<LogFileView> {
    let input = LogImport { source: source.to_owned(), file_name: name.to_owned(), ..LogImport::default() };
    logs::import(test, &test.analyst, input, Cursor::new(lines.join("\n").into_bytes())).await
}

/// Gives a file to a source, and reads it.
pub(crate) async fn import(test: &TestApp, source: &str, lines: &[String]) -> LogFileView {
    let file = give(test, source, "own.jsonl", lines).await.unwrap();
    job::drain(test).unwrap();
    logs::file(test, &test.reader, &file.id).await.unwrap()
}

/// An event as a line of JSON.
pub(crate) fn event(time: &str, host: &str, user: &str, message: &str) -> String {
    json!({ "@timestamp": time, "Hostname": host, "User": user, "message": message }).to_string()
}

pub(crate) async fn case(test: &TestApp, actor: &Actor, restricted: bool) -> CaseView {
    app::case::create(test, actor, CaseInput { name: "A hunt".to_owned(), restricted, ..CaseInput::default() }).await.unwrap()
}

/// A case with these observables, types told from the values.
pub(crate) async fn case_with(test: &TestApp, values: &[&str]) -> String {
    let case = case(test, &test.analyst, false).await;
    add(test, &test.analyst, &case.number, values).await;
    case.number
}

pub(crate) async fn add(test: &TestApp, actor: &Actor, case: &str, values: &[&str]) {
    let observables = values.iter().map(|value| NewObservable::Value((*value).to_owned())).collect();
    app::artifact::add(test, actor, case, AddArtifacts { observables, ..AddArtifacts::default() }).await.unwrap();
}

/// A record in the library; tells its id.
pub(crate) async fn record(test: &TestApp, fields: serde_json::Value) -> String {
    let input: RecordInput = serde_json::from_value(fields).unwrap();
    app::record::create(test, &test.analyst, input).await.unwrap().record.id
}

/// Runs a search to its end.
pub(crate) async fn search(test: &TestApp, case: &str, request: SightingRequest) -> SightingView {
    let started = sighting::start(test, &test.analyst, case, request).await.unwrap();
    job::drain(test).unwrap();
    sighting::get(test, &test.analyst, &started.number).await.unwrap()
}

pub(crate) fn all_data() -> SightingRequest {
    SightingRequest { all_data: true, ..SightingRequest::default() }
}

/// All results of a search, most events first.
pub(crate) async fn results(test: &TestApp, search: &SightingView) -> Vec<SightingResultView> {
    let query = ResultQuery { limit: Some(100), ..ResultQuery::default() };
    sighting::results(test, &test.analyst, &search.number, query).await.unwrap().items
}

/// Value, count, and how it came out.
pub(crate) fn told(results: &[SightingResultView]) -> Vec<(&str, i64, &str)> {
    results.iter().map(|r| (r.observable.title.as_str(), r.count, r.outcome.as_str())).collect()
}
