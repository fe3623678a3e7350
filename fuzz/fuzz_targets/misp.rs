//! Any bytes are a MISP document or are refused, and links of a document lead to what is in it.
#![no_main]

use std::collections::HashSet;

use formats::intel::Limits;
use formats::intel::misp::{is_misp, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { bytes: 1 << 20, objects: 1_000, object_bytes: 1 << 16, refusals: 100 };
    let _ = is_misp(data);
    if let Ok(document) = read(data, &limits) {
        let ids: HashSet<&str> = document.objects.iter().map(|object| object.id.as_str()).collect();
        assert!(document.objects.len() <= limits.objects && document.refused.len() <= limits.refusals);
        for link in &document.links {
            assert!(ids.contains(link.from.as_str()), "{link:?}");
        }
    }
});
