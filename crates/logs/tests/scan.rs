//! Every event that may be meant, compared by who asks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{open, put, time};
use logs::{LogError, LogIndex, Query, ScanRequest, Scanned};
use model::time::Window;

const EVENTS: [(&str, &str); 4] = [
    ("2025-12-31T10:00:00Z", "mimikatz.exe old"),
    ("2026-01-02T10:00:00Z", "mimikatz.exe new"),
    ("2026-01-03T10:00:00Z", "something else"),
    ("", "mimikatz.exe without a time"),
];

fn scan(index: &LogIndex, query: &str, window: Window, sources: Option<&[i64]>, most: u64) -> Scanned<String> {
    let query = Query::parse(query).unwrap();
    let request = ScanRequest { query: &query, window, sources, most };
    let told = AtomicU64::new(0);
    let progress = |done, total| {
        told.fetch_max(done, Ordering::Relaxed);
        assert!(done <= total);
        ControlFlow::Continue(())
    };
    let mut found = index.scan(&request, &progress, &|event| (!event.raw.contains("else")).then(|| event.raw.clone())).unwrap();
    assert_eq!(told.into_inner(), found.compared);
    found.taken.sort();
    found
}

#[test]
fn what_may_be_meant_is_compared_and_what_is_taken_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &EVENTS);
    put(&index, 2, 2, &[("2026-01-02T11:00:00Z", "mimikatz.exe of another source")]);
    let all = ["mimikatz.exe new", "mimikatz.exe of another source", "mimikatz.exe old", "mimikatz.exe without a time"];
    let found = scan(&index, "mimikatz.exe", Window::All, None, 100);
    assert_eq!((found.taken.as_slice(), found.compared, found.cut), (all.map(str::to_owned).as_slice(), 4, false));
    let found = scan(&index, "", Window::All, Some(&[1]), 100);
    assert_eq!((found.taken.len(), found.compared), (3, 4), "all of a source are compared, and three taken");
    let january = Window::Between(time("2026-01-01T00:00:00Z").unwrap(), time("2026-02-01T00:00:00Z").unwrap());
    assert_eq!(scan(&index, "mimikatz.exe", january, Some(&[1]), 100).taken, ["mimikatz.exe new"]);
    assert_eq!(scan(&index, "absent", Window::All, None, 100), Scanned { taken: Vec::new(), compared: 0, cut: false });
}

#[test]
fn of_too_many_those_of_the_newest_months_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &EVENTS[..2]);
    let found = scan(&index, "mimikatz.exe", Window::All, None, 1);
    assert_eq!((found.taken, found.compared, found.cut), (vec!["mimikatz.exe new".to_owned()], 1, true));
}

#[test]
fn a_scan_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &vec![("2026-01-02T10:00:00Z", "mimikatz.exe"); 10_000]);
    let query = Query::All;
    let request = ScanRequest { query: &query, window: Window::All, sources: None, most: 1_000_000 };
    let seen = AtomicU64::new(0);
    let take = |_: &logs::StoredEvent| {
        seen.fetch_add(1, Ordering::Relaxed);
        None::<()>
    };
    assert!(matches!(index.scan(&request, &|_, _| ControlFlow::Break(()), &take), Err(LogError::Cancelled)));
    assert!(seen.into_inner() < 10_000);
}
