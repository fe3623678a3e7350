//! MISP's warninglists as they are published: every value is known by the lists that the reference library tells.
//!
//! The lists lie outside the repository: `VIZSLA_TEST_DATA` says where. Without them the tests pass and say so, unless
//! `VIZSLA_ACCEPTANCE=1` demands them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// A test has no configuration; where the data lies is told by the environment.
#![allow(clippy::disallowed_methods)]

use std::io::Read;
use std::path::PathBuf;

use formats::known_good::{ListLimits, Matcher, Warninglist};
use model::observable::{Observable, parse_typed};
use serde_json::Value;

/// The lists by the names of their folders.
fn lists() -> Option<(PathBuf, Vec<(String, Warninglist)>)> {
    let required = std::env::var("VIZSLA_ACCEPTANCE").is_ok_and(|v| v == "1");
    let root = std::env::var_os("VIZSLA_TEST_DATA").map(|root| PathBuf::from(root).join("knowngood")).filter(|path| path.exists());
    let Some(root) = root else {
        assert!(!required, "VIZSLA_ACCEPTANCE=1, but VIZSLA_TEST_DATA has no knowngood");
        println!("knowngood: no data (VIZSLA_TEST_DATA); nothing was measured");
        return None;
    };
    let mut lists = Vec::new();
    for entry in std::fs::read_dir(root.join("misp-warninglists")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let bytes = std::fs::read(folder.join("list.json")).unwrap_or_else(|_| {
            let mut plain = Vec::new();
            let packed = std::fs::File::open(folder.join("list.json.gz")).unwrap();
            flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
            plain
        });
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        lists.push((name, Warninglist::parse(&bytes, &ListLimits::default()).unwrap()));
    }
    lists.sort_by(|a, b| a.0.cmp(&b.0));
    Some((root, lists))
}

#[test]
fn every_value_is_known_by_the_lists_that_the_reference_tells() {
    let Some((root, lists)) = lists() else { return };
    assert_eq!(lists.len(), 114);
    assert!(lists.iter().all(|(_, list)| list.skipped == 0));
    let started = std::time::Instant::now();
    let matcher = Matcher::compile(lists.iter().map(|(_, list)| (list, false)));
    let entries: usize = lists.iter().map(|(_, list)| list.entries.len()).sum();
    println!("{} lists, {entries} entries, compiled in {:?}", lists.len(), started.elapsed());
    assert_eq!(matcher.unusable().iter().sum::<usize>(), 0);
    let truth: Value = serde_json::from_slice(&std::fs::read(root.join("known_good_truth.json")).unwrap()).unwrap();
    let values = truth["values"].as_object().unwrap();
    let name = |place: usize| lists[place].0.as_str();
    for (value, told) in values {
        let expected: Vec<&str> = told["lists"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let found: Vec<&str> = matcher.places_of_value(value).into_iter().map(name).collect();
        assert_eq!(found, expected, "{value}");
        // The same, asked for what a case holds.
        let typed = parse_typed(told["type"].as_str().unwrap(), value);
        let Ok(observable) = typed.or_else(|_| Observable::guess(value)) else {
            println!("{value} is no observable");
            continue;
        };
        let found: Vec<&str> = matcher.places(&observable).into_iter().map(name).collect();
        assert_eq!(found, expected, "{observable:?}");
    }
    let observables: Vec<Observable> = values.keys().filter_map(|value| Observable::guess(value).ok()).collect();
    let (started, mut asked) = (std::time::Instant::now(), 0_u32);
    while started.elapsed().as_millis() < 1_000 {
        for observable in &observables {
            asked += u32::from(matcher.places(observable).len() < 1_000);
        }
    }
    println!("{} values, {:.0} look-ups a second", values.len(), f64::from(asked) / started.elapsed().as_secs_f64());
    assert_eq!(values.len(), 946);
}
