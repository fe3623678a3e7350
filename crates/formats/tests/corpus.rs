//! Every file of the fuzzing corpora goes through its parser, so that what once broke stays mended without a fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use formats::extract::{Extract, extract};
use formats::intel::stix::pattern::{self, Version};
use formats::intel::{self, Limits, misp};
use formats::known_good::{KnownGood, ListLimits, Matcher, Warninglist};
use model::observable::{Observable, ObservableType, defang};

/// Runs a parser over every file of one target's corpus.
fn replay(target: &str, parser: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        parser(&fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files > 0, "{} is empty", folder.display());
}

#[test]
fn extraction() {
    replay("extract", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut last = 0;
        for find in extract(&text, &Extract::default()) {
            assert!(find.start >= last && find.end > find.start);
            assert_eq!(text.get(find.start..find.end), Some(find.original.as_str()));
            last = find.end;
        }
    });
}

#[test]
fn observables() {
    replay("observable", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for kind in ObservableType::ALL {
            if let Ok(observable) = Observable::new(*kind, &text) {
                assert_eq!(Observable::new(observable.kind, &observable.value).as_ref(), Ok(&observable));
                assert_eq!(Observable::new(observable.kind, &defang(&observable)).as_ref(), Ok(&observable));
            }
        }
        let _ = Observable::guess(&text);
    });
}

#[test]
fn known_good_lists() {
    replay("known_good", |bytes| {
        let list = KnownGood::parse("corpus", bytes).unwrap();
        for line in String::from_utf8_lossy(bytes).lines() {
            if let Ok(observable) = Observable::guess(line) {
                let _ = list.matches(&observable);
            }
        }
    });
}

#[test]
fn stix() {
    replay("stix", |bytes| {
        let limits = Limits { bytes: 1 << 20, objects: 1_000, object_bytes: 1 << 16, refusals: 10 };
        if let Ok(document) = intel::read(bytes, &limits) {
            assert!(document.refused.len() <= document.refusals && document.refused.len() <= limits.refusals);
            for object in &document.objects {
                assert!(object.record.public_id.is_some() && !object.record.title.is_empty());
            }
        }
    });
}

#[test]
fn stix_patterns() {
    replay("stix_pattern", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for version in [Version::V20, Version::V21] {
            match pattern::parse(&text, version) {
                Ok(parsed) => {
                    for observable in pattern::observables(&parsed) {
                        assert_eq!(Observable::new(observable.kind, &observable.value).as_ref(), Ok(&observable));
                    }
                }
                Err(error) => {
                    assert!(error.line >= 1 && error.line <= text.matches('\n').count() + 1);
                    assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
                }
            }
        }
    });
}

#[test]
fn misp_documents() {
    replay("misp", |bytes| {
        let limits = Limits { bytes: 1 << 20, objects: 1_000, object_bytes: 1 << 16, refusals: 100 };
        let _ = misp::is_misp(bytes);
        if let Ok(document) = misp::read(bytes, &limits) {
            let ids: HashSet<&str> = document.objects.iter().map(|object| object.id.as_str()).collect();
            assert!(document.objects.len() <= limits.objects && document.refused.len() <= limits.refusals);
            for link in &document.links {
                assert!(ids.contains(link.from.as_str()), "{link:?}");
            }
        }
    });
}

#[test]
fn warninglists() {
    replay("warninglist", |bytes| {
        if let Ok(list) = Warninglist::parse(bytes, &ListLimits { bytes: 1 << 20, entries: 10_000, entry_bytes: 1_024 }) {
            let matcher = Matcher::compile([(&list, true)]);
            for entry in list.entries.iter().take(100) {
                assert!(matcher.places_of_value(entry).len() <= 1);
                if let Ok(observable) = Observable::guess(entry) {
                    let _ = matcher.places(&observable);
                }
            }
        }
    });
}
