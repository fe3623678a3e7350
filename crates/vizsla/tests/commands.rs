//! The commands as a person types them, on a data directory and through a server.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;

const BINARY: &str = env!("CARGO_BIN_EXE_vizsla");

fn vizsla(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).env("VIZSLA_DATA", data).env_remove("VIZSLA_URL").env_remove("VIZSLA_TOKEN").env("USER", "tester");
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("it runs")
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text").trim().to_owned()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "it was not refused: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn file(dir: &Path, name: &str, content: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, content).expect("a file");
    path.display().to_string()
}

const LOGS: &str = concat!(
    r#"{"@timestamp":"2026-11-20T10:00:00Z","Hostname":"WS-FIN-0412.corp.example","User":"FIN\\eszter","dst":"198.51.100.77"}"#,
    "\n",
    r#"{"@timestamp":"2026-11-20T11:00:00Z","Hostname":"WS-FIN-0412.corp.example","User":"FIN\\eszter","url":"http://portal-update.top/a"}"#,
    "\n",
    r#"{"@timestamp":"2026-11-20T12:00:00Z","Hostname":"WS-FIN-0377.corp.example","dst":"198.51.100.7"}"#,
    "\n",
);

/// The hunt on the command line: a case, a report, assets, logs, sightings.
fn hunt(command: impl Fn(&[&str]) -> Command, scratch: &Path) {
    let number = done(&run(&mut command(&["case", "new", "Fake portal pages", "--rating", "high"])));
    assert_eq!(number, "SECC0001001");
    let report =
        file(scratch, "report.txt", "Mails lead to hxxp://portal-update[.]top/a and answer from 198.51.100[.]77; the lab used 10.0.0.1.");
    let said = done(&run(&mut command(&["import", "intel", &report, "--case", &number])));
    assert!(said.contains("report.txt"), "{said}");
    let assets = file(scratch, "assets.csv", "hostname,class,owner\nWS-FIN-0412,workstation,Finance\nWS-FIN-0377,workstation,Finance\n");
    let said = done(&run(&mut command(&["import", "records", &assets, "--kind", "configuration_item"])));
    assert!(said.contains("2 new"), "{said}");
    let logs = file(scratch, "events.json", LOGS);
    let said = done(&run(&mut command(&["import", "logs", &logs, "--source", "Windows logs"])));
    assert!(said.contains("3 events (json-lines)"), "{said}");
    let said = done(&run(&mut command(&["sightings", "--case", &number, "--all", "--json"])));
    let found: Json = serde_json::from_str(&said).expect("JSON");
    assert_eq!(found["search"]["state"], "done");
    let count = |value: &str| {
        let results = found["results"].as_array().expect("results");
        let of_value = results.iter().find(|r| r["observable"]["title"] == value);
        of_value.map(|r| r["count"].as_i64().expect("a count"))
    };
    assert_eq!(count("http://portal-update.top/a"), Some(1), "{said}");
    // Private and documentation addresses are marked, and stay out unless someone asks for them.
    assert_eq!((count("10.0.0.1"), count("198.51.100.77")), (None, None), "{said}");
    let shown = done(&run(&mut command(&["case", "show", &number])));
    assert!(shown.contains("Fake portal pages"), "{shown}");
    let listed = done(&run(&mut command(&["case", "list", "--query", "portal"])));
    assert!(listed.contains(&number), "{listed}");
    let found = done(&run(&mut command(&["search", "portal-update[.]top"])));
    assert!(found.contains("Observables (1)") && found.contains("hxxp[:]//portal-update[.]top/a"), "{found}");
    let found: Json =
        serde_json::from_str(&done(&run(&mut command(&["search", "fake", "PORTAL", "--in", "cases", "--json"])))).expect("JSON");
    assert_eq!(found["groups"][0]["items"][0]["case"], number.as_str(), "{found}");
    assert!(refused(&run(&mut command(&["search", "x", "--in", "drawers"]))).contains("in"));
    let listed = done(&run(&mut command(&["export", &number, "--format", "plain", "--kind", "observable", "--defang"])));
    assert_eq!(listed, "hxxp[:]//portal-update[.]top/a");
    let bundle = scratch.join("case.json");
    done(&run(&mut command(&["export", &number, "--format", "stix", "--output", &bundle.display().to_string()])));
    let bundle: Json = serde_json::from_slice(&std::fs::read(bundle).expect("the file is there")).expect("JSON");
    assert_eq!(bundle["type"], "bundle", "{bundle}");
    assert!(refused(&run(&mut command(&["export", &number, "--format", "docx"]))).contains("must be one of stix"));
}

#[test]
fn a_hunt_on_the_data_directory_backed_up_and_restored() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    hunt(|args| vizsla(&data, args), dir.path());
    let list = r#"{"name":"Portals","type":"hostname","version":1,"list":["portal-update.top"]}"#;
    let said = done(&run(&mut vizsla(&data, &["import", "known-good", &file(dir.path(), "list.json", list)])));
    assert!(said.contains("1 list new, 0 replaced, 0 files refused"), "{said}");
    let no_list = file(dir.path(), "no-list.json", "[]");
    assert!(refused(&run(&mut vizsla(&data, &["import", "known-good", &no_list]))).contains("is not a warninglist"));

    let whole = done(&run(&mut vizsla(&data, &["verify"])));
    assert!(whole.contains("entries fit"), "{whole}");
    let head = whole.rsplit(' ').next().expect("a head").to_owned();
    done(&run(&mut vizsla(&data, &["doctor"])));

    let backup = dir.path().join("backup.tar.zst").display().to_string();
    let said = done(&run(&mut vizsla(&data, &["backup", &backup])));
    assert!(said.contains(&head), "{said}");
    assert!(refused(&run(&mut vizsla(&data, &["backup", &backup]))).contains("exists already"));

    let fresh = dir.path().join("fresh");
    done(&run(&mut vizsla(&fresh, &["restore", &backup])));
    done(&run(&mut vizsla(&fresh, &["verify", "--anchor", &head])));
    let listed = done(&run(&mut vizsla(&fresh, &["case", "list"])));
    assert!(listed.contains("Fake portal pages"), "{listed}");
    let again = done(&run(&mut vizsla(&fresh, &["sightings", "--case", "SECC0001001", "--all", "--json"])));
    assert!(again.contains("SIGHT0001002"), "the log index came along: {again}");
    assert!(refused(&run(&mut vizsla(&fresh, &["restore", &backup]))).contains("empty"), "a filled directory is left alone");
}

#[test]
fn mistakes_are_told_and_end_with_failure() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    assert!(refused(&run(&mut vizsla(&data, &["case", "show", "SECC0009999"]))).contains("there is no case"));
    assert!(refused(&run(&mut vizsla(&data, &["case", "new", " "]))).contains("/name"));
    assert!(refused(&run(&mut vizsla(&data, &["case", "new", "x", "--rating", "huge"]))).contains("huge"));
    let missing = dir.path().join("nothing.csv").display().to_string();
    assert!(refused(&run(&mut vizsla(&data, &["import", "records", &missing, "--kind", "user"]))).contains("nothing.csv"));
    let mut url = vizsla(&data, &["case", "list"]);
    url.env("VIZSLA_URL", "http://vizsla.example");
    assert!(refused(&run(&mut url)).contains("VIZSLA_TOKEN"));
    url.env("VIZSLA_TOKEN", "vz_x");
    assert!(refused(&run(&mut url)).contains("https"), "a token never goes over a network in the clear");
    assert!(refused(&run(&mut vizsla(&data, &["verify", "--anchor", "7"]))).contains("SEQ:HASH"));
}

#[test]
fn extraction_reads_standard_input() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut child = vizsla(dir.path(), &["extract", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("input").write_all(b"seen at hxxps://evil[.]example/x and 10.1.2.3").expect("written");
    let said = done(&child.wait_with_output().expect("it ends"));
    assert!(said.contains("https://evil.example/x") && said.contains("private"), "{said}");
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = vizsla(data, &["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("output")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("no address in {line}"));
        let url = url.split("/setup").next().expect("an address").to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_hunt_through_a_running_server_which_alone_holds_the_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let server = Server::start(&data);

    let told = refused(&run(&mut vizsla(&data, &["case", "list"])));
    assert!(told.contains("vizsla serve") && told.contains("VIZSLA_URL"), "who holds it, and what to do: {told}");
    let second = run(&mut vizsla(&data, &["serve", "--listen", "127.0.0.1:0"]));
    assert!(refused(&second).contains("vizsla serve"));

    // Accounts and tokens are made beside the running server.
    let mut add = vizsla(&data, &["account", "add", "ada", "--role", "analyst", "--password-stdin"]);
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("input").write_all(b"a long enough password\n").expect("written");
    done(&child.wait_with_output().expect("it ends"));
    let token = done(&run(&mut vizsla(&data, &["token", "add", "--account", "ada", "--label", "shell"])));
    assert!(token.starts_with("vz_") && !token.contains(char::is_whitespace), "the token alone: {token}");

    let through = |args: &[&str]| {
        let mut command = vizsla(Path::new("/nonexistent"), args);
        command.env("VIZSLA_URL", &server.url).env("VIZSLA_TOKEN", &token);
        command
    };
    hunt(through, dir.path());
    let mut wrong = through(&["case", "list"]);
    wrong.env("VIZSLA_TOKEN", "vz_wrong");
    assert!(refused(&run(&mut wrong)).contains("401"));
}

/// A browser holds a stream of changes open for as long as a page is looked at.
#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_does_not_wait_for_who_listens() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    done(&run(&mut vizsla(&data, &["account", "add", "ada", "--role", "reader"])));
    let token = done(&run(&mut vizsla(&data, &["token", "add", "--account", "ada", "--label", "listener"])));
    let address = server.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    write!(stream, "GET /api/v1/changes HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n").expect("asked");
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    answer.read_line(&mut status).expect("an answer");
    assert!(status.contains("200"), "{status}");

    let told = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    // The stream ends, and the server with it; a test that hangs here is one that failed.
    std::io::copy(&mut answer, &mut std::io::sink()).expect("read to its end");
    assert!(server.child.wait().expect("it ends").success());
}

/// What was acknowledged is there after a power cut, and the chain holds.
#[test]
fn a_server_killed_in_the_middle_of_writes_loses_nothing_that_it_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..3 {
        let mut server = Server::start(&data);
        if round == 0 {
            done(&run(&mut vizsla(&data, &["account", "add", "ada", "--role", "analyst"])));
        }
        let token = done(&run(&mut vizsla(&data, &["token", "add", "--account", "ada", "--label", &format!("round {round}")])));
        let client = connect::Server::new(&server.url, &token).expect("an address");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let (tell, told) = std::sync::mpsc::channel();
        for writer in 0..4 {
            let (client, tell) = (client.clone(), tell.clone());
            runtime.spawn(async move {
                for n in 0.. {
                    let body = serde_json::json!({ "name": format!("round {round} writer {writer} case {n}") }).to_string();
                    let Ok(answer) = client.send("POST", "/api/v1/cases", connect::Content::Json(body)).await else { return };
                    let case: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
                    let Some(number) = case["number"].as_str() else { return };
                    if tell.send(number.to_owned()).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        // Killed once a good number was acknowledged, with four more always on their way.
        acknowledged.extend(told.iter().take(60));
        server.child.kill().expect("killed");
        acknowledged.extend(told.iter());
        server.child.wait().expect("gone");
    }
    let verified = done(&run(&mut vizsla(&data, &["verify"])));
    assert!(verified.contains("entries fit"), "{verified}");
    assert!(acknowledged.len() >= 180);
    for number in acknowledged.iter().step_by(7) {
        let shown = done(&run(&mut vizsla(&data, &["case", "show", number, "--json"])));
        assert!(shown.contains(number.as_str()), "{number} was acknowledged and is gone");
    }
}

#[test]
fn a_backup_that_was_ended_before_its_time_does_not_stop_the_next() {
    let (data, scratch) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    done(&run(&mut vizsla(data.path(), &["case", "new", "To be kept"])));
    let left = file(scratch.path(), "night.tar.zst.partial", &"half a backup".repeat(100_000));
    let backup = scratch.path().join("night.tar.zst").display().to_string();
    done(&run(&mut vizsla(data.path(), &["backup", &backup])));
    assert!(!Path::new(&left).exists());
    let restored = tempfile::tempdir().expect("a directory");
    done(&run(&mut vizsla(restored.path(), &["restore", &backup])));
    assert!(done(&run(&mut vizsla(restored.path(), &["case", "list"]))).contains("To be kept"));
}

#[test]
#[cfg(unix)]
fn a_server_that_is_told_to_stop_does_not_wait_for_an_upload_that_stalls() {
    let data = tempfile::tempdir().expect("a directory");
    done(&run(&mut vizsla(data.path(), &["account", "add", "ada", "--role", "analyst"])));
    let token = done(&run(&mut vizsla(data.path(), &["token", "add", "--account", "ada", "--label", "test"])));
    let mut server = Server::start(data.path());
    let mut client = std::net::TcpStream::connect(server.url.trim_start_matches("http://")).expect("a connection");
    let head = format!("POST /api/v1/imports/logs?source=s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n");
    write!(client, "{head}content-length: 1000\r\nexpect: 100-continue\r\n\r\n").expect("sent");
    // It waits for the file.
    let mut line = String::new();
    BufReader::new(client.try_clone().expect("a connection")).read_line(&mut line).expect("a line");
    assert!(line.starts_with("HTTP/1.1 100"), "{line}");
    done(&run(Command::new("kill").arg(server.child.id().to_string())));
    assert!(server.child.wait().expect("an end").success());
}
