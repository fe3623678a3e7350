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
