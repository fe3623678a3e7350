//! Whole sources in, events out.

use std::io::{Cursor, Read, Seek, Write};
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
    read_as(bytes, &Options { limits: *limits, ..Options::default() })
}

fn read_as(bytes: &[u8], options: &Options) -> Result<(Vec<Seen>, ReadReport), ReadError> {
    let mut seen = Vec::new();
    let report = read_events(Cursor::new(bytes), "test", options, &mut |event| {
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
        ("readme.pdf", b"%PDF-1.7 hello"),
        ("notes.txt", b"hello"),
        ("._notes.txt", b"\0\0"),
        ("__MACOSX/x", b"?"),
        ("empty", b""),
    ]);
    let (seen, report) = read(&archive, &Limits::default()).unwrap();
    assert_eq!(
        seen.iter().map(|s| (s.text.as_str(), s.member.as_str(), s.line)).collect::<Vec<_>>(),
        [("x", "d/one.json", 1), ("y", "d/one.json", 2), ("z", "two.json.gz", 1), ("hello", "notes.txt", 1)]
    );
    let members: Vec<(&str, Option<Format>, u64, bool)> =
        report.members.iter().map(|m| (m.name.as_str(), m.format, m.events, m.broken.is_some())).collect();
    assert_eq!(
        members,
        [
            ("d/one.json", Some(Format::JsonLines), 2, false),
            ("two.json.gz", Some(Format::JsonLines), 1, false),
            ("readme.pdf", None, 0, true),
            ("notes.txt", Some(Format::Text), 1, false),
            ("empty", Some(Format::JsonLines), 0, false)
        ]
    );
}

#[test]
fn what_is_not_read_is_told() {
    for (bytes, expected) in [
        (&b"7z\xbc\xaf\x27\x1c\0\0"[..], "7-Zip"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "packet capture"),
        (b"\x01\x02\x00\x00\x03\x04\x05\x06", "binary data"),
        (b"LPKSHHRH\0\0", "journalctl -o json"),
    ] {
        let error = read(bytes, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("test"), "{error}");
        let in_zip = read(&zip(&[("x", bytes)]), &Limits::default()).unwrap_err().to_string();
        assert!(in_zip.contains(expected), "{in_zip}");
    }
    assert_eq!(texts(b""), [""; 0]);
    assert!(read(b"PK\x03\x04 broken", &Limits::default()).unwrap_err().to_string().contains("not a readable archive"));
    let asked = Options { format: Some(Format::Evtx), ..Options::default() };
    assert!(read_as(b"{\"a\":1}", &asked).unwrap_err().to_string().contains("else than a Windows event log (EVTX)"));
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

    // The list of a zip archive's files stands at its end; the third file is cut.
    let whole = zip(&[("a.json", b"{\"n\":1}\n"), ("b.json", b"{\"n\":2}\n"), ("c.json", lines.as_bytes())]);
    let mut cut = whole.clone();
    cut.truncate(whole.len() / 2);
    for cut in [cut.clone(), gzip(&cut), gzip(&whole).get(..gzip(&whole).len() / 2).unwrap().to_vec()] {
        let (seen, report) = read(&cut, &Limits::default()).unwrap();
        assert_eq!(seen.iter().take(2).map(|s| s.text.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert!(seen.len() > 1_000 && seen.len() < 20_000, "{}", seen.len());
        let why = report.members.last().and_then(|member| member.broken.as_deref()).unwrap_or_default();
        assert!(why.contains("cut off after 3 files"), "{why}");
    }
}

#[test]
fn the_sink_can_stop() {
    let mut count = 0;
    let report = read_events(Cursor::new("{}\n".repeat(10)), "test", &Options::default(), &mut |_| {
        count += 1;
        if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(report.stopped);
    assert_eq!((count, report.events), (3, 3));
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_entry_type(if name.ends_with('/') { tar::EntryType::Directory } else { tar::EntryType::Regular });
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `{"a":"x"}` and a line feed, by `xz`.
const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x09\x7b\x22\x61\x22\x3a\x22\x78\x22\x7d\x0a\x00\x00\x00\x5b\x98\xa1\xf4\x00\x01\x1e\x0a\xea\x63\x12\x14\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a";

#[test]
fn compressions_and_archives_are_undone_in_any_nesting() {
    let plain = b"{\"a\":\"x\"}\n";
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    for bytes in [zstd.clone(), bzip2(plain), XZ.to_vec(), bzip2(&zstd), [zstd.clone(), zstd::encode_all(&b""[..], 1).unwrap()].concat()] {
        assert_eq!(texts(&bytes), ["x"]);
    }
    let inner = zip(&[("a.json", plain), ("b.json.zst", &zstd)]);
    let outer = tar(&[("logs/", b""), ("logs/inner.zip", &inner), ("logs/c.xz", XZ)]);
    for bytes in [outer.clone(), gzip(&outer), zip(&[("all.tar", &outer)])] {
        let (seen, report) = read(&bytes, &Limits::default()).unwrap();
        let names: Vec<&str> = seen.iter().map(|s| s.member.strip_prefix("all.tar/").unwrap_or(&s.member)).collect();
        assert_eq!(names, ["logs/inner.zip/a.json", "logs/inner.zip/b.json.zst", "logs/c.xz"], "{report:?}");
        assert_eq!(report.members.len(), 3);
    }
    let few = Limits { members: 3, ..Limits::default() };
    assert!(read(&outer, &few).unwrap_err().to_string().contains("more than 3 files"));
    let small = Limits { held_bytes: 20, ..Limits::default() };
    assert!(read(&outer, &small).unwrap().1.members[0].broken.as_deref().is_some_and(|why| why.contains("unpack it first")));
    let deep = (0..6).fold(plain.to_vec(), |bytes, _| tar(&[("t", &bytes)]));
    assert!(read(&deep, &Limits::default()).unwrap_err().to_string().contains("several times over"));
    let bomb = format!("{{}}\n{}", "x".repeat(100 << 20));
    for bytes in [zstd::encode_all(bomb.as_bytes(), 1).unwrap(), tar(&[("b.zst", &zstd::encode_all(bomb.as_bytes(), 1).unwrap())])] {
        let error = read(&bytes, &Limits { ratio: 20, ..Limits::default() }).unwrap_err();
        assert!(matches!(error, ReadError::Exploding { .. }), "{error}");
    }
    let mut cut = outer;
    cut.truncate(1_024 + inner.len() - 20);
    let (_, report) = read(&cut, &Limits::default()).unwrap();
    assert!(report.members.iter().any(|member| member.broken.is_some()), "{report:?}");
}

#[test]
fn formats_are_told_by_content_and_can_be_chosen() {
    for (bytes, format) in [
        (&b"{\"a\":1}\n{\"a\":2}\n"[..], Format::JsonLines),
        (b"{\"a\":1}", Format::JsonLines),
        (b"[{\"a\":1}]", Format::Json),
        (b"{ \"Records\" : [ {\"a\":1}]}", Format::Json),
        (b"{\n \"a\": 1\n}\n", Format::Json),
        (b"[\n{\"a\":1},\n{\"b\":2}\n]\n", Format::Json),
        (b"[1234] server started\n[1234] server stopped\n", Format::Text),
        (b"{\"results\":[{\"a\":1}],\"time\":1}\n{\"results\":[{\"a\":2}],\"time\":2}\n", Format::JsonLines),
        (b"{\"index\":{\"_index\":\"x\"}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2}\n", Format::ElasticBulk),
        (b"Jan 31 10:00:00 pc1 sshd[1]: x\nJan 31 10:00:01 pc1 sshd[1]: y\n", Format::Syslog),
        (b"192.0.2.1 - - [31/Jan/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n", Format::AccessLog),
        (b"time=10:00 level=info user=anna\n", Format::KeyValue),
        (b"CEF:0|a|b|c|d|e|5|src=192.0.2.1\n", Format::Cef),
        (b"[2024-01-31 10:00:00] [INF] hello\n", Format::Text),
        (b"just words\n", Format::Text),
        (b"a,b\n1,2\n", Format::Csv),
        (b"\xff\xfea\0,\0b\0\n\x001\0,\x002\0\n\0", Format::Csv),
    ] {
        let (_, report) = read(bytes, &Limits::default()).unwrap();
        assert_eq!(report.members[0].format, Some(format), "{}", String::from_utf8_lossy(bytes));
    }
    let text = read_as(b"{\"a\":1}\n", &Options { format: Some(Format::Text), ..Options::default() }).unwrap();
    assert_eq!((text.0[0].text.as_str(), text.1.members[0].format), ("{\"a\":1}", Some(Format::Text)));
    let bulk = read(b"{\"index\":{\"_index\":\"x\"}}\n{\"index\":{\"b\":1}}\n{\"create\":{}}\n{\"a\":2}\n", &Limits::default()).unwrap();
    assert_eq!(bulk.0.iter().map(|seen| seen.line).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn clocks_that_were_wrong_are_put_right() {
    let options = Options { offset_seconds: -9 * 3_600, ..Options::default() };
    let (seen, _) = read_as(b"2024-01-31 10:00:00 hello\n", &options).unwrap();
    assert_eq!(seen[0].time.as_deref(), Some("2024-01-31T01:00:00Z"));
    let options = Options { offset_seconds: i64::MAX, ..Options::default() };
    let (seen, report) = read_as(b"2024-01-31 10:00:00 hello\n", &options).unwrap();
    assert_eq!((seen[0].time.as_deref(), report.without_time), (None, 1));
}

#[test]
fn years_that_are_not_written_come_from_the_file_or_from_now() {
    let times = |log: &str, now: Option<&str>| -> Vec<Option<String>> {
        let options = Options { now: now.map(|now| now.parse().unwrap()), ..Options::default() };
        read_as(log.as_bytes(), &options).unwrap().0.into_iter().map(|seen| seen.time.map(|time| time[..10].to_owned())).collect()
    };
    let days = |days: &[&str]| days.iter().map(|day| Some((*day).to_owned())).collect::<Vec<_>>();
    let log = "Dec 31 23:59:00 pc1 a[1]: x\nJan  1 00:01:00 pc1 a[1]: y\n";
    assert_eq!(times(log, Some("2024-06-01T00:00:00Z")), days(&["2023-12-31", "2024-01-01"]));
    assert_eq!(times(log, None), [None, None]);
    let told = format!("{log}Jan  1 00:02:00 pc1 nginx[1]: 192.0.2.1 - - [01/Jan/2021:00:02:00 +0000] \"GET / HTTP/1.1\" 200 1\n");
    assert_eq!(times(&told, Some("2024-06-01T00:00:00Z")), days(&["2020-12-31", "2021-01-01", "2021-01-01"]));
    assert_eq!(times(&told, None), days(&["2020-12-31", "2021-01-01", "2021-01-01"]));
}

#[test]
fn addresses_and_actions_are_mapped() {
    for (line, source, destination, action) in [
        (
            r#"{"src_ip":"192.0.2.1","dest_ip":"10.0.0.1","event_type":"alert","alert":{"signature":"ET X"}}"#,
            Some("192.0.2.1"),
            Some("10.0.0.1"),
            Some("ET X"),
        ),
        (r#"{"eventName":"GetObject","sourceIPAddress":"192.0.2.1"}"#, Some("192.0.2.1"), None, Some("GetObject")),
        (r#"{"Operation":"FileAccessed","ClientIP":"192.0.2.1","UserId":"a@b.example"}"#, Some("192.0.2.1"), None, Some("FileAccessed")),
        (
            r#"{"source":{"ip":"192.0.2.1"},"destination":{"ip":"10.0.0.1"},"event":{"action":"connect"}}"#,
            Some("192.0.2.1"),
            Some("10.0.0.1"),
            Some("connect"),
        ),
        (
            r#"{"src_endpoint":{"ip":"192.0.2.1"},"dst_endpoint":{"ip":"10.0.0.1"},"activity_name":"Open"}"#,
            Some("192.0.2.1"),
            Some("10.0.0.1"),
            Some("Open"),
        ),
        (
            r#"{"Event":{"System":{"EventID":3},"EventData":{"SourceIp":"192.0.2.1","DestinationIp":"10.0.0.1"}}}"#,
            Some("192.0.2.1"),
            Some("10.0.0.1"),
            Some("3"),
        ),
        (r#"{"_source":{"client":{"ip":"192.0.2.1"}}}"#, Some("192.0.2.1"), None, None),
        (
            r#"{"protoPayload":{"methodName":"v1.delete","requestMetadata":{"callerIp":"192.0.2.1"}}}"#,
            Some("192.0.2.1"),
            None,
            Some("v1.delete"),
        ),
        (
            r#"{"eventType":"user.session.start","client":{"ipAddress":"192.0.2.1"},"actor":{"alternateId":"a"}}"#,
            Some("192.0.2.1"),
            None,
            Some("user.session.start"),
        ),
        (r#"{"operationName":"Sign-in activity","callerIpAddress":"192.0.2.1"}"#, Some("192.0.2.1"), None, Some("Sign-in activity")),
    ] {
        let mut seen = 0;
        read_events(Cursor::new(line), "test", &Options::default(), &mut |event| {
            assert_eq!((event.source, event.destination, event.action), (source, destination, action), "{line}");
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen, 1);
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics_and_every_event_is_found_again(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = read(&bytes, &Limits::default());
        let _ = read(&[b"{\"a\":\"".as_slice(), &bytes, b"\"}\n{}\n"].concat(), &Limits::default());
        for format in Format::ALL {
            let _ = read_as(&bytes, &Options { format: Some(format), now: Some(Timestamp(0)), ..Options::default() });
        }
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
    let expected = [
        ("arcsight.cef", 1),
        ("bulk.json", 2),
        ("conn.zeek", 2),
        ("firewall.pairs", 1),
        ("iis.w3c", 1),
        ("mixed.json", 4),
        ("nested.json", 2),
        ("packed.tar.xz", 4),
        ("pretty.json", 2),
        ("requests.access", 1),
        ("rows.csv", 2),
        ("rows.csv.bz2", 2),
        ("rows.csv.zst", 2),
        ("sshd.syslog", 2),
        ("twice.gz", 2),
        ("two.zip", 6),
        ("utf-16.txt", 2),
        ("viewer-shift-jis.csv", 1),
        ("windows.json", 1),
        ("windows.json.gz", 1),
        ("wrapped.json", 2),
    ];
    for (name, count) in expected {
        assert!(counts.contains(&(name.to_owned(), Some(count))), "{name}: {counts:?}");
    }
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

#[test]
fn a_tar_archive_takes_no_memory_by_its_names_and_tells_of_files_with_holes() {
    let log = b"2026-01-31T10:00:00Z h one\n";
    let header = |name: &str, size: u64, kind: tar::EntryType| {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header
    };
    let mut sparse = header("holes.log", 512, tar::EntryType::GNUSparse);
    {
        let gnu = sparse.as_gnu_mut().unwrap();
        gnu.set_real_size(1 << 40);
        gnu.sparse[0].set_offset((1 << 40) - 512);
        gnu.sparse[0].set_length(512);
    }
    sparse.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&sparse, &[b'x'; 512][..]).unwrap();
    let mut plain = header("a.log", log.len() as u64, tar::EntryType::Regular);
    plain.set_cksum();
    builder.append(&plain, &log[..]).unwrap();
    let mut long = header("././@LongLink", 64 << 20, tar::EntryType::GNULongName);
    long.set_cksum();
    builder.append(&long, std::io::repeat(b'a').take(64 << 20)).unwrap();
    builder.append(&plain, &log[..]).unwrap();
    let archive = builder.into_inner().unwrap();

    let taken = std::cell::Cell::new(0);
    struct Counting<'c>(Cursor<Vec<u8>>, &'c std::cell::Cell<usize>);
    impl Read for Counting<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(out)?;
            self.1.set(self.1.get() + read);
            Ok(read)
        }
    }
    impl Seek for Counting<'_> {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let report =
        read_events(Counting(Cursor::new(archive), &taken), "x.tar", &Options::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(taken.get() < 3 << 20, "{} bytes were read for a name", taken.get());
    assert_eq!(report.events, 1);
    let broken: Vec<(&str, &str)> = report.members.iter().filter_map(|m| Some((m.name.as_str(), m.broken.as_deref()?))).collect();
    assert!(
        matches!(broken[..], [("holes.log", holes), ("", name)] if holes.contains("sparse") && name.contains("longer than any name")),
        "{broken:?}"
    );
}

#[test]
fn zeros_that_a_crash_left_cost_the_lines_around_them_nothing() {
    let log = [b"2026-01-31T10:00:00Z h before the crash\n".as_slice(), &[0; 4_096], b"\n2026-01-31T10:05:00Z h after\0it\n"].concat();
    let (seen, report) = read(&log, &Limits::default()).unwrap();
    assert_eq!((report.events, seen.first().map(|s| s.text.as_str())), (3, Some("2026-01-31T10:00:00Z h before the crash")));
    assert_eq!(seen.last().and_then(|s| s.time.as_deref()), Some("2026-01-31T10:05:00Z"));
    assert!(read(&[b'a', 0, 0, 0].repeat(500), &Limits::default()).is_err());
    assert!(read(&(0..=255_u8).cycle().take(4_096).collect::<Vec<_>>(), &Limits::default()).is_err());
}

#[test]
fn files_of_one_name_in_a_zip_archive_are_told() {
    let both = zip(&[("a.json", b"{\"n\":1}\n"), ("b.json", b"{\"n\":2}\n")]);
    // The directory names the second like the first.
    let twice: Vec<u8> = {
        let mut bytes = both;
        while let Some(at) = bytes.windows(6).position(|name| name == b"b.json") {
            bytes[at] = b'a';
        }
        bytes
    };
    let (seen, report) = read(&twice, &Limits::default()).unwrap();
    assert_eq!(seen.len(), 1);
    let why = report.members.last().and_then(|member| member.broken.as_deref()).unwrap_or_default();
    assert!(why.starts_with("1 of its files have the name of another one"), "{why}");
    let (seen, report) = read(&zip(&[("a.json", b"{\"n\":1}\n")]), &Limits::default()).unwrap();
    assert!(seen.len() == 1 && report.members.iter().all(|member| member.broken.is_none()));
}
