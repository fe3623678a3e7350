//! Real logs in, and the counts of their ground truth out.
//!
//! Reads the folder named by `VIZSLA_TEST_DATA`. Without it the test says so and passes, unless `VIZSLA_ACCEPTANCE=1`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use logs::{LogIndex, Needle, NeedleKind, NewEvent, Options, SearchRequest};
use model::Timestamp;
use model::time::Window;
use serde_json::Value;

/// The data folder, if it is there.
fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("VIZSLA_TEST_DATA").map(PathBuf::from).filter(|dir| dir.join("logs").is_dir());
    if dir.is_none() {
        assert!(std::env::var_os("VIZSLA_ACCEPTANCE").is_none(), "VIZSLA_TEST_DATA does not name the test data");
        println!("skipped: VIZSLA_TEST_DATA does not name the test data");
    }
    dir
}

/// Indexes the files, each as a source of its own, in the order given.
fn index_files(dir: &Path, set: &Path, files: &[&str]) -> LogIndex {
    let index = LogIndex::open(dir, Options::new(formats::log_events::values_of)).unwrap();
    for (source, file) in files.iter().enumerate() {
        let source = source as i64;
        let mut batch = index.begin_batch(source, source + 100).unwrap();
        let mut failed = None;
        let report = formats::log_events::read_events(File::open(set.join(file)).unwrap(), file, &Default::default(), &mut |event| {
            let added = batch.add(&NewEvent {
                time: event.time,
                host: event.host,
                accounts: event.accounts,
                raw: event.raw,
                text: event.text,
                shape: event.shape as u8,
                member: event.member,
                line: event.line,
            });
            failed = added.err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert!(failed.is_none(), "{failed:?}");
        let summary = batch.finish().unwrap();
        assert_eq!(summary.events, report.events);
    }
    index
}

/// Everything that a truth file says of these files has to come out.
fn check(set: &str, truth: &str, files: &[&str]) {
    let Some(data) = data() else { return };
    let set = data.join("logs").join(set);
    let truth: Value = serde_json::from_reader(File::open(set.join(truth)).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let index = index_files(dir.path(), &set, files);

    for meta in truth["files"].as_array().unwrap() {
        let Some(source) = files.iter().position(|f| meta["file"] == **f) else { continue };
        let coverage = index.coverage(Window::All, Some(&[source as i64]));
        let expected = meta["events"].as_u64().unwrap();
        assert_eq!(coverage.first().map_or(0, |c| c.events), expected, "{}", meta["file"]);
        assert_eq!(coverage.first().and_then(|c| c.first), time(&meta["first_time"]), "{}", meta["file"]);
        assert_eq!(coverage.first().and_then(|c| c.last), time(&meta["last_time"]), "{}", meta["file"]);
    }

    let none = Vec::new();
    let observables: Vec<&Value> =
        truth["observables"].as_array().unwrap().iter().chain(truth["near_miss_controls"].as_array().unwrap_or(&none)).collect();
    let needles: Vec<Needle> = observables
        .iter()
        .enumerate()
        .map(|(id, o)| Needle {
            id: id as i64,
            kind: match o["type"].as_str().unwrap() {
                "url" => NeedleKind::Url,
                "domain" => NeedleKind::Domain { with_subdomains: true },
                _ => NeedleKind::Plain,
            },
            value: o["value"].as_str().unwrap().to_owned(),
            alternatives: Vec::new(),
        })
        .collect();
    let request = SearchRequest { needles: &needles, window: Window::All, sources: None, samples: 20 };
    let outcome = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome.refused, []);

    let (mut pairs, mut sighted) = (0, 0);
    let all_files = truth["files"].as_array().unwrap().len() == files.len();
    for (id, observable) in observables.iter().enumerate() {
        let value = &observable["value"];
        let results: Vec<_> = outcome.results.iter().filter(|r| r.id == id as i64).collect();
        for (source, file) in files.iter().enumerate() {
            let expected = observable["per_file"][file].as_u64().unwrap_or(0);
            let found = results.iter().find(|r| r.source == source as i64);
            assert_eq!(found.map_or(0, |r| r.count), expected, "{value} in {file}");
            pairs += 1;
            sighted += usize::from(expected > 0);
            let Some(found) = found.filter(|r| r.count > 0) else { continue };
            assert_eq!(found.per_day.iter().map(|d| d.1).sum::<u64>() + found.without_time, found.count);
            assert!(found.hosts.iter().all(|(_, n)| *n <= found.count));
            // The locators are the first lines in the order of the file; samples are the first in time.
            assert_eq!(found.samples.len() as u64, found.count.min(20), "{value}");
            let marked = found.samples.iter().filter(|s| !s.marks.is_empty()).count();
            assert!(marked > 0, "nothing is marked for {value}: {}", found.samples[0].event.raw);
            for sample in &found.samples {
                assert_eq!(index.event(sample.event.locator).unwrap().as_ref(), Some(&sample.event));
            }
            if observable["per_file"].as_object().is_some_and(|files| files.len() == 1) {
                assert_eq!(found.first, time(&observable["first_time"]), "{value}");
                assert_eq!(found.last, time(&observable["last_time"]), "{value}");
            }
        }
        if let Some(expected) = observable["with_subdomains"].as_u64().filter(|_| all_files) {
            assert_eq!(results.iter().filter_map(|r| r.with_subdomains).sum::<u64>(), expected, "{value} with subdomains");
        }
    }
    println!("{}: {} events, {pairs} (file, observable) pairs, {sighted} sighted", set.display(), index.stats().unwrap().events);
}

/// The truth writes times as Python does; without a zone they are UTC.
fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let text = if text.ends_with("+00:00") { text.to_owned() } else { format!("{text}Z") };
    Some(text.parse().unwrap())
}

#[test]
fn lsass_campaign() {
    check("otrf-lsass-campaign-01", "truth.json", &["metasploit_logonpasswords_lsass_memory_dump.zip"]);
}

#[test]
fn other_windows_sets() {
    check("otrf-aptsimulator-cobaltstrike", "truth.json", &["aptsimulator_cobaltstrike.zip"]);
    check("otrf-bitsadmin-download", "truth.json", &["cmd_bitsadmin_download_psh_script.zip"]);
}

#[test]
fn cloud_and_network_sets() {
    check("otrf-aws-ec2-proxy-s3-exfiltration", "truth.json", &["ec2_proxy_s3_exfiltration.zip"]);
    check("apt29-evals-day1-zeek", "truth.json", &["combined_zeek.ndjson.gz"]);
    check("suricata-eve-stratosphere", "truth.json", &["eve.json.gz"]);
    check("suricata-eve-stratosphere", "truth_random_observables.json", &["eve.json.gz"]);
}

#[test]
fn zeek_in_json() {
    let names = [
        "dns",
        "ssl",
        "notice",
        "rdp",
        "ntlm",
        "smtp",
        "x509",
        "syslog",
        "kerberos",
        "smb_mapping",
        "software",
        "ftp",
        "known_services",
        "ssh",
    ];
    let files: Vec<String> = names.iter().map(|name| format!("zeek-json/{name}.json.gz")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    check("zeek-wrccdc-tsv-and-json", "truth_json.json", &files);
}
