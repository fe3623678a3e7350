//! Looking through events.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{add, open, put};
use logs::{EventsFound, EventsRequest, LogIndex, Position, Query};
use model::time::Window;

const EVENTS: [(&str, &str); 8] = [
    ("2026-01-02T10:00:00Z", "mimikatz.exe on WS-7 by CORP\\anna"),
    ("2026-01-02T10:30:00Z", "powershell.exe -nop -enc AAAA"),
    ("2026-01-02T11:00:00Z", "C:\\Users\\anna\\evil7.exe from 192.0.2.7"),
    ("2026-01-02T12:00:00Z", "c:/users/anna/evil7.exe from 192.0.3.7"),
    ("2026-01-03T12:00:00Z", "mimikatz.exe again"),
    ("", "mimikatz.exe without a time"),
    ("2026-01-03T12:00:00Z", "same second"),
    ("2026-01-03T12:00:00Z", "same second"),
];

fn ask(index: &LogIndex, query: &str, before: Option<Position>, limit: usize) -> EventsFound {
    let query = Query::parse(query).unwrap();
    index.events(&EventsRequest { query: &query, window: Window::All, sources: None, before, limit, buckets: 60 }).unwrap()
}

fn lines(found: &EventsFound) -> Vec<u64> {
    found.events.iter().map(|sample| sample.event.line).collect()
}

#[test]
fn questions_find_their_events_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &EVENTS);
    for (query, expected) in [
        ("", &[8, 7, 5, 4, 3, 2, 1, 6][..]),
        ("mimikatz.exe", &[5, 1, 6]),
        ("mimikatz.exe -again", &[1, 6]),
        ("mimikatz.exe (again OR ws-7)", &[5, 1]),
        ("\"c:\\users\\anna\\evil7.exe\"", &[3]),
        ("NOT \"c:\\users\\anna\\evil7.exe\"", &[8, 7, 5, 4, 2, 1, 6]),
        ("evil?.exe", &[4, 3]),
        ("192.0.2.0/24 OR absent", &[3]),
        ("host:pc1 anna", &[4, 3, 1]),
        ("host:pc", &[]),
        ("host:p*1 again", &[5]),
        ("account:anna again", &[5]),
        ("account:corp\\anna -account:nobody again", &[5]),
        ("mimikatz", &[]),
    ] {
        let found = ask(&index, query, None, 50);
        assert_eq!(lines(&found), expected, "{query}");
        assert_eq!((found.total, found.total_is_exact), (expected.len() as u64, true), "{query}");
    }
    let marked = ask(&index, "mimikatz.exe -nothing", None, 1);
    let first = marked.events.first().unwrap();
    assert_eq!(first.marks.iter().map(|m| &first.event.raw[m.clone()]).collect::<Vec<_>>(), ["mimikatz.exe"]);
}

#[test]
fn pages_follow_each_other_without_gap_or_double() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &EVENTS);
    put(&index, 2, 2, &EVENTS);
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let found = ask(&index, "", before, 3);
        assert_eq!(found.total, 16, "the whole is counted on every page");
        seen.extend(found.events.iter().map(|sample| sample.event.locator));
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 16);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 16);
}

#[test]
fn what_was_when_and_of_whom_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &EVENTS);
    let found = ask(&index, "", None, 0);
    assert_eq!((found.total, found.without_time, found.events.len()), (8, 1, 0));
    assert_eq!(found.histogram.iter().map(|(_, count)| count).sum::<u64>(), 7);
    assert_eq!(found.bucket, 1_800_000_000, "half an hour: 26 hours in at most 60 parts");
    assert_eq!(found.histogram.first().unwrap().1, 1);
    assert_eq!(found.hosts, [("pc1".to_owned(), 8)]);
    assert_eq!(found.accounts, [("CORP\\anna".to_owned(), 8)]);

    let query = Query::All;
    let at = |text: &str| text.parse().unwrap();
    let window = Window::Between(at("2026-01-02T10:30:00Z"), at("2026-01-02T12:00:00Z"));
    let request = EventsRequest { query: &query, window, sources: Some(&[1]), before: None, limit: 50, buckets: 4 };
    let found = index.events(&request).unwrap();
    assert_eq!(lines(&found), [4, 3, 2]);
    assert!(found.histogram.len() <= 4 && found.histogram.iter().map(|(_, count)| count).sum::<u64>() == 3);
    assert_eq!(
        index.events(&EventsRequest { sources: Some(&[9]), ..request }).unwrap(),
        EventsFound { total_is_exact: true, ..EventsFound::default() }
    );
}

/// Many events hold the words of a value as far apart and few the value: pages and counts stay honest.
#[test]
fn what_the_index_can_not_tell_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut batch = index.begin_batch(1, 1).unwrap();
    for number in 0..3_000 {
        let text = if number % 500 == 0 { "call temp::x.dll now" } else { "call temp;;x.dll now" };
        add(&mut batch, &[("2026-01-02T10:00:00Z", text)]);
    }
    batch.finish().unwrap();
    let (mut seen, mut before) = (0, None);
    loop {
        let found = ask(&index, "\"temp::x.dll\"", before, 4);
        assert!(!found.total_is_exact && found.total >= 6);
        assert!(found.events.iter().all(|sample| sample.event.raw.contains("::") && !sample.marks.is_empty()));
        seen += found.events.len();
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, 6);
}

#[test]
fn a_path_is_told_by_the_index_alone() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut batch = index.begin_batch(1, 1).unwrap();
    for number in 0..3_000 {
        let text = if number % 2 == 0 { "open c:\\temp\\x.dll now" } else { "open c:/temp/x.dll now" };
        add(&mut batch, &[("2026-01-02T10:00:00Z", text)]);
    }
    batch.finish().unwrap();
    let found = ask(&index, "\"c:\\temp\\x.dll\"", None, 4);
    assert_eq!((found.total, found.total_is_exact), (1_500, true));
}
