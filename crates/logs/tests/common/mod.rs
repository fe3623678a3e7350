//! What the tests of the index share.

use std::ops::ControlFlow;
use std::path::Path;

use logs::{BatchWriter, LogIndex, Needle, NeedleKind, NeedleResult, NewEvent, Options, SearchOutcome, SearchRequest};
use model::Timestamp;
use model::time::Window;

/// The text of a test's event is its raw form.
fn as_written(_: u8, raw: &str, out: &mut String) {
    out.push_str(raw);
}

pub(crate) fn open(dir: &Path) -> LogIndex {
    LogIndex::open(dir, Options::new(as_written)).unwrap()
}

pub(crate) fn time(text: &str) -> Option<Timestamp> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

/// Adds events of a time and a text.
pub(crate) fn add(batch: &mut BatchWriter<'_>, events: &[(&str, &str)]) {
    for ((when, text), line) in events.iter().zip(1..) {
        let accounts = ["CORP\\anna".into(), "CORP\\anna".into(), "".into()];
        let event = NewEvent { time: time(when), host: Some("pc1"), accounts: &accounts, raw: text, text, shape: 0, member: "m", line };
        batch.add(&event).unwrap();
    }
}

/// A finished batch.
pub(crate) fn put(index: &LogIndex, source: i64, number: i64, events: &[(&str, &str)]) {
    let mut batch = index.begin_batch(source, number).unwrap();
    add(&mut batch, events);
    batch.finish().unwrap();
}

#[allow(dead_code)]
pub(crate) fn needle(value: &str, kind: NeedleKind) -> Needle {
    Needle { id: 1, kind, value: value.to_owned(), alternatives: Vec::new() }
}

#[allow(dead_code)]
pub(crate) fn search(index: &LogIndex, needles: &[Needle], window: Window, sources: Option<&[i64]>) -> SearchOutcome {
    index.search(&SearchRequest { needles, window, sources, batch: None, samples: 3 }, &|_, _| ControlFlow::Continue(())).unwrap()
}

/// How many events hold a plain value.
#[allow(dead_code)]
pub(crate) fn count(index: &LogIndex, value: &str) -> u64 {
    search(index, &[needle(value, NeedleKind::Plain)], Window::All, None).results.iter().map(|r| r.count).sum()
}

/// The only result.
#[allow(dead_code)]
pub(crate) fn only(outcome: SearchOutcome) -> NeedleResult {
    let [result] = <[NeedleResult; 1]>::try_from(outcome.results).unwrap();
    result
}
