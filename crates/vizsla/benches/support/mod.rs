//! What benches share: the shipped binary on a directory of its own, and figures as lines.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Content, Server};
use serde_json::Value as Json;

const BINARY: &str = env!("CARGO_BIN_EXE_vizsla");

pub struct Running {
    child: Child,
    /// Its API, with an administrator's token.
    pub server: Arc<Server>,
    pub url: String,
    data: Option<tempfile::TempDir>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn start() -> Running {
    serve(tempfile::tempdir().expect("a directory"))
}

fn serve(data: tempfile::TempDir) -> Running {
    let database: Vec<String> = std::env::var("VIZSLA_BENCH_DATABASE").map(|url| vec!["--database".to_owned(), url]).unwrap_or_default();
    let began = Instant::now();
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(&database)
        .env_remove("VIZSLA_BENCH_DATABASE")
        .env("VIZSLA_ADMIN_PASSWORD", "a password for measuring")
        .env("VIZSLA_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
    row("start until ready", began.elapsed(), 1);
    let server = Arc::new(Server::new(&url, &token(data.path(), "admin")).expect("an address"));
    Running { child, server, url, data: Some(data) }
}

pub fn row(what: &str, took: Duration, times: u32) {
    let each = took / times;
    let rate = f64::from(times) / took.as_secs_f64();
    println!("{what:<62} {:>10.2} ms {rate:>10.0} /s", each.as_secs_f64() * 1e3);
}

pub async fn post(server: &Server, path: &str, body: &Json) -> Json {
    let answer = server.send("POST", path, Content::Json(body.to_string())).await.expect("an answer");
    assert!(answer.status < 300, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

pub async fn get(server: &Server, path: &str) -> usize {
    let answer = server.send("GET", path, Content::Empty).await.expect("an answer");
    assert!(answer.status < 300, "{path}: {}", answer.status);
    answer.body.len()
}

/// Runs `work` `times` times on so many connections, and prints what one took.
pub async fn measure<F>(what: &str, connections: u32, times: u32, work: impl Fn(u32) -> F + Clone + Send + Sync + 'static)
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
pub async fn percentiles(what: &str, server: &Server, paths: &[String], rounds: u32) {
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

/// Runs a command on the data directory and tells what it prints.
fn command(data: &Path, args: &[&str]) -> String {
    let mut command = Command::new(BINARY);
    command.args(args).arg("--data").arg(data).env_remove("VIZSLA_BENCH_DATABASE");
    if let Ok(url) = std::env::var("VIZSLA_BENCH_DATABASE") {
        command.env("VIZSLA_DATABASE", url);
    }
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A token of an account.
pub fn token(data: &Path, account: &str) -> String {
    command(data, &["token", "add", "--account", account, "--label", "bench"])
}

impl Running {
    /// Ends the server and starts it on the same directory.
    pub fn restart(mut self) -> Self {
        let data = self.data.take().expect("a directory");
        drop(self);
        serve(data)
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.data.as_ref().expect("a directory").path()
    }

    /// Resident memory of the server, in MiB (`VmRSS` of proc(5)).
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }
}

/// Waits until an operation is done.
pub async fn settled(server: &Server, operation: &Json) {
    let id = operation["operation_id"].as_str().expect("an operation");
    until(server, &format!("/api/v1/operations/{id}")).await;
}

/// Waits until what a path shows is done.
pub async fn until(server: &Server, path: &str) -> Json {
    loop {
        let answer = server.send("GET", path, Content::Empty).await.expect("an answer");
        let view: Json = serde_json::from_slice(&answer.body).expect("JSON");
        match view["state"].as_str() {
            Some("done" | "applied") => return view,
            Some("failed" | "cancelled") => panic!("it failed: {view}"),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
