//! Ten analysts at one case, at once: they add, exclude, include, annotate, write notes, edit fields and look at pages. No
//! error but honest conflicts, nothing lost, and what anybody waited for.
//!
//! `cargo bench -p vizsla --bench analysts` (or `make bench`).

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Content, Server};
use serde_json::{Value as Json, json};
use support::{post, start, token};

const ANALYSTS: usize = 10;
const ROUNDS: usize = 60;
const CASE: &str = "SECC0001001";

/// How long each sort of request took, and how often somebody else had been there first.
#[derive(Default)]
struct Waited {
    took: BTreeMap<&'static str, Vec<Duration>>,
    conflicts: usize,
}

struct Analyst {
    server: Server,
    number: usize,
    waited: Waited,
}

impl Analyst {
    /// Sends, and refuses to go on after any error but a conflict.
    async fn send(&mut self, what: &'static str, method: &str, path: &str, body: Option<Json>) -> Json {
        let content = body.map_or(Content::Empty, |body| Content::Json(body.to_string()));
        let began = Instant::now();
        let answer = self.server.send(method, path, content).await.expect("an answer");
        self.waited.took.entry(what).or_default().push(began.elapsed());
        if matches!(answer.status, 409 | 412) {
            self.waited.conflicts += 1;
            return Json::Null;
        }
        assert!(answer.status < 300, "{what}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn work(mut self) -> Waited {
        let artifacts = format!("/api/v1/cases/{CASE}/artifacts");
        let me = self.number;
        for round in 0..ROUNDS {
            let value = format!("a{me}-{round}.example");
            self.send("add", "POST", &artifacts, Some(json!({ "observables": [value, format!("shared{round}.example")] }))).await;
            let page = self.send("search", "GET", &format!("{artifacts}?kind=observable&q={value}"), None).await;
            let id = page["items"][0]["record"]["id"].as_str().expect("what was added is found").to_owned();
            let one = json!({ "record_ids": [id], "reason": "out_of_scope" });
            let done = self.send("exclude", "POST", &format!("{artifacts}/exclude"), Some(one)).await;
            let undo = format!("/api/v1/operations/{}/undo", done["operation_id"].as_str().unwrap_or_default());
            self.send("undo", "POST", &undo, Some(json!({}))).await;
            let note = json!({ "record_ids": [id], "text": format!("Seen by {me}.") });
            self.send("annotate", "POST", &format!("{artifacts}/annotate"), Some(note)).await;
            let note = json!({ "kind": "work_note", "text": format!("{me}: round {round}") });
            self.send("note", "POST", &format!("/api/v1/cases/{CASE}/notes"), Some(note)).await;
            self.send("edit", "PATCH", &format!("/api/v1/cases/{CASE}"), Some(json!({ "short_description": format!("{me}/{round}") })))
                .await;
            self.send("page", "GET", &format!("/cases/{CASE}/artifacts"), None).await;
            self.send("details", "GET", &format!("/cases/{CASE}"), None).await;
        }
        self.waited
    }
}

#[tokio::main]
async fn main() {
    let running = start();
    let lead = Arc::clone(&running.server);
    post(&lead, "/api/v1/cases", &json!({ "name": "Ten at one" })).await;
    let mut analysts = Vec::new();
    for number in 0..ANALYSTS {
        let name = format!("analyst{number}");
        let account = json!({ "name": name, "display_name": name, "role": "analyst", "password": "a password for measuring" });
        post(&lead, "/api/v1/accounts", &account).await;
        let server = Server::new(&running.url, &token(running.data(), &name)).expect("an address");
        analysts.push(Analyst { server, number, waited: Waited::default() });
    }
    let began = Instant::now();
    let tasks: Vec<_> = analysts.into_iter().map(|analyst| tokio::spawn(analyst.work())).collect();
    let mut all = Waited::default();
    for task in tasks {
        let waited = task.await.expect("no error");
        all.conflicts += waited.conflicts;
        for (what, took) in waited.took {
            all.took.entry(what).or_default().extend(took);
        }
    }
    let requests: usize = all.took.values().map(Vec::len).sum();
    let took = began.elapsed();
    println!("{requests} requests of {ANALYSTS} analysts in {:.1} s; {} conflicts", took.as_secs_f64(), all.conflicts);
    for (what, mut took) in all.took {
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
        println!("{what:<62} {:>10.2} ms median {:>8.2} ms 95th {:>8.2} ms slowest", at(50), at(95), at(100));
    }
    nothing_is_lost(&lead).await;
}

/// What was acknowledged is there.
async fn nothing_is_lost(server: &Server) {
    let see = async |path: String| -> Json {
        let answer = server.send("GET", &path, Content::Empty).await.expect("an answer");
        serde_json::from_slice(&answer.body).expect("JSON")
    };
    let case = see(format!("/api/v1/cases/{CASE}")).await;
    let included = case["artifact_counts"]["observable"]["included"].as_u64().unwrap_or_default() as usize;
    assert_eq!(included, ANALYSTS * ROUNDS + ROUNDS, "each analyst's own, and those that all added");
    for me in 0..ANALYSTS {
        let found = see(format!("/api/v1/search?q=%22{me}:%20round%22&in=notes")).await;
        assert!(found.to_string().contains(&format!("{me}: round")), "notes of {me}: {found}");
    }
    println!("nothing is lost: {included} artifacts");
}
