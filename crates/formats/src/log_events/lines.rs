//! A stream cut into lines, without copying them.

use std::borrow::Cow;
use std::io::{self, Read};

use super::Problem;
use super::emit::{Ended, Output, Place};

/// Bytes that are read at once: fewer, larger reads cost less, and this still fits the cache of a core.
const CHUNK: usize = 256 * 1024;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is an event.
    Event,
    /// It is part of the file's frame.
    NoEvent,
    /// It is an event, and the sink wants no more.
    Stop,
}

impl Step {
    pub(super) fn event(stop: bool) -> Self {
        if stop { Self::Stop } else { Self::Event }
    }
}

/// Hands each line that is not blank, without its end, to `step` with its number. What is not UTF-8 and what is too
/// long is told.
#[inline]
pub(super) fn each_line<'o, 's>(
    reader: impl Read,
    member: &str,
    output: &mut Output<'o, 's>,
    mut step: impl FnMut(&mut Output<'o, 's>, &str, u64) -> Step,
) -> Ended {
    let mut lines = Lines::new(reader, output.options.limits.line_bytes);
    let mut events = 0;
    let error = loop {
        let (number, line) = match lines.next() {
            Ok(Some(next)) => next,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        let Line::Whole(bytes) = line else {
            output.problem(Place { member, line: number }, Problem::TooLong);
            continue;
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                output.problem(Place { member, line: number }, Problem::NotUtf8);
                String::from_utf8_lossy(bytes)
            }
        };
        let line = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\u{feff}']);
        if line.bytes().next().is_none_or(|b| b <= b' ' || !b.is_ascii()) && line.trim().is_empty() {
            continue;
        }
        match step(output, line, number) {
            Step::Event => events += 1,
            Step::NoEvent => {}
            Step::Stop => {
                events += 1;
                break None;
            }
        }
    };
    Ended { events, bytes: lines.bytes(), error }
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'b> {
    Whole(&'b [u8]),
    /// It was longer than allowed, and is skipped.
    TooLong,
}

/// Cuts a stream into lines.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet given out.
    start: usize,
    end: usize,
    longest: usize,
    number: u64,
    bytes: u64,
    ended: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, longest: usize) -> Self {
        Self { reader, buffer: vec![0; CHUNK], start: 0, end: 0, longest, number: 0, bytes: 0, ended: false }
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line and its number, counted from 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        let mut searched = self.start;
        let mut skipping = false;
        loop {
            let unseen = self.buffer.get(searched..self.end).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'\n', unseen) {
                let line = self.start..searched + length;
                self.start = line.end + 1;
                return Ok(self.line(line, skipping));
            }
            if self.end - self.start > self.longest {
                skipping = true;
                self.start = self.end;
            }
            if self.ended {
                let line = self.start..self.end;
                self.start = self.end;
                return if line.is_empty() && !skipping { Ok(None) } else { Ok(self.line(line, skipping)) };
            }
            searched = self.fill()?;
        }
    }

    fn line(&mut self, line: std::ops::Range<usize>, skipped: bool) -> Option<(u64, Line<'_>)> {
        self.number += 1;
        let bytes = self.buffer.get(line).unwrap_or_default();
        let line = if skipped || bytes.len() > self.longest { Line::TooLong } else { Line::Whole(bytes) };
        Some((self.number, line))
    }

    /// Reads more; gives where the new bytes begin.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let from = self.end;
        let read = loop {
            match self.reader.read(self.buffer.get_mut(from..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ended = read == 0;
        self.end += read;
        self.bytes += read as u64;
        Ok(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of a few bytes.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            let (now, later) = self.0.split_at(n);
            out[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    fn lines(bytes: &[u8], piece: usize, longest: usize) -> Vec<Option<Vec<u8>>> {
        let mut reader = Lines::new(Trickle(bytes, piece), longest);
        let mut all = Vec::new();
        while let Some((number, line)) = reader.next().unwrap() {
            assert_eq!(number as usize, all.len() + 1);
            all.push(match line {
                Line::Whole(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
        }
        assert_eq!(reader.bytes(), bytes.len() as u64);
        all
    }

    #[test]
    fn lines_are_cut_wherever_reads_end() {
        let long = [vec![b'x'; 3 * CHUNK], b"\nend".to_vec()].concat();
        for piece in [1, 2, 7, CHUNK, usize::MAX] {
            assert_eq!(
                lines(b"a\n\nbc\r\nd", piece, 100),
                [Some(b"a".to_vec()), Some(vec![]), Some(b"bc\r".to_vec()), Some(b"d".to_vec())]
            );
            assert_eq!(lines(b"", piece, 100), []);
            assert_eq!(lines(b"abcd\nab\nabcde", piece, 3), [None, Some(b"ab".to_vec()), None]);
            if piece > 1_000 {
                assert_eq!(lines(&long, piece, 4 * CHUNK).len(), 2);
                assert_eq!(lines(&long, piece, 1_000), [None, Some(b"end".to_vec())]);
            }
        }
    }
}
