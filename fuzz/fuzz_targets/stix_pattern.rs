//! Any text is a pattern or is refused at a place in it, and what a pattern names is in normal form.
#![no_main]

use formats::intel::stix::pattern::{Version, observables, parse};
use libfuzzer_sys::fuzz_target;
use model::observable::Observable;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
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
