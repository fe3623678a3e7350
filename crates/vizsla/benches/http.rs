//! The shipped binary over HTTP with a token, at default durability. Beside each figure stands the round trip of `/healthz`
//! in the same run: what is left of it when the server does nothing.
//!
//! `cargo bench -p vizsla --bench http` (or `make bench`); `VIZSLA_BENCH_DATABASE` runs it on a PostgreSQL URL.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Content, Server};
use serde_json::{Value as Json, json};

const BINARY: &str = env!("CARGO_BIN_EXE_vizsla");

struct Running {
    child: Child,
    server: Arc<Server>,
    _data: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Running {
    let data = tempfile::tempdir().expect("a directory");
    let database: Vec<String> = std::env::var("VIZSLA_BENCH_DATABASE").map(|url| vec!["--database".to_owned(), url]).unwrap_or_default();
    let began = Instant::now();
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(&database)
        .env("VIZSLA_ADMIN_PASSWORD", "a password for measuring")
        .env("VIZSLA_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
    row("start until ready", began.elapsed(), 1);
    let mut token = Command::new(BINARY);
    token.args(["token", "add", "--account", "admin", "--label", "bench", "--data"]).arg(data.path());
    if let Ok(url) = std::env::var("VIZSLA_BENCH_DATABASE") {
        token.env("VIZSLA_DATABASE", url);
    }
    let token = token.output().expect("a token");
    let token = String::from_utf8(token.stdout).expect("a token").trim().to_owned();
    let server = Arc::new(Server::new(&url, &token).expect("an address"));
    Running { child, server, _data: data }
}

fn row(what: &str, took: Duration, times: u32) {
    let each = took / times;
    let rate = f64::from(times) / took.as_secs_f64();
    println!("{what:<62} {:>10.2} ms {rate:>10.0} /s", each.as_secs_f64() * 1e3);
}

async fn post(server: &Server, path: &str, body: &Json) -> Json {
    let answer = server.send("POST", path, Content::Json(body.to_string())).await.expect("an answer");
    assert!(answer.status < 300, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

async fn get(server: &Server, path: &str) -> usize {
    let answer = server.send("GET", path, Content::Empty).await.expect("an answer");
    assert!(answer.status < 300, "{path}: {}", answer.status);
    answer.body.len()
}

/// Runs `work` `times` times on so many connections, and prints what one took.
async fn measure<F>(what: &str, connections: u32, times: u32, work: impl Fn(u32) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let began = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|connection| {
            let work = work.clone();
            tokio::spawn(async move {
                for n in (connection..times).step_by(connections as usize) {
                    work(n).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it runs");
    }
    row(&format!("{what}, {connections} connections"), began.elapsed(), times);
    let _ = std::io::stdout().flush();
}

/// The 50th and 95th of a hundred.
async fn percentiles(what: &str, server: &Server, paths: &[String], rounds: u32) {
    let mut took = Vec::new();
    for _ in 0..rounds {
        for path in paths {
            let began = Instant::now();
            get(server, path).await;
            took.push(began.elapsed());
        }
    }
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!("{what:<62} {:>10.2} ms median {:>8.2} ms 95th", at(50), at(95));
}

#[tokio::main]
async fn main() {
    let running = start();
    let server = running.server.clone();
    let s = server.clone();
    measure("baseline: /healthz", 1, 2_000, move |_| {
        let s = s.clone();
        async move {
            get(&s, "/healthz").await;
        }
    })
    .await;
    let s = server.clone();
    measure("create a case", 1, 300, move |n| {
        let s = s.clone();
        async move {
            post(&s, "/api/v1/cases", &json!({ "name": format!("Case {n}") })).await;
        }
    })
    .await;
    let s = server.clone();
    measure("create a case", 4, 1_200, move |n| {
        let s = s.clone();
        async move {
            post(&s, "/api/v1/cases", &json!({ "name": format!("Case {n}") })).await;
        }
    })
    .await;
    let s = server.clone();
    measure("add one observable", 4, 2_000, move |n| {
        let s = s.clone();
        async move {
            let body = json!({ "observables": [format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)] });
            post(&s, "/api/v1/cases/SECC0001001/artifacts", &body).await;
        }
    })
    .await;
    bulk(&server).await;
}

async fn bulk(server: &Arc<Server>) {
    let began = Instant::now();
    let values: Vec<String> =
        (0..100_000).map(|n| format!("host{n}.{}-login.example", ["portal", "mail", "vpn", "files"][n % 4])).collect();
    let started = post(server, "/api/v1/cases/SECC0001002/artifacts", &json!({ "observables": values })).await;
    settled(server, &started).await;
    row("add 100,000 observables in one request, until done", began.elapsed(), 1);
    let began = Instant::now();
    let selection = json!({ "all_matching": { "kind": "observable" }, "reason": "known_good" });
    let done = post(server, "/api/v1/cases/SECC0001002/artifacts/exclude", &selection).await;
    settled(server, &done).await;
    row("exclude 100,000, until done", began.elapsed(), 1);
    let began = Instant::now();
    let undo = post(server, &format!("/api/v1/operations/{}/undo", done["operation_id"].as_str().unwrap()), &json!({})).await;
    settled(server, &undo).await;
    row("undo it, until done", began.elapsed(), 1);
    let list = |q: &str| format!("/api/v1/cases/SECC0001002/artifacts?kind=observable&q={q}");
    let queries: Vec<String> =
        ["host77123", "portal", "absent-word", "vpn", "host9", "k8", "10.0.0.1", "%C3%A9"].iter().map(|q| list(q)).collect();
    percentiles("keyword search in a tab of 100,000", server, &queries, 20).await;
    percentiles("first page of a tab of 100,000", server, &[list("")], 50).await;
    percentiles("the page of a case with 100,000 artifacts (JSON)", server, &["/api/v1/cases/SECC0001002".to_owned()], 50).await;
}

async fn settled(server: &Server, operation: &Json) {
    let id = operation["operation_id"].as_str().expect("an operation");
    loop {
        let answer = server.send("GET", &format!("/api/v1/operations/{id}"), Content::Empty).await.expect("an answer");
        let view: Json = serde_json::from_slice(&answer.body).expect("JSON");
        match view["state"].as_str() {
            Some("done") => return,
            Some("failed") => panic!("the operation failed: {view}"),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
