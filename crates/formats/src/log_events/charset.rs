//! Character sets: whatever a log is written in becomes UTF-8.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, CoderResult, Decoder, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// The encoding of text that begins with `head`: by its byte order mark, by the zeros of UTF-16, by being UTF-8, else
/// by how its bytes are spread.
pub(super) fn detect(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    if let Some(encoding) = utf_16(head) {
        return encoding;
    }
    let valid = match std::str::from_utf8(head) {
        Ok(_) => return UTF_8,
        // The head may end within a character.
        Err(error) if error.error_len().is_none() => return UTF_8,
        Err(error) => error.valid_up_to(),
    };
    // What is UTF-8 over many characters beyond ASCII is UTF-8 with a damaged place.
    let beyond = head.get(..valid).unwrap_or_default().iter().filter(|b| !b.is_ascii()).count();
    if beyond > 64 {
        return UTF_8;
    }
    let guess = |text: &mut dyn Iterator<Item = &[u8]>| {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        text.for_each(|part| {
            detector.feed(part, false);
        });
        detector.guess(None, Utf8Detection::Allow)
    };
    let guessed = guess(&mut std::iter::once(head));
    if MULTI_BYTE.contains(&guessed) {
        return guessed;
    }
    // One byte out of place rules a multi-byte encoding out for the detector: without the few lines that hold such, it may be one.
    let whole = head.iter().rposition(|b| *b == b'\n').map_or(head, |end| head.get(..=end).unwrap_or(head));
    let lines = || whole.split_inclusive(|b| *b == b'\n').filter(|line| !line.is_ascii());
    let total = lines().count();
    let fits = |encoding: &'static Encoding| {
        let good = |line: &&[u8]| encoding.decode_without_bom_handling_and_without_replacement(line).is_some();
        let bad = total - lines().filter(good).count();
        bad > 0 && bad * FEW <= total && guess(&mut lines().filter(good)) == encoding
    };
    MULTI_BYTE.into_iter().find(|encoding| fits(encoding)).unwrap_or(guessed)
}

/// Encodings in which not every sequence of bytes is text.
const MULTI_BYTE: [&Encoding; 5] = [SHIFT_JIS, EUC_JP, GBK, BIG5, EUC_KR];
/// One line in so many may be damaged.
const FEW: usize = 20;

/// UTF-16 without a mark: mostly ASCII, so that every other byte is zero.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let sample = head.get(..head.len().min(4_096) & !1).unwrap_or_default();
    let pairs = sample.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 10 > pairs * 4 && even * 50 < pairs {
        Some(UTF_16LE)
    } else if even * 10 > pairs * 4 && odd * 50 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// What text is read as, before a reader of events sees it.
pub(super) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    /// Bytes that are read and not yet decoded.
    pending: Vec<u8>,
    start: usize,
    ended: bool,
    finished: bool,
    /// Decoded bytes that did not fit.
    spill: Vec<u8>,
    spilled: usize,
}

/// The longest UTF-8 that one step of a decoder may need room for.
const ROOM: usize = 16;

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { inner, decoder, pending: Vec::new(), start: 0, ended: false, finished: false, spill: Vec::new(), spilled: 0 }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.pending.drain(..self.start);
        self.start = 0;
        let held = self.pending.len();
        self.pending.resize(held + 64 * 1024, 0);
        let read = loop {
            match self.inner.read(self.pending.get_mut(held..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.pending.truncate(held + read.as_ref().copied().unwrap_or(0));
        self.ended = read? == 0;
        Ok(())
    }

    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.finished {
                return Ok(0);
            }
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(self.pending.get(self.start..).unwrap_or_default(), out, self.ended);
            self.start += read;
            match result {
                CoderResult::InputEmpty if self.ended => self.finished = true,
                CoderResult::InputEmpty => {
                    if written == 0 {
                        self.fill()?;
                        continue;
                    }
                    // Its failure, if so, comes with the next call.
                }
                CoderResult::OutputFull => {}
            }
            return Ok(written);
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.spilled < self.spill.len() {
            let rest = self.spill.get(self.spilled..).unwrap_or_default();
            let count = rest.len().min(out.len());
            out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.spilled += count;
            return Ok(count);
        }
        if out.len() >= ROOM {
            return self.decode(out);
        }
        let mut spill = std::mem::take(&mut self.spill);
        spill.resize(ROOM, 0);
        let decoded = self.decode(&mut spill);
        spill.truncate(decoded.as_ref().copied().unwrap_or(0));
        (self.spill, self.spilled) = (spill, 0);
        if decoded? == 0 { Ok(0) } else { self.read(out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (&'static str, String) {
        let encoding = detect(bytes);
        let mut text = String::new();
        Decoded::new(bytes, encoding).read_to_string(&mut text).unwrap();
        (encoding.name(), text)
    }

    #[test]
    fn encodings_are_told_by_their_bytes() {
        let utf_16 = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let text = "日付と時刻,イベント ID,ユーザー\n2024-01-31 10:00:00,4624,山田\n2024-01-31 10:00:01,4625,鈴木\n";
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        assert_eq!(decoded(&japanese), ("Shift_JIS", text.to_owned()));
        assert_eq!(decoded(text.as_bytes()), ("UTF-8", text.to_owned()));
        let marked = [b"\xff\xfe".to_vec(), utf_16(text, false)].concat();
        assert_eq!(decoded(&marked), ("UTF-16LE", text.to_owned()));
        let ascii = "time,user\n2024-01-31,émile\n";
        assert_eq!(decoded(&utf_16(ascii, false)), ("UTF-16LE", ascii.to_owned()));
        assert_eq!(decoded(&utf_16(ascii, true)), ("UTF-16BE", ascii.to_owned()));
        // A few damaged bytes do not make it another.
        let damaged = [japanese.repeat(20).as_slice(), b"2024-01-31 10:00:02,4625,\xfc\xfd\x81\n", &japanese].concat();
        assert_eq!(detect(&damaged).name(), "Shift_JIS");
        let (western, _, _) = encoding_rs::WINDOWS_1252.encode("user \u{201c}Émile Müller\u{201d} logged in from the café\n");
        assert_eq!(decoded(&western).0, "windows-1252");
        assert_eq!(decoded(b"\xef\xbb\xbfplain").1, "plain");
        // Cut within a character.
        assert_eq!(detect("日".as_bytes().get(..2).unwrap()).name(), "UTF-8");
    }

    #[test]
    fn reads_of_any_size_give_the_same() {
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode("山田は日本にいる。ログオン");
        for size in [1, 2, 3, 7, 100] {
            let mut reader = Decoded::new(&*bytes, encoding_rs::SHIFT_JIS);
            let (mut all, mut piece) = (Vec::new(), vec![0; size]);
            loop {
                let read = reader.read(&mut piece).unwrap();
                if read == 0 {
                    break;
                }
                all.extend_from_slice(&piece[..read]);
            }
            assert_eq!(String::from_utf8(all).unwrap(), "山田は日本にいる。ログオン", "{size}");
        }
    }
}
