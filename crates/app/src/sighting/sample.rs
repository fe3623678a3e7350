//! Raw events as they are kept with a result.

use std::ops::Range;

use logs::Sample;

use super::SampleView;
use super::names::{clean, number};
use crate::text::cut_around;

/// Raw events kept of each result.
pub(super) const SAMPLES: usize = 5;
/// The longest sample, in bytes.
const SAMPLE_BYTES: usize = 8 * 1024;

/// An event of the log index.
pub(super) fn sample(sample: &Sample) -> SampleView {
    let event = &sample.event;
    let (raw, marks, cut) = cut(&event.raw, &sample.marks);
    SampleView {
        time: event.time,
        host: event.host.as_deref().map(clean),
        accounts: event.accounts.iter().map(|account| clean(account)).collect(),
        member: clean(&event.member),
        line: number(event.line),
        marks,
        raw,
        cut,
    }
}

/// A raw event as it is kept; a long one is cut around the first match. Tells the marks in it, and whether it was cut.
pub(super) fn cut(raw: &str, marks: &[Range<usize>]) -> (String, Vec<(usize, usize)>, bool) {
    let (kept, marks, cut) = cut_around(raw, marks, SAMPLE_BYTES);
    // One byte for one: marks stay where they are.
    (kept.replace('\0', " "), marks, cut)
}
