//! Standing values: what a search of a batch finds is met in it, whichever way the batch is gone through.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::ops::ControlFlow;

use common::{open, put};
use logs::{Alternative, LogIndex, Needle, NeedleKind, SearchRequest, Standing};
use model::time::Window;

const AT: &str = "2023-08-15T10:00:00Z";
const EVENTS: [&str; 8] = [
    "from 10.0.5.13:8080 to win.exe. c:\\windows\\system32\\CMD.exe..x /c",
    "http://evil.com/x..z a@evil.com www.cdn.evil.com",
    "*.evil.com .evil.com evil.com.mx http://evil.com/x.-z",
    "[fe80::1]:443 fe80::1a S-1-5-21-1-2-3-1105",
    "ΟΔΟΣ.gr straße.de -x-",
    "first c:\\windows\nsystem32\\cmd.exe",
    "192.0.2.77 https://late.example/a.php?x=1",
    "C:\\Users\\anna\\AppData\\evil.tmp",
];

/// Every part of the events between two places where a value may begin or end, asked in every way.
fn needles() -> Vec<Needle> {
    let mut values: Vec<String> = Vec::new();
    for event in EVENTS {
        let ends: Vec<usize> = event.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(at, _)| at).chain([event.len()]).collect();
        let starts: Vec<usize> =
            std::iter::once(0).chain(event.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(at, _)| at)).collect();
        for &start in &starts {
            values.extend(ends.iter().filter(|end| **end > start).take(3).map(|end| event[start..*end].to_owned()));
            let skipped = event[start..].chars().next().map_or(0, char::len_utf8) + start;
            values.extend(ends.iter().filter(|end| **end > skipped).take(3).map(|end| event[skipped..*end].to_owned()));
        }
    }
    let kinds = [NeedleKind::Plain, NeedleKind::Url, NeedleKind::UrlPath, NeedleKind::Domain { with_subdomains: true }];
    let narrow = values.iter().flat_map(|value| kinds.map(|kind| (value.as_str(), kind)));
    let wide = [
        ("192.0.2.0/24", NeedleKind::Network),
        ("2001:db8::/32", NeedleKind::Network),
        ("c:\\users\\*\\evil.tmp", NeedleKind::Wildcard),
        ("*.tmp", NeedleKind::Wildcard),
        ("absent.example", NeedleKind::Plain),
        ("10.0.5.1", NeedleKind::Plain),
    ];
    let asked = narrow.chain(wide).zip(1..);
    asked.map(|((value, kind), id)| Needle { id, kind, value: value.to_owned(), alternatives: Vec::new() }).collect()
}

fn found(index: &LogIndex, needles: &[Needle], batch: i64) -> Vec<i64> {
    let request = SearchRequest { needles, window: Window::All, sources: None, batch: Some(batch), samples: 0 };
    let mut ids: Vec<i64> = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap().results.iter().map(|r| r.id).collect();
    ids.dedup();
    ids
}

#[test]
fn what_a_search_finds_in_a_batch_is_met_in_it() {
    let needles = needles();
    let mut standing = Standing::default();
    needles.iter().for_each(|needle| standing.add(needle));
    standing.settle();
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 100, &[(AT, "nothing of it"); 400]);
    let met = index.met(&standing, 100).unwrap();
    let narrow = |kind| !matches!(kind, NeedleKind::Network | NeedleKind::Wildcard);
    let other = needles.iter().find(|needle| met.contains(&needle.id) && narrow(needle.kind));
    assert_eq!(other, None, "no word of it stands in the batch");
    for (event, batch) in EVENTS.iter().zip(1..) {
        put(&index, 1, batch, &[(AT, event)]);
    }
    for merged in [false, true] {
        if merged {
            index.compact().unwrap();
            assert_eq!(index.stats().unwrap().segments, 1);
        }
        let mut all = 0;
        for batch in (1..=EVENTS.len() as i64).chain([100]) {
            let met = index.met(&standing, batch).unwrap();
            let found = found(&index, &needles, batch);
            let missed: Vec<&Needle> =
                needles.iter().filter(|needle| found.contains(&needle.id) && met.binary_search(&needle.id).is_err()).collect();
            assert!(missed.is_empty(), "batch {batch}, merged: {merged}: {missed:?}");
            all += found.len();
        }
        assert!(all > 500, "{all} found");
    }
}

#[test]
fn alternatives_are_met_and_an_unknown_batch_meets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[(AT, EVENTS[0])]);
    let mut standing = Standing::default();
    let alternatives = vec![Alternative { kind: NeedleKind::Plain, value: "win.exe".to_owned() }];
    standing.add(&Needle { id: 7, kind: NeedleKind::Plain, value: "absent".to_owned(), alternatives });
    assert!(index.met(&standing, 1).unwrap().is_empty(), "not settled");
    standing.settle();
    assert_eq!(index.met(&standing, 1).unwrap(), [7]);
    assert!(index.met(&standing, 2).unwrap().is_empty());
    assert!(index.met(&Standing::default(), 1).unwrap().is_empty());
}
