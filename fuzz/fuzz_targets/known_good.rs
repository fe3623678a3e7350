//! Any bytes make a known-good list, and any value can be looked up in it.
#![no_main]

use formats::known_good::KnownGood;
use libfuzzer_sys::fuzz_target;
use model::observable::Observable;

fuzz_target!(|data: &[u8]| {
    if let Ok(list) = KnownGood::parse("fuzz", data) {
        for line in String::from_utf8_lossy(data).lines() {
            if let Ok(observable) = Observable::guess(line) {
                let _ = list.matches(&observable);
            }
        }
    }
});
