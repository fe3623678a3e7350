//! Any bytes are a log or are refused, and the searched text of an event comes out of its raw form again.
#![no_main]

use std::io::Cursor;
use std::ops::ControlFlow;

use formats::log_events::{Format, Limits, Options, read_events, values_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { inflated_bytes: 1 << 20, line_bytes: 1 << 16, ..Limits::default() };
    // The first byte chooses the format, or leaves it to the content.
    let format = data.first().and_then(|first| Format::ALL.get(usize::from(first.wrapping_sub(0xe0)))).copied();
    let data = if format.is_some() { &data[1..] } else { data };
    let options = Options { format, limits, now: Some(model::Timestamp(1_700_000_000_000_000)), ..Options::default() };
    let mut count = 0;
    let read = read_events(Cursor::new(data), "fuzz", &options, &mut |event| {
        let mut text = String::new();
        values_of(event.shape as u8, event.raw, &mut text);
        assert_eq!(text, event.text);
        count += 1;
        ControlFlow::Continue(())
    });
    if let Ok(report) = read {
        assert_eq!(report.events, count);
        assert_eq!(report.members.iter().map(|m| m.events).sum::<u64>(), count);
    }
});
