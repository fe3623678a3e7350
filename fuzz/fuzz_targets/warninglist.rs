//! Any bytes are a warninglist or are refused, and any value can be looked up in it.
#![no_main]

use formats::known_good::{ListLimits, Matcher, Warninglist};
use libfuzzer_sys::fuzz_target;
use model::observable::Observable;

fuzz_target!(|data: &[u8]| {
    if let Ok(list) = Warninglist::parse(data, &ListLimits { bytes: 1 << 20, entries: 10_000, entry_bytes: 1_024 }) {
        let matcher = Matcher::compile([(&list, true)]);
        for entry in list.entries.iter().take(100) {
            assert!(matcher.places_of_value(entry).len() <= 1);
            if let Ok(observable) = Observable::guess(entry) {
                let _ = matcher.places(&observable);
            }
        }
    }
});
