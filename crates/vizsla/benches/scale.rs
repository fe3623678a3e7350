//! A million observables in one case: search, sort, bulk actions, pivots, memory, restart. The corpus is seeded: the same
//! values each time.
//!
//! `cargo bench -p vizsla --bench scale` (or `make bench`); with `VIZSLA_TEST_DATA`, ATT&CK Enterprise is imported too.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Content, Server};
use serde_json::{Value as Json, json};
use support::{get, measure, percentiles, post, row, settled, start, until};

const CASE: &str = "/api/v1/cases/SECC0001001/artifacts";
/// In how many requests of 100,000 the corpus comes.
const REQUESTS: u32 = 10;
/// Of which it has one in a thousand cases.
const SHARED: &str = "203.0.113.77";

/// The `n`th value: hosts, addresses, hashes, URLs, file names; one in ten says `portal`.
fn value(n: u32) -> String {
    // A permutation of 32 bits, so that neighbours look alike to nobody.
    let h = n.wrapping_mul(2_654_435_761);
    match n % 10 {
        0 => format!("portal{n}.{:x}.example", h % 5_000),
        1 => format!("{}.{}.{}.{}", 11 + h % 89, n / 65_536 % 256, n / 256 % 256, n % 256),
        2 => format!("{:08x}{:08x}{:08x}{:08x}", h, n, h ^ n, h.wrapping_add(n)),
        3 => format!("https://cdn{}.example/a/{n}/x.php?id={h}", h % 900),
        4 => format!("user{n}@mail{}.example", h % 300),
        5 => format!("{:064x}", u128::from(h) << 64 | u128::from(n)),
        6 => format!("C:\\Users\\u{}\\AppData\\run{n}.exe", h % 4_000),
        7 => format!("größe{n}.example"),
        8 => format!("api-{}.eu-{}.cloud.example", n, h % 12),
        _ => format!("invoice_{n}_{:x}.docx", h % 65_536),
    }
}

#[tokio::main]
async fn main() {
    let running = start();
    let server = Arc::clone(&running.server);
    baseline(&server).await;
    post(&server, "/api/v1/cases", &json!({ "name": "A million" })).await;
    let began = Instant::now();
    for request in 0..REQUESTS {
        let values: Vec<String> = (0..100_000).map(|n| value(request * 100_000 + n)).collect();
        let began = Instant::now();
        let added = post(&server, CASE, &json!({ "observables": values })).await;
        settled(&server, &added).await;
        row(&format!("add 100,000 observables to {}00,000, until done", request), began.elapsed(), 1);
    }
    row("add 1,000,000 observables, each", began.elapsed(), REQUESTS * 100_000);
    searches(&server).await;
    bulk(&server).await;
    shared(&server).await;
    attack(&server).await;
    drop(server);
    let running = running.restart();
    baseline(&running.server).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    println!("{:<62} {:>10.0} MiB", "resident memory 60 s after start", running.memory());
}

async fn baseline(server: &Arc<Server>) {
    let server = Arc::clone(server);
    measure("baseline: /healthz", 1, 1_000, move |_| {
        let server = Arc::clone(&server);
        async move {
            get(&server, "/healthz").await;
        }
    })
    .await;
}

async fn searches(server: &Arc<Server>) {
    let words = ["portal", "portal77123", "invoice_9", "absentword", "zz", "k8", "77.123", "größe77", "%C3%BC", "eu-7 api", "run5.exe"];
    let tab: Vec<String> = words.iter().map(|q| format!("{CASE}?kind=observable&q={}", q.replace(' ', "%20"))).collect();
    for (word, path) in words.iter().zip(&tab) {
        percentiles(&format!("search a tab of 1,000,000: {word}"), server, std::slice::from_ref(path), 10).await;
    }
    percentiles("search a tab of 1,000,000: all of these", server, &tab, 10).await;
    for column in ["title", "category", "severity", "finding", "first_seen", "last_seen", "added"] {
        for sort in [column.to_owned(), format!("-{column}")] {
            let path = format!("{CASE}?kind=observable&sort={sort}");
            percentiles(&format!("sort 1,000,000 by {sort}"), server, &[path], 10).await;
        }
    }
    let paths: Vec<String> = words.iter().map(|q| format!("/api/v1/search?q={}", q.replace(' ', "%20"))).collect();
    percentiles("search everywhere", server, &paths, 10).await;
    percentiles("the case page, HTML", server, &["/cases/SECC0001001".to_owned(), "/cases/SECC0001001/artifacts".to_owned()], 50).await;
}

async fn bulk(server: &Arc<Server>) {
    let began = Instant::now();
    let selection = json!({ "all_matching": { "kind": "observable", "q": "portal" }, "reason": "known_good" });
    let done = post(server, &format!("{CASE}/exclude"), &selection).await;
    settled(server, &done).await;
    row("exclude 100,000 that match of 1,000,000, until done", began.elapsed(), 1);
    let began = Instant::now();
    let undo = post(server, &format!("/api/v1/operations/{}/undo", done["operation_id"].as_str().unwrap()), &json!({})).await;
    settled(server, &undo).await;
    row("undo it, until done", began.elapsed(), 1);
}

/// A value in a thousand cases.
async fn shared(server: &Arc<Server>) {
    let each = Arc::clone(server);
    measure("a case with one observable", 4, 1_000, move |n| {
        let server = Arc::clone(&each);
        async move {
            let case = post(&server, "/api/v1/cases", &json!({ "name": format!("Case {n}") })).await;
            let path = format!("/api/v1/cases/{}/artifacts", case["number"].as_str().unwrap());
            post(&server, &path, &json!({ "observables": [SHARED] })).await;
        }
    })
    .await;
    let found = server.send("GET", &format!("/api/v1/records?q={SHARED}"), Content::Empty).await.unwrap();
    let found: Json = serde_json::from_slice(&found.body).unwrap();
    let id = found["items"][0]["id"].as_str().unwrap();
    percentiles("a value in all cases, 1,000 of them", server, &[format!("/api/v1/records/{id}/cases")], 100).await;
}

async fn attack(server: &Arc<Server>) {
    let Some(data) = std::env::var_os("VIZSLA_TEST_DATA") else { return };
    let folder = std::path::Path::new(&data).join("intel/attack");
    let Ok(entries) = std::fs::read_dir(&folder) else { return };
    let file = entries.flatten().map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("enterprise"));
    let Some(file) = file else { return };
    let began = Instant::now();
    let path = "/api/v1/imports/intel?apply=true&name=attack.json.gz";
    let answer = server.send("POST", path, Content::Bytes(std::fs::read(file).unwrap())).await.unwrap();
    let view: Json = serde_json::from_slice(&answer.body).unwrap();
    let looked_at = began.elapsed();
    let done = until(server, &format!("/api/v1/imports/{}", view["import_id"].as_str().unwrap())).await;
    row("import ATT&CK Enterprise: uploaded and looked at", looked_at, 1);
    row(&format!("import ATT&CK Enterprise: {} new, until done", done["created"]), began.elapsed(), 1);
}
