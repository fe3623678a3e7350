//! The shipped binary over HTTP with a token, at default durability. Beside each figure stands the round trip of `/healthz`
//! in the same run: what is left of it when the server does nothing.
//!
//! `cargo bench -p vizsla --bench http` (or `make bench`); `VIZSLA_BENCH_DATABASE` runs it on a PostgreSQL URL.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connect::Server;
use serde_json::json;
use support::{get, measure, percentiles, post, row, settled, start};

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
    pages(&server).await;
    bulk(&server).await;
    println!("{:<62} {:>10.0} MiB", "resident memory", running.memory());
}

/// The page of a case with 10,000 artifacts.
async fn pages(server: &Arc<Server>) {
    let values: Vec<String> = (0..10_000).map(|n| format!("page{n}.example")).collect();
    let added = post(server, "/api/v1/cases/SECC0001003/artifacts", &json!({ "observables": values })).await;
    settled(server, &added).await;
    for (what, path) in [("details", "/cases/SECC0001003"), ("artifacts", "/cases/SECC0001003/artifacts")] {
        for connections in [1, 8] {
            let server = Arc::clone(server);
            measure(&format!("case page HTML, 10,000 artifacts, {what}"), connections, 1_000, move |_| {
                let server = Arc::clone(&server);
                async move {
                    get(&server, path).await;
                }
            })
            .await;
        }
    }
}

/// Writes notes until it is told to stop, and tells what the slowest took.
async fn others_write(server: Arc<Server>, stop: Arc<AtomicBool>) -> Duration {
    let mut slowest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        post(&server, "/api/v1/cases/SECC0001001/notes", &json!({ "kind": "work_note", "text": "still here" })).await;
        slowest = slowest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    slowest
}

async fn bulk(server: &Arc<Server>) {
    let values: Vec<String> =
        (0..100_000).map(|n| format!("host{n}.{}-login.example", ["portal", "mail", "vpn", "files"][n % 4])).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let others = tokio::spawn(others_write(Arc::clone(server), Arc::clone(&stop)));
    let began = Instant::now();
    let started = post(server, "/api/v1/cases/SECC0001002/artifacts", &json!({ "observables": values })).await;
    settled(server, &started).await;
    row("add 100,000 observables in one request, until done", began.elapsed(), 1);
    stop.store(true, Ordering::Relaxed);
    row("the slowest of others' single writes meanwhile", others.await.expect("it runs"), 1);
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
