//! Any text is a pattern or is refused at a place in it, and what a pattern names is in normal form. A pattern can be held against
//! any event: what stands behind the first line feed.
#![no_main]

use formats::intel::stix::pattern::events::{Facts, Prepared};
use formats::intel::stix::pattern::{Version, observables, parse};
use libfuzzer_sys::fuzz_target;
use model::observable::Observable;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some((pattern, event)) = text.split_once('\n')
        && let Ok(prepared) = parse(pattern, Version::V21).map_err(|_| ()).and_then(|pattern| Prepared::new(&pattern).map_err(|_| ()))
    {
        let facts = [0, 1].map(|shape| Facts::of(shape, event, &["CORP\\anna".to_owned()]));
        let leaves = prepared.observations().len();
        let holding = |leaf| (0..2).filter(|at| prepared.holds(leaf, &facts[*at]) == Some(true)).collect::<Vec<usize>>();
        let matching: Vec<Vec<usize>> = (0..leaves).map(holding).collect();
        let bound = prepared.bind(&[None, Some(model::Timestamp(1))], &matching);
        assert!(bound.events.iter().all(|event| *event < 2) && bound.times <= bound.events.len());
    }
    for version in [Version::V20, Version::V21] {
        match parse(&text, version) {
            Ok(pattern) => {
                for observable in observables(&pattern) {
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
