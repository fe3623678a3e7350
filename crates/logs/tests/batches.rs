//! Batches are there whole or not at all; windows, sources, coverage, deletion.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::ops::ControlFlow;

use common::{add, count, needle, only, open, put, search, time};
use logs::{Locator, LogError, LogIndex, Needle, NeedleKind, NewEvent, Options, SearchRequest};
use model::Timestamp;
use model::time::Window;

#[test]
fn an_unfinished_batch_is_never_seen() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("2023-08-15T10:00:00Z", "evil.com")]);

    let mut batch = index.begin_batch(1, 2).unwrap();
    add(&mut batch, &[("2023-08-15T10:00:00Z", "evil.com"); 100]);
    assert_eq!(count(&index, "evil.com"), 1);
    drop(batch);
    assert_eq!(count(&index, "evil.com"), 1);

    let mut batch = index.begin_batch(1, 2).unwrap();
    // Many partitions: earlier ones are committed on the way.
    for month in 1..=12 {
        add(&mut batch, &[(format!("2022-{month:02}-01T00:00:00Z").as_str(), "evil.com"); 70]);
    }
    batch.abort();
    assert_eq!(count(&index, "evil.com"), 1);
    assert_eq!(index.batch(2), None);

    // The number is free again.
    put(&index, 1, 2, &[("", "evil.com"), ("2023-09-01", "evil.com")]);
    assert_eq!(count(&index, "evil.com"), 3);
    assert!(matches!(index.begin_batch(1, 2), Err(LogError::BatchExists(2))));
    drop(index);
    assert_eq!(count(&open(dir.path()), "evil.com"), 3);
}

#[test]
fn what_a_crash_left_is_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("2023-08-15T10:00:00Z", "evil.com")]);
    let before = std::fs::read(dir.path().join("manifest")).unwrap();
    put(&index, 1, 2, &[("2023-08-15T10:00:00Z", "evil.com"), ("2021-01-01", "evil.com")]);
    let after = std::fs::read(dir.path().join("manifest")).unwrap();
    drop(index);
    // The partitions hold batch 2, and the manifest ends anywhere in its lines.
    for cut in (before.len()..after.len()).step_by(17) {
        let target = copy.path().join(cut.to_string());
        copy_dir(dir.path(), &target);
        std::fs::write(target.join("manifest"), &after[..cut]).unwrap();
        let begun = after[before.len()..cut].contains(&b'\n');
        if begun {
            let index = open(&target);
            assert_eq!(count(&index, "evil.com"), 1, "cut at {cut}");
            assert_eq!(index.batch(2), None);
        }
        std::fs::remove_dir_all(&target).unwrap();
    }
    assert_eq!(count(&open(dir.path()), "evil.com"), 3);
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let second = LogIndex::open(dir.path(), Options::new(|_, raw, out| out.push_str(raw)));
    assert!(matches!(second, Err(LogError::InUse(_))));
    drop(index);
    open(dir.path());
}

#[test]
fn windows_include_both_ends_and_leave_out_what_has_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let events = [
        ("2023-07-31T23:59:59.999999Z", "evil.com 0"),
        ("2023-08-01T00:00:00Z", "evil.com 1"),
        ("2023-08-31T23:59:59Z", "evil.com 2"),
        ("2023-09-01T00:00:00Z", "evil.com 3"),
        ("", "evil.com 4"),
        ("1601-01-01T00:00:00Z", "evil.com 5"),
        ("9999-12-28T00:00:00Z", "evil.com 6"),
    ];
    put(&index, 1, 1, &events);
    let lines = |from: &str, to: &str| -> Vec<u64> {
        let window = Window::Between(time(from).unwrap(), time(to).unwrap());
        let outcome = search(&index, &[needle("evil.com", NeedleKind::Plain)], window, None);
        outcome.results.iter().flat_map(|r| &r.samples).map(|s| s.event.line - 1).collect()
    };
    assert_eq!(lines("2023-08-01T00:00:00Z", "2023-08-31T23:59:59Z"), [1, 2]);
    assert_eq!(lines("2023-07-31T23:59:59.999999Z", "2023-07-31T23:59:59.999999Z"), [0]);
    assert_eq!(lines("2023-09-01T00:00:00.000001Z", "2024-01-01"), [0_u64; 0]);
    assert_eq!(lines("1600-01-01", "1602-01-01"), [5]);
    assert_eq!(lines("2023-08-15", "9999-12-29"), [2, 3, 6]);
    let all = only(search(&index, &[needle("evil.com", NeedleKind::Plain)], Window::All, None));
    assert_eq!((all.count, all.without_time), (7, 1));
    assert_eq!(all.per_day.iter().map(|d| d.1).sum::<u64>(), 6);
    assert_eq!((all.first, all.last), (time("1601-01-01"), time("9999-12-28")));
    assert_eq!(all.hosts, [("pc1".to_owned(), 7)]);
    assert_eq!(all.accounts, [("CORP\\anna".to_owned(), 7)]);
}

#[test]
fn a_batch_can_be_asked_alone() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("2023-08-15T10:00:00Z", "evil.com"), ("2023-08-15T11:00:00Z", "evil.com")]);
    put(&index, 1, 2, &[("2023-08-15T10:00:00Z", "evil.com other.com")]);
    let needles = [needle("evil.com", NeedleKind::Plain), Needle { id: 2, ..needle("other.com", NeedleKind::Plain) }];
    let counts = |batch| {
        let request = SearchRequest { needles: &needles, window: Window::All, sources: None, batch, samples: 0 };
        let outcome = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap();
        outcome.results.iter().map(|result| (result.id, result.count)).collect::<Vec<_>>()
    };
    assert_eq!(counts(None), [(1, 3), (2, 1)]);
    assert_eq!(counts(Some(1)), [(1, 2)]);
    assert_eq!(counts(Some(2)), [(1, 1), (2, 1)]);
    assert_eq!(counts(Some(3)), []);
}

#[test]
fn sources_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 7, 1, &[("2023-08-15T10:00:00Z", "evil.com"), ("2023-08-15T11:00:00Z", "good.com")]);
    put(&index, 8, 2, &[("2023-08-16T10:00:00Z", "evil.com"), ("", "evil.com")]);
    index.compact().unwrap();
    assert_eq!(index.stats().unwrap().segments, 2);
    let needles = [needle("evil.com", NeedleKind::Plain), needle("good.com", NeedleKind::Plain)];
    let counts = |sources: Option<&[i64]>| -> Vec<(i64, u64)> {
        search(&index, &needles, Window::All, sources).results.iter().map(|r| (r.source, r.count)).collect()
    };
    assert_eq!(counts(None), [(7, 1), (8, 2), (7, 1)]);
    assert_eq!(counts(Some(&[8])), [(8, 2)]);
    assert_eq!(counts(Some(&[9])), []);

    let coverage = index.coverage(Window::All, None);
    assert_eq!(coverage.len(), 2);
    assert_eq!((coverage[1].source, coverage[1].events, coverage[1].without_time), (8, 2, 1));
    let day = time("2023-08-15").unwrap().day();
    assert_eq!(coverage[0].per_day, [(day, 2)]);
    assert_eq!((coverage[0].first, coverage[0].last), (time("2023-08-15T10:00:00Z"), time("2023-08-15T11:00:00Z")));
    assert!(coverage.iter().all(|c| c.disk_bytes > 0));
    let elsewhere = index.coverage(Window::Between(Timestamp::from_day(day + 1), Timestamp::from_day(day + 1)), Some(&[7]));
    assert_eq!((elsewhere[0].per_day.len(), elsewhere[0].events), (0, 2));
}

#[test]
fn deleting_is_complete_and_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 7, 1, &[("2023-08-15T10:00:00Z", "evil.com")]);
    put(&index, 7, 2, &[("2023-08-15T10:00:00Z", "evil.com"), ("", "evil.com")]);
    put(&index, 8, 3, &[("2023-08-15T10:00:00Z", "evil.com")]);
    let event = Locator { batch: 2, sequence: 1 };
    assert_eq!(index.event(event).unwrap().map(|e| (e.time, e.line, e.member)), Some((None, 2, "m".to_owned())));
    assert!(index.delete_batch(2).unwrap());
    assert!(!index.delete_batch(2).unwrap());
    assert_eq!((count(&index, "evil.com"), index.event(event).unwrap()), (2, None));
    assert_eq!(index.delete_source(7).unwrap(), 1);
    assert_eq!((count(&index, "evil.com"), index.coverage(Window::All, None).len()), (1, 1));
    index.compact().unwrap();
    drop(index);
    let index = open(dir.path());
    assert_eq!((count(&index, "evil.com"), index.stats().unwrap().events), (1, 1));
    put(&index, 7, 4, &[("2023-08-15T10:00:00Z", "evil.com")]);
    assert_eq!(count(&index, "evil.com"), 2);
}

#[test]
fn many_small_batches_do_not_leave_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    for batch in 0..40 {
        put(&index, 1, batch, &[("2023-08-15T10:00:00Z", "evil.com")]);
    }
    assert!(index.stats().unwrap().segments <= 8);
    assert_eq!(count(&index, "evil.com"), 40);
    assert_eq!(index.event(Locator { batch: 17, sequence: 0 }).unwrap().map(|e| e.raw), Some("evil.com".to_owned()));
}

#[test]
fn searches_go_on_while_a_batch_is_written_and_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("2023-08-15T10:00:00Z", "evil.com"), ("2023-09-15T10:00:00Z", "evil.com")]);
    std::thread::scope(|scope| {
        let mut batch = index.begin_batch(1, 2).unwrap();
        let searching = scope.spawn(|| (0..20).map(|_| count(&index, "evil.com")).collect::<Vec<_>>());
        add(&mut batch, &[("2023-08-15T10:00:00Z", "evil.com"); 500]);
        assert_eq!(searching.join().unwrap(), [2; 20]);
        batch.finish().unwrap();
    });
    assert_eq!(count(&index, "evil.com"), 502);
    let needles = [needle("evil.com", NeedleKind::Plain)];
    let request = SearchRequest { needles: &needles, window: Window::All, sources: None, batch: None, samples: 0 };
    assert!(matches!(index.search(&request, &|_, _| ControlFlow::Break(())), Err(LogError::Cancelled)));
}

#[test]
fn what_an_unfinished_batch_had_written_leaves_the_disk_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("2023-08-15T10:00:00Z", "evil.com")]);
    let before = index.stats().unwrap();

    let mut batch = index.begin_batch(1, 2).unwrap();
    for number in 0..1_000_u64 {
        // Compressed to about half.
        let raw: String = (0..250).map(|k| format!("{:016x}", (number * 250 + k).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        let event = NewEvent {
            time: time("2023-08-16T10:00:00Z"),
            host: None,
            accounts: &[],
            raw: &raw,
            text: "evil.com",
            shape: 0,
            member: "",
            line: 1,
        };
        batch.add(&event).unwrap();
    }
    drop(batch);
    let after = index.stats().unwrap().disk_bytes;
    assert!(after < before.disk_bytes + 50_000, "{after} bytes, {} before", before.disk_bytes);
    assert_eq!(count(&index, "evil.com"), 1);
}
