//! Windows event log files, chunk by chunk, so that a file needs no more memory than one chunk and can come out of an
//! archive. A record is stored as the JSON that the `evtx` crate makes of it.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use super::Problem;
use super::emit::{Ended, Output, Place};
use super::walk::Walked;

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"ElfFile\0";

const HEADER: usize = 4_096;
const CHUNK: usize = 65_536;

/// Reads a stream to its end, or until the sink stops it. Records and chunks that are damaged are told; the rest is kept.
pub(super) fn read(mut reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let settings = Arc::new(ParserSettings::default().num_threads(1).indent(false));
    let mut walked = Walked::default();
    let mut ended = Ended::default();
    let mut number = 0;
    if let Err(error) = piece(&mut reader, HEADER, &mut ended.bytes) {
        return Ended { error: Some(error), ..ended };
    }
    loop {
        let data = match piece(&mut reader, CHUNK, &mut ended.bytes) {
            Ok(data) => data,
            Err(error) => {
                ended.error = Some(error);
                break;
            }
        };
        if data.is_empty() {
            break;
        }
        // Windows fills files up with empty chunks.
        if data.iter().all(|b| *b == 0) {
            continue;
        }
        let mut records = Vec::new();
        // The crate is fuzzed and keeps to a budget; that it does not give up altogether is not left to it.
        let whole = catch_unwind(AssertUnwindSafe(|| rendered(data, &settings, &mut records)));
        for record in records {
            number += 1;
            let place = Place { member, line: number };
            match record {
                Some(raw) if raw.len() <= output.options.limits.line_bytes => {
                    ended.events += 1;
                    if output.json(&raw, &mut walked, place) {
                        return ended;
                    }
                }
                Some(_) => output.problem(place, Problem::TooLong),
                None => output.problem(place, Problem::Damaged),
            }
        }
        if !matches!(whole, Ok(true)) {
            number += 1;
            output.problem(Place { member, line: number }, Problem::Damaged);
        }
    }
    ended
}

/// The next bytes, fewer at the end.
fn piece(reader: &mut impl Read, size: usize, total: &mut u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size);
    let read = reader.take(size as u64).read_to_end(&mut bytes);
    *total += bytes.len() as u64;
    read.map(|_| bytes)
}

/// Appends the records of a chunk as JSON, `None` for those that cannot be read; false when the chunk cannot be.
fn rendered(mut data: Vec<u8>, settings: &Arc<ParserSettings>, records: &mut Vec<Option<String>>) -> bool {
    // The last chunk of a file that is cut off.
    data.resize(CHUNK, 0);
    let Ok(mut chunk) = EvtxChunkData::new(data, false) else { return false };
    let Ok(mut chunk) = chunk.parse(Arc::clone(settings)) else { return false };
    for record in chunk.iter() {
        records.push(record.and_then(evtx::EvtxRecord::into_json).map(|record| record.data).ok());
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::super::{Format, Options, ReadReport, read_events};
    use super::*;

    /// Writes elements of binary XML with their names where they stand, at offsets within a chunk.
    struct Chunk(Vec<u8>);

    impl Chunk {
        fn new(records: u64) -> Self {
            let mut header = b"ElfChnk\0".to_vec();
            for number in [1, records, 1, records] {
                header.extend_from_slice(&number.to_le_bytes());
            }
            header.extend_from_slice(&128_u32.to_le_bytes());
            header.resize(512, 0);
            Self(header)
        }

        fn text(&mut self, text: &str) {
            let units: Vec<u16> = text.encode_utf16().collect();
            self.0.extend_from_slice(&(units.len() as u16).to_le_bytes());
            units.iter().for_each(|unit| self.0.extend_from_slice(&unit.to_le_bytes()));
        }

        fn name(&mut self, name: &str) {
            let offset = self.0.len() as u32 + 4;
            self.0.extend_from_slice(&offset.to_le_bytes());
            self.0.extend_from_slice(&[0; 6]);
            self.text(name);
            self.0.extend_from_slice(&[0, 0]);
        }

        /// An element with a text, or with others.
        fn element(&mut self, name: &str, text: &str, inner: impl FnOnce(&mut Self)) {
            self.0.extend_from_slice(&[1, 0, 0, 0, 0]);
            self.name(name);
            self.0.push(2);
            if !text.is_empty() {
                self.0.extend_from_slice(&[5, 1]);
                self.text(text);
            }
            inner(self);
            self.0.push(4);
        }

        fn record(&mut self, id: u64, user: &str) {
            let start = self.0.len();
            self.0.extend_from_slice(b"\x2a\x2a\0\0\0\0\0\0");
            self.0.extend_from_slice(&id.to_le_bytes());
            self.0.extend_from_slice(&[0; 8]);
            self.0.extend_from_slice(&[0x0f, 1, 1, 0]);
            self.element("Event", "", |event| {
                event.element("System", "", |system| {
                    system.element("EventID", "4624", |_| {});
                    system.element("TimeCreated", "", |time| time.element("SystemTime", "2026-01-31T10:00:00.5Z", |_| {}));
                    system.element("Computer", "PC1", |_| {});
                });
                event.element("EventData", "", |data| {
                    data.element("TargetUserName", user, |_| {});
                });
            });
            self.0.push(0);
            let size = (self.0.len() + 4 - start) as u32;
            self.0[start + 4..start + 8].copy_from_slice(&size.to_le_bytes());
            self.0.extend_from_slice(&size.to_le_bytes());
            self.0[44..48].copy_from_slice(&(start as u32).to_le_bytes());
        }

        fn finished(mut self) -> Vec<u8> {
            let free = self.0.len() as u32;
            self.0[48..52].copy_from_slice(&free.to_le_bytes());
            self.0.resize(CHUNK, 0);
            self.0
        }
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(HEADER, 0);
        chunks.iter().for_each(|chunk| bytes.extend_from_slice(chunk));
        bytes
    }

    fn chunk(users: &[&str]) -> Vec<u8> {
        let mut chunk = Chunk::new(users.len() as u64);
        users.iter().zip(1..).for_each(|(user, id)| chunk.record(id, user));
        chunk.finished()
    }

    fn seen(bytes: &[u8]) -> (Vec<String>, ReadReport) {
        let mut all = Vec::new();
        let report = read_events(Cursor::new(bytes), "Security.evtx", &Options::default(), &mut |event| {
            assert_eq!((event.host, event.action), (Some("PC1"), Some("4624")), "{}", event.raw);
            assert_eq!(event.time.map(|at| at.to_string()).as_deref(), Some("2026-01-31T10:00:00.5Z"));
            all.extend(event.accounts.iter().map(|account| account.to_string()));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(report.members[0].format, Some(Format::Evtx));
        (all, report)
    }

    #[test]
    fn records_are_events_over_all_chunks() {
        let (accounts, report) = seen(&file(&[chunk(&["anna", "山田"]), vec![0; CHUNK], chunk(&["bob"])]));
        assert_eq!(accounts, ["anna", "山田", "bob"]);
        assert_eq!((report.events, report.damaged), (3, 0));
    }

    #[test]
    fn what_is_damaged_is_told_and_the_rest_kept() {
        let mut broken = chunk(&["anna", "bob"]);
        broken.iter_mut().take(8).for_each(|b| *b = b'x');
        let mut cut = file(&[chunk(&["anna"]), broken, chunk(&["carl", "dora"])]);
        let (accounts, report) = seen(&cut);
        assert_eq!((accounts, report.damaged), (vec!["anna".to_owned(), "carl".to_owned(), "dora".to_owned()], 1));
        cut.truncate(HEADER + 2 * CHUNK + 700);
        assert_eq!(seen(&cut).0.first().map(String::as_str), Some("anna"));
        let (none, report) = seen(&MAGIC.repeat(3));
        assert_eq!((none.len(), report.events), (0, 0));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(changes in proptest::collection::vec((0_usize..1_200, proptest::prelude::any::<u8>()), 1..8)) {
            let mut bytes = file(&[chunk(&["anna", "bob"])]);
            for (at, to) in changes {
                bytes[HEADER + at] = to;
            }
            let _ = read_events(Cursor::new(&bytes), "x", &Options::default(), &mut |_| ControlFlow::Continue(()));
        }
    }
}
