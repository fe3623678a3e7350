//! Whole sources in, events out.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use super::*;

/// What tests look at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    text: String,
    time: Option<String>,
    host: Option<String>,
    accounts: Vec<String>,
    member: String,
    line: u64,
}

fn read(bytes: &[u8], limits: &Limits) -> Result<(Vec<Seen>, ReadReport), ReadError> {
    let mut seen = Vec::new();
    let report = read_events(Cursor::new(bytes), "test", limits, &mut |event| {
        let mut again = String::new();
        values_of(event.shape as u8, event.raw, &mut again);
        assert_eq!(again, event.text);
        seen.push(Seen {
            text: event.text.to_owned(),
            time: event.time.map(|t| t.to_string()),
            host: event.host.map(str::to_owned),
            accounts: event.accounts.iter().map(|a| a.to_string()).collect(),
            member: event.member.to_owned(),
            line: event.line,
        });
        ControlFlow::Continue(())
    })?;
    Ok((seen, report))
}

fn texts(bytes: &[u8]) -> Vec<String> {
    read(bytes, &Limits::default()).unwrap().0.into_iter().map(|s| s.text).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn windows_events_have_time_host_and_accounts() {
    let line = br#"{"Hostname":"MKT01.pandalab.com","TimeCreated":"2023-08-15T09:54:30.820Z","@timestamp":"2023-08-15T09:54:31.820Z","SubjectUserName":"MKT01$","SubjectDomainName":"PANDALAB","TargetUserName":"pedro.gustavo","TargetDomainName":"PANDALAB","User":"-","UtcTime":"2023-08-16 04:53:48.446","EventID":4624}"#;
    let (seen, report) = read(line, &Limits::default()).unwrap();
    assert_eq!(seen[0].time.as_deref(), Some("2023-08-15T09:54:31.82Z"));
    assert_eq!(seen[0].host.as_deref(), Some("MKT01.pandalab.com"));
    assert_eq!(seen[0].accounts, ["PANDALAB\\MKT01$", "PANDALAB\\pedro.gustavo"]);
    assert_eq!((report.events, report.without_time, report.without_zone), (1, 0, 0));
}

#[test]
fn other_products_are_mapped_too() {
    for (line, time, host, accounts) in [
        (
            r#"{"@timestamp":"2023-01-01T00:00:00Z","host":{"name":"pc1"},"agent":{"hostname":"relay"},"user":{"name":"anna","domain":"CORP"}}"#,
            Some("2023-01-01T00:00:00Z"),
            Some("pc1"),
            vec!["CORP\\anna"],
        ),
        (
            r#"{"ts":1692096826.553848,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}"#,
            Some("2023-08-15T10:53:46.553848Z"),
            Some("10.0.0.1"),
            vec![],
        ),
        (
            r##"{"Event":{"System":{"TimeCreated":{"#attributes":{"SystemTime":"2020-01-01T00:00:00.5Z"}},"Computer":"PC"},"EventData":{"TargetUserName":"a","TargetDomainName":"D"}}}"##,
            Some("2020-01-01T00:00:00.5Z"),
            Some("PC"),
            vec!["D\\a"],
        ),
        (
            r#"{"winlog":{"computer_name":"PC","event_data":{"SubjectUserName":"b","SubjectDomainName":"-"}},"UtcTime":"2023-08-16 04:53:48"}"#,
            Some("2023-08-16T04:53:48Z"),
            Some("PC"),
            vec!["b"],
        ),
        (
            r#"{"eventTime":"2023-07-10T12:00:00Z","userIdentity":{"userName":"bob"},"sourceIPAddress":"1.2.3.4"}"#,
            Some("2023-07-10T12:00:00Z"),
            Some("1.2.3.4"),
            vec!["bob"],
        ),
        (r#"{"time":"never","host":{"os":"x"},"user":null}"#, None, None, vec![]),
    ] {
        let (seen, _) = read(line.as_bytes(), &Limits::default()).unwrap();
        assert_eq!((seen[0].time.as_deref(), seen[0].host.as_deref()), (time, host), "{line}");
        assert_eq!(seen[0].accounts, accounts, "{line}");
    }
}

#[test]
fn bad_lines_are_told_and_good_ones_kept() {
    let mut bytes = b"\xef\xbb\xbf{\"a\":\"x\"}\r\n\n  \nnot json\n{\"a\":\"y\xff\"}\n".to_vec();
    bytes.extend_from_slice(format!("{}1{}\n", "[".repeat(100), "]".repeat(100)).as_bytes());
    bytes.extend(vec![b'z'; 300]);
    bytes.extend_from_slice(b"\n{\"a\":\"last\"}");
    let (seen, report) = read(&bytes, &Limits { line_bytes: 250, ..Limits::default() }).unwrap();
    assert_eq!(seen.iter().map(|s| s.line).collect::<Vec<_>>(), [1, 4, 5, 6, 8]);
    assert_eq!((seen[0].text.as_str(), seen[1].text.as_str(), seen[2].text.as_str()), ("x", "not json", "y\u{fffd}"));
    assert_eq!((report.events, report.not_json, report.not_utf8, report.too_deep, report.too_long), (5, 1, 1, 1, 1));
    let notes: Vec<(u64, Problem)> = report.notes.iter().map(|n| (n.line, n.problem)).collect();
    assert_eq!(notes, [(4, Problem::NotJson), (5, Problem::NotUtf8), (6, Problem::TooDeep), (7, Problem::TooLong)]);
}

#[test]
fn compressed_sources_are_read_alike() {
    let plain = b"{\"a\":\"x\"}\n{\"a\":\"y\"}\n";
    assert_eq!(texts(plain), ["x", "y"]);
    assert_eq!(texts(&gzip(plain)), ["x", "y"]);
    assert_eq!(texts(&[gzip(plain), gzip(b"{\"a\":\"z\"}")].concat()), ["x", "y", "z"]);
    assert_eq!(texts(&gzip(&gzip(plain))), ["x", "y"]);
    let archive = zip(&[
        ("d/", b""),
        ("d/one.json", plain),
        ("two.json.gz", &gzip(b"{\"a\":\"z\"}")),
        ("readme", b"hello"),
        ("__MACOSX/x", b"?"),
        ("empty", b""),
    ]);
    let (seen, report) = read(&archive, &Limits::default()).unwrap();
    assert_eq!(
        seen.iter().map(|s| (s.text.as_str(), s.member.as_str(), s.line)).collect::<Vec<_>>(),
        [("x", "d/one.json", 1), ("y", "d/one.json", 2), ("z", "two.json.gz", 1)]
    );
    let members: Vec<(&str, u64, bool)> = report.members.iter().map(|m| (m.name.as_str(), m.events, m.broken.is_some())).collect();
    assert_eq!(members, [("d/one.json", 2, false), ("two.json.gz", 1, false), ("readme", 0, true), ("empty", 0, false)]);
}

#[test]
fn what_is_not_read_is_told() {
    for (bytes, expected) in [
        (&b"[{\"a\":1}]"[..], "one JSON array"),
        (b"{ \"Records\" : [ {\"a\":1}]}", "CloudTrail"),
        (b"{\n \"a\": 1\n}\n", "spread over lines"),
        (b"Aug 15 09:00:00 host sshd: x\n", "no JSON lines"),
        (b"ElfFile\0....", "EVTX"),
        (b"\xff\xfe{\0", "UTF-16"),
        (b"\x28\xb5\x2f\xfd....", "zstd"),
    ] {
        let error = read(bytes, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("test"), "{error}");
        let in_zip = read(&zip(&[("x", bytes)]), &Limits::default()).unwrap_err().to_string();
        assert!(in_zip.contains(expected), "{in_zip}");
    }
    assert_eq!(texts(b""), [""; 0]);
    assert!(read(b"PK\x03\x04 broken", &Limits::default()).unwrap_err().to_string().contains("not a readable archive"));
    let nested = (0..5).fold(b"{}".to_vec(), |bytes, _| gzip(&bytes));
    assert!(read(&nested, &Limits::default()).unwrap_err().to_string().contains("several times"));
}

#[test]
fn archives_that_explode_are_refused() {
    let bomb = format!("{{}}\n{}", "x".repeat(100 << 20));
    let limits = Limits { ratio: 100, ..Limits::default() };
    for bytes in [gzip(bomb.as_bytes()), zip(&[("ok", b"{}"), ("bomb.json", bomb.as_bytes())])] {
        let error = read(&bytes, &limits).unwrap_err();
        assert!(matches!(error, ReadError::Exploding { .. }), "{error}");
        assert!(error.to_string().contains("more than 100 times"), "{error}");
    }
    let named = read(&zip(&[("bomb.json", bomb.as_bytes())]), &limits).unwrap_err().to_string();
    assert!(named.contains("`bomb.json`"), "{named}");
    let small = Limits { inflated_bytes: 1_000_000, ..Limits::default() };
    assert!(matches!(read(&gzip(bomb.as_bytes()), &small), Err(ReadError::Exploding { .. })));
    let few = Limits { members: 1, ..Limits::default() };
    assert!(read(&zip(&[("a", b"{}"), ("b", b"{}")]), &few).unwrap_err().to_string().contains("2 files"));
}

#[test]
fn what_is_cut_off_keeps_what_came_before() {
    let lines: String = (0..20_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let mut cut = gzip(lines.as_bytes());
    cut.truncate(cut.len() / 2);
    let (seen, report) = read(&cut, &Limits::default()).unwrap();
    assert!(seen.len() > 1_000 && seen.len() < 20_000);
    assert!(report.members[0].broken.as_deref().is_some_and(|why| why.contains("cut off")));
}

#[test]
fn the_sink_can_stop() {
    let mut count = 0;
    let report = read_events(Cursor::new("{}\n".repeat(10)), "test", &Limits::default(), &mut |_| {
        count += 1;
        if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(report.stopped);
    assert_eq!((count, report.events), (3, 3));
}

proptest::proptest! {
    #[test]
    fn nothing_panics_and_every_event_is_found_again(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = read(&bytes, &Limits::default());
        let _ = read(&[b"{\"a\":\"".as_slice(), &bytes, b"\"}\n{}\n"].concat(), &Limits::default());
    }
}

#[test]
fn the_corpus_of_the_fuzz_target_is_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/log_events");
    let mut counts: Vec<(String, Option<u64>)> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|file| (file.file_name().to_string_lossy().into_owned(), file.path()))
        .map(|(name, path)| (name, read(&std::fs::read(path).unwrap(), &Limits::default()).ok().map(|(_, report)| report.events)))
        .collect();
    counts.sort();
    let expected = [("mixed.json", 4), ("twice.gz", 2), ("two.zip", 6), ("windows.json", 1), ("windows.json.gz", 1)];
    for (name, count) in expected {
        assert!(counts.contains(&(name.to_owned(), Some(count))), "{name}: {counts:?}");
    }
    assert!(counts.contains(&("nested.json".to_owned(), None)));
}

#[test]
fn of_a_small_file_that_is_cut_off_or_goes_on_with_garbage_what_came_before_is_kept() {
    let lines: String = (0..100).map(|n| format!("{{\"a\":\"value {n}\"}}\n")).collect();
    let whole = gzip(lines.as_bytes());
    let files = [[&whole, &b"garbage"[..]].concat(), whole[..whole.len() - 4].to_vec()];
    for file in &files {
        let (seen, report) = read(file, &Limits::default()).unwrap();
        assert_eq!((seen.len(), report.events, report.members[0].events), (100, 100, 100));
        assert!(report.members[0].broken.as_deref().is_some_and(|why| why.contains("damaged or cut off")), "{:?}", report.members);
    }
    let (seen, report) = read(&zip(&[("cut.json.gz", &files[1]), ("whole.json", b"{\"a\":\"b\"}")]), &Limits::default()).unwrap();
    assert_eq!((seen.len(), report.members.iter().filter(|member| member.broken.is_some()).count()), (101, 1));
}
