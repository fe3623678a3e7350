//! What logs come wrapped in: gzip and zip, within limits.

use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

use super::json_lines::{self, Ended, Output};
use super::{Format, Limits, Member, ReadError, ReadReport, Sink};

/// Bytes by which a format is recognised.
pub(super) const HEAD: usize = 64 * 1024;

/// Inflated bytes up to which no ratio is asked for: a small file of one repeated line is no attack.
const RATIO_FROM: u64 = 64 << 20;

/// What all members of a source share.
struct Shared<'l> {
    limits: &'l Limits,
    inflated: Cell<u64>,
    /// Which limit was broken.
    broken_limit: RefCell<Option<String>>,
}

/// How many compressed bytes went in.
enum Compressed<'c> {
    Known(u64),
    Counted(&'c Cell<u64>),
}

/// A decompressor's output, watched.
struct Inflated<'i, R> {
    inner: R,
    shared: &'i Shared<'i>,
    compressed: Compressed<'i>,
    bytes: u64,
}

impl<R: Read> Read for Inflated<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.bytes += read as u64;
        let inflated = self.shared.inflated.get() + read as u64;
        self.shared.inflated.set(inflated);
        let limits = self.shared.limits;
        let compressed = match self.compressed {
            Compressed::Known(bytes) => bytes,
            Compressed::Counted(bytes) => bytes.get(),
        };
        let broken = if inflated > limits.inflated_bytes {
            format!("brings the inflated size above {} bytes", limits.inflated_bytes)
        } else if self.bytes > RATIO_FROM && self.bytes / limits.ratio.max(1) > compressed {
            format!("inflates to more than {} times its size", limits.ratio)
        } else {
            return Ok(read);
        };
        *self.shared.broken_limit.borrow_mut() = Some(broken);
        Err(io::Error::other("a limit on archives was broken"))
    }
}

/// What comes after the head: its failure, or the rest.
struct Rest<R> {
    failed: Option<io::Error>,
    source: R,
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.source.read(out),
        }
    }
}

/// Counts what is read through it.
struct Counted<'c, R> {
    inner: R,
    bytes: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

pub(super) fn read(mut source: impl Read + Seek, name: &str, limits: &Limits, sink: &mut Sink<'_>) -> Result<ReadReport, ReadError> {
    let failed = |source| ReadError::Io { name: name.to_owned(), source };
    let mut magic = Vec::new();
    source.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
    source.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut report = ReadReport::default();
    let shared = Shared { limits, inflated: Cell::new(0), broken_limit: RefCell::new(None) };
    let mut reading = Reading { name, shared: &shared, output: Output { limits, report: &mut report, sink } };
    if magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06") {
        reading.zip(source)?;
    } else {
        match reading.stream("", &mut source, 0)? {
            Outcome::Read(Ended { error: Some(error), .. }) => return Err(failed(error)),
            Outcome::Read(ended) => reading.member("", &ended, None),
            Outcome::Damaged(ended, why) => reading.member("", &ended, Some(why)),
            Outcome::Unknown(what) => return Err(ReadError::NotRecognised { name: name.to_owned(), what }),
        }
    }
    Ok(report)
}

/// How a stream ended.
enum Outcome {
    Read(Ended),
    /// What a decompressor gave up in the middle; what came before is kept.
    Damaged(Ended, String),
    /// In no known format.
    Unknown(&'static str),
}

struct Reading<'r, 's> {
    name: &'r str,
    shared: &'r Shared<'r>,
    output: Output<'r, 's>,
}

impl Reading<'_, '_> {
    fn exploding(&self, member: &str) -> Result<(), ReadError> {
        match self.shared.broken_limit.borrow_mut().take() {
            Some(why) => {
                let member = if member.is_empty() { "it".to_owned() } else { format!("`{member}`") };
                Err(ReadError::Exploding { name: self.name.to_owned(), member, why })
            }
            None => Ok(()),
        }
    }

    fn member(&mut self, name: &str, ended: &Ended, broken: Option<String>) {
        self.output.report.members.push(Member { name: name.to_owned(), events: ended.events, bytes: ended.bytes, broken });
    }

    /// Reads a stream that may be compressed.
    fn stream(&mut self, member: &str, source: &mut dyn Read, nesting: usize) -> Result<Outcome, ReadError> {
        let mut head = Vec::new();
        let read = source.take(HEAD as u64).read_to_end(&mut head);
        self.exploding(member)?;
        let failed = match read {
            Err(error) if head.is_empty() => return Ok(Outcome::Read(Ended { events: 0, bytes: 0, error: Some(error) })),
            // What came before is kept, however little it was.
            Err(error) => Some(error),
            Ok(_) => None,
        };
        let source = Rest { failed, source };
        if head.starts_with(b"\x1f\x8b") {
            if nesting >= self.shared.limits.nesting {
                return Ok(Outcome::Unknown("data compressed several times over; decompress it first"));
            }
            let compressed = Cell::new(0);
            let counted = Counted { inner: head.chain(source), bytes: &compressed };
            let decoder = MultiGzDecoder::new(BufReader::with_capacity(HEAD, counted));
            let mut inflated = Inflated { inner: decoder, shared: self.shared, compressed: Compressed::Counted(&compressed), bytes: 0 };
            return Ok(match self.stream(member, &mut inflated, nesting + 1)? {
                Outcome::Read(Ended { events, bytes, error: Some(error) }) => {
                    Outcome::Damaged(Ended { events, bytes, error: None }, format!("its compressed data is damaged or cut off: {error}"))
                }
                other => other,
            });
        }
        match Format::detect(&head) {
            Ok(Format::JsonLines) => {
                let ended = json_lines::read(head.chain(source), member, &mut self.output);
                self.exploding(member)?;
                Ok(Outcome::Read(ended))
            }
            Err(what) => Ok(Outcome::Unknown(what.0)),
        }
    }

    fn zip(&mut self, source: impl Read + Seek) -> Result<(), ReadError> {
        let refused = |why: String| ReadError::Archive { name: self.name.to_owned(), why };
        let mut archive = zip::ZipArchive::new(source).map_err(|e| refused(e.to_string()))?;
        if archive.len() > self.shared.limits.members {
            return Err(refused(format!("it holds {} files, more than {}", archive.len(), self.shared.limits.members)));
        }
        if archive.has_overlapping_files().map_err(|e| refused(e.to_string()))? {
            return Err(refused("its files overlap, as in archives that are made to explode".to_owned()));
        }
        let nothing = Ended { events: 0, bytes: 0, error: None };
        let mut unknown = None;
        let mut known = false;
        for at in 0..archive.len() {
            if self.output.report.stopped {
                break;
            }
            let indexed = archive.name_for_index(at).and_then(Result::ok).unwrap_or_default().into_owned();
            let mut file = match archive.by_index(at) {
                Ok(file) => file,
                Err(error) => {
                    self.member(&indexed, &nothing, Some(format!("it cannot be unpacked: {error}")));
                    continue;
                }
            };
            let member = if indexed.is_empty() { format!("file {}", at + 1) } else { indexed };
            // What macOS adds of its own is no log.
            if file.is_dir() || member.starts_with("__MACOSX/") {
                continue;
            }
            let compressed = Compressed::Known(file.compressed_size());
            let mut inflated = Inflated { inner: &mut file, shared: self.shared, compressed, bytes: 0 };
            match self.stream(&member, &mut inflated, 1)? {
                Outcome::Read(ended) => {
                    known = true;
                    let broken = ended.error.as_ref().map(|error| format!("its compressed data is damaged or cut off: {error}"));
                    self.member(&member, &ended, broken);
                }
                Outcome::Damaged(ended, why) => {
                    known = true;
                    self.member(&member, &ended, Some(why));
                }
                Outcome::Unknown(what) => {
                    unknown = unknown.or(Some(what));
                    self.member(&member, &nothing, Some(format!("not read: it looks like {what}")));
                }
            }
        }
        match unknown {
            Some(what) if !known => Err(ReadError::NotRecognised { name: self.name.to_owned(), what }),
            _ => Ok(()),
        }
    }
}
