//! Any bytes are STIX or are refused, and what is read holds together.
#![no_main]

use formats::intel::{Limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { bytes: 1 << 20, objects: 1_000, object_bytes: 1 << 16, refusals: 10 };
    if let Ok(document) = read(data, &limits) {
        assert!(document.refused.len() <= document.refusals && document.refused.len() <= limits.refusals);
        for object in &document.objects {
            assert!(object.record.public_id.is_some() && !object.record.title.is_empty());
        }
    }
});
