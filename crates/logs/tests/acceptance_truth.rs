//! Real logs in, and the counts of their ground truth out.
//!
//! Reads the folder named by `VIZSLA_TEST_DATA`. Without it the test says so and passes, unless `VIZSLA_ACCEPTANCE=1`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use formats::log_events::{Format, ReadReport};
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

/// Indexes the files, each as a source of its own, in the order given; tells how each was read.
fn index_files(dir: &Path, set: &Path, files: &[&str], format: Option<Format>) -> (LogIndex, Vec<ReadReport>) {
    let index = LogIndex::open(dir, Options::new(formats::log_events::values_of)).unwrap();
    let mut reports = Vec::new();
    for (source, file) in files.iter().enumerate() {
        let source = source as i64;
        let mut batch = index.begin_batch(source, source + 1_000).unwrap();
        let mut failed = None;
        let options = formats::log_events::Options { format, now: Some(Timestamp(1_700_000_000_000_000)), ..Default::default() };
        let report = formats::log_events::read_events(File::open(set.join(file)).unwrap(), file, &options, &mut |event| {
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
        .unwrap_or_else(|error| panic!("{error}"));
        assert!(failed.is_none(), "{failed:?}");
        let summary = batch.finish().unwrap();
        assert_eq!(summary.events, report.events);
        assert_eq!((report.too_long, report.damaged), (0, 0), "{file}: {:?}", report.notes);
        assert!(report.members.iter().all(|member| member.broken.is_none()), "{file}: {:?}", report.members);
        reports.push(report);
    }
    (index, reports)
}

/// Everything that a truth file says of these files has to come out; what does not is told all at once.
fn check(set: &str, truth: &str, format: Option<Format>) {
    let Some(data) = data() else { return };
    let set = data.join("logs").join(set);
    let truth: Value = serde_json::from_reader(File::open(set.join(truth)).unwrap()).unwrap();
    let metas = truth["files"].as_array().unwrap();
    // Truths name files as they were before they were stored.
    let files: Vec<&str> = metas.iter().map(|meta| meta["file"].as_str().unwrap()).collect();
    let dir = tempfile::tempdir().unwrap();
    let (index, reports) = index_files(dir.path(), &set, &files, format);

    let mut wrong = Vec::new();
    for (source, meta) in metas.iter().enumerate() {
        let file = &meta["file"];
        let coverage = index.coverage(Window::All, Some(&[source as i64]));
        let covered = coverage.first();
        let events = covered.map_or(0, |c| c.events);
        if Some(events) != meta["events"].as_u64() {
            wrong.push(format!("{file}: {events} events, not {} ({:?})", meta["events"], reports[source].members));
        }
        // A truth without times says nothing of them.
        for (name, found) in [("first_time", covered.and_then(|c| c.first)), ("last_time", covered.and_then(|c| c.last))] {
            let expected = time(&meta[name]);
            if expected.is_some() && found != expected {
                wrong.push(format!("{file}: {name} is {found:?}, not {expected:?}"));
            }
        }
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
    let request = SearchRequest { needles: &needles, window: Window::All, sources: None, batch: None, samples: 20 };
    let outcome = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome.refused, []);

    let (mut pairs, mut sighted) = (0, 0);
    for (id, observable) in observables.iter().enumerate() {
        let value = &observable["value"];
        let results: Vec<_> = outcome.results.iter().filter(|r| r.id == id as i64).collect();
        for (source, file) in files.iter().enumerate() {
            let expected = observable["per_file"][file].as_u64().unwrap_or(0);
            let found = results.iter().find(|r| r.source == source as i64);
            let count = found.map_or(0, |r| r.count);
            if count != expected {
                wrong.push(format!("{value} in {file}: {count}, not {expected}"));
            }
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
            let alone = observable["per_file"].as_object().is_some_and(|files| files.len() == 1);
            for (name, found) in [("first_time", found.first), ("last_time", found.last)] {
                let expected = time(&observable[name]);
                if alone && expected.is_some() && found != expected {
                    wrong.push(format!("{value}: {name} is {found:?}, not {expected:?}"));
                }
            }
        }
        if let Some(expected) = observable["with_subdomains"].as_u64() {
            let found = results.iter().filter_map(|r| r.with_subdomains).sum::<u64>();
            if found != expected {
                wrong.push(format!("{value} with subdomains: {found}, not {expected}"));
            }
        }
    }
    let events = index.stats().unwrap().events;
    assert!(wrong.is_empty(), "{}: {} of {pairs} pairs and {events} events are wrong:\n{}", set.display(), wrong.len(), wrong.join("\n"));
    println!("{}: {events} events, {} files, {pairs} (file, observable) pairs, {sighted} sighted", set.display(), files.len());
}

/// The truth writes times as Python does; without a zone they are UTC.
fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let text = if text.ends_with("+00:00") { text.to_owned() } else { format!("{text}Z") };
    Some(text.parse().unwrap())
}

#[test]
fn windows_sets() {
    check("otrf-lsass-campaign-01", "truth.json", None);
    check("otrf-aptsimulator-cobaltstrike", "truth.json", None);
    check("otrf-bitsadmin-download", "truth.json", None);
}

#[test]
fn event_log_files_and_their_exports() {
    check("evtx-attack-samples", "truth.json", None);
    check("jpcert-apt-intrusion-case", "truth.json", None);
}

#[test]
fn cloud_sets() {
    check("otrf-aws-ec2-proxy-s3-exfiltration", "truth.json", None);
    check("aws-cloudtrail-stratus", "truth.json", None);
}

#[test]
fn network_sets() {
    check("apt29-evals-day1-zeek", "truth.json", None);
    check("suricata-eve-stratosphere", "truth.json", None);
    check("suricata-eve-stratosphere", "truth_random_observables.json", None);
    check("zeek-ctu-sme-11-remcos", "truth.json", None);
    check("cado-revil-kaseya-pcap", "truth.json", None);
}

#[test]
fn zeek_in_json() {
    check("zeek-wrccdc-tsv-and-json", "truth_json.json", None);
}

#[test]
fn zeek_in_columns() {
    check("zeek-wrccdc-tsv-and-json", "truth_tsv.json", None);
}

/// The truth of this set takes every file as lines of text. By their content some are JSON, whose values hold the same.
#[test]
fn products_as_lines() {
    check("crowdsec-hub-formats", "truth.json", Some(Format::Text));
    check("crowdsec-hub-formats", "truth.json", None);
}

/// The files below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn read(path: &Path) -> (Vec<String>, ReadReport) {
    let mut texts = Vec::new();
    let options = formats::log_events::Options { now: Some(Timestamp(1_700_000_000_000_000)), ..Default::default() };
    let report = formats::log_events::read_events(File::open(path).unwrap(), &path.to_string_lossy(), &options, &mut |event| {
        texts.push(event.text.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap_or_else(|error| panic!("{error}"));
    (texts, report)
}

#[test]
fn samples_of_many_products_lose_no_line() {
    let Some(data) = data() else { return };
    let mut read_files = 0;
    for path in files_below(&data.join("logs/plaso-formats")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "SOURCE.json" || name.starts_with("LICENCE") {
            continue;
        }
        let (texts, report) = read(&path);
        let format = report.members[0].format.unwrap();
        let written = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        println!("{name}: {format} in {}, {} events, {} without a time", report.members[0].encoding, report.events, report.without_time);
        if format.is_text() && report.members[0].encoding == "UTF-8" {
            let framed = |line: &&str| format == Format::W3c && line.starts_with('#');
            let lines = written.lines().filter(|line| !line.trim().is_empty() && !framed(line)).count();
            assert_eq!(texts.len(), lines, "{name}");
        }
        assert!(report.events > 0 && report.too_long + report.damaged == 0, "{name}");
        read_files += 1;
    }
    assert!(read_files > 20, "{read_files}");
}

/// The same event as EVTX and as JSON has the same words.
#[test]
fn event_log_files_say_what_their_json_says() {
    let Some(data) = data() else { return };
    let words = |texts: &[String]| -> std::collections::BTreeSet<String> {
        let split = |c: char| !c.is_alphanumeric();
        // Fractions of seconds are written with more or fewer digits.
        let fraction = |word: &str| word.trim_end_matches(['z', 'Z']).bytes().all(|b| b.is_ascii_digit());
        let all = texts.iter().flat_map(|text| text.split(split));
        all.filter(|word| word.len() > 3 && !fraction(word)).map(str::to_lowercase).collect()
    };
    let mut compared = 0;
    for path in files_below(&data.join("logs/sigma-regression-evtx-json")) {
        let json = PathBuf::from(path.to_string_lossy().replace(".evtx.gz", ".json"));
        if json == path || !json.is_file() {
            continue;
        }
        let (records, report) = read(&path);
        let (objects, _) = read(&json);
        assert_eq!((records.len(), report.damaged), (objects.len(), 0), "{}", path.display());
        let (records, objects) = (words(&records), words(&objects));
        let missing: Vec<_> = objects.difference(&records).collect();
        assert!(missing.len() * 20 <= objects.len(), "{}: {missing:?}", path.display());
        compared += 1;
    }
    println!("{compared} event log files hold what their JSON holds");
    assert!(compared > 20, "{compared}");
}
