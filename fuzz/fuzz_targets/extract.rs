//! Extraction never panics, and every find stands where it says.
#![no_main]

use formats::extract::{Extract, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut last = 0;
    for find in extract(&text, &Extract::default()) {
        assert!(find.start >= last && find.end > find.start);
        assert_eq!(text.get(find.start..find.end), Some(find.original.as_str()));
        last = find.end;
    }
});
