//! What logs come wrapped in: compressions and archives in any nesting, within limits.

use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use encoding_rs::UTF_8;
use flate2::read::MultiGzDecoder;

use super::emit::{Ended, Output};
use super::recognise::{self, HEAD, Kind};
use super::{Limits, Member, Options, ReadError, ReadReport, Sink};

/// Inflated bytes up to which no ratio is asked for: a small file of one repeated line is no attack.
const RATIO_FROM: u64 = 64 << 20;

/// Bytes of names and other words about one file of a tar archive: they are held in memory.
const TAR_WORDS: u64 = 1 << 20;

/// KiB that unpacking xz may take: the dictionary of `xz -9` is 64 MiB.
const XZ_MEMORY: u32 = 256 << 10;

/// What all members of a source share.
struct Shared<'l> {
    limits: &'l Limits,
    inflated: Cell<u64>,
    members: Cell<usize>,
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

pub(super) fn read(mut source: impl Read + Seek, name: &str, options: &Options, sink: &mut Sink<'_>) -> Result<ReadReport, ReadError> {
    let failed = |source| ReadError::Io { name: name.to_owned(), source };
    let mut magic = Vec::new();
    source.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
    source.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut report = ReadReport::default();
    let shared = Shared { limits: &options.limits, inflated: Cell::new(0), members: Cell::new(0), broken_limit: RefCell::new(None) };
    let mut reading = Reading { name, shared: &shared, output: Output { options, report: &mut report, sink }, unknown: None, known: false };
    let outcome = if is_zip(&magic) { reading.zip("", source, 0)? } else { reading.stream("", &mut source, 0)? };
    match outcome {
        Outcome::Read(_, Ended { error: Some(error), .. }) => return Err(failed(error)),
        Outcome::Unknown(what) => return Err(ReadError::NotRecognised { name: name.to_owned(), what }),
        Outcome::Archive(None) => {}
        Outcome::Archive(Some(why)) if reading.output.report.members.is_empty() => {
            return Err(ReadError::Archive { name: name.to_owned(), why });
        }
        other => reading.told("", other),
    }
    match reading.unknown {
        Some(what) if !reading.known => Err(ReadError::NotRecognised { name: name.to_owned(), what }),
        _ => Ok(report),
    }
}

fn is_zip(magic: &[u8]) -> bool {
    magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06")
}

/// How a stream ended.
enum Outcome {
    Read(Kind, Ended),
    /// What a decompressor gave up in the middle; what came before is kept.
    Damaged(Kind, Ended, String),
    /// An archive, whose members were told, and why it was not read to its end, if so.
    Archive(Option<String>),
    /// No log.
    Unknown(String),
}

/// How streams are compressed.
#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Compression {
    fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one that is to be skipped before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Self::Bzip2,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => return None,
        })
    }

    fn decoder<'r>(self, source: impl io::BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(source)?),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
            Self::Xz => Box::new(Xz(lzma_rust2::XzReader::new_mem_limit(source, true, XZ_MEMORY))),
        })
    }
}

/// Says in words when a dictionary is too large.
struct Xz<R: Read>(lzma_rust2::XzReader<R>);

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => io::Error::other(format!(
                "unpacking it takes more than {} MiB of memory; compress it with a smaller dictionary",
                XZ_MEMORY >> 10
            )),
            _ => error,
        })
    }
}

/// A tar archive's bytes, of which the reader of archives may take so many by itself before the next file.
struct Words<'w, R> {
    inner: R,
    /// None while a file is read.
    left: &'w Cell<Option<u64>>,
}

impl<R: Read> Read for Words<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        if let Some(left) = self.left.get() {
            let left = left.checked_sub(read as u64);
            self.left.set(Some(left.ok_or_else(|| io::Error::other("the name of the next one is longer than any name is"))?));
        }
        Ok(read)
    }
}

struct Reading<'r, 's> {
    name: &'r str,
    shared: &'r Shared<'r>,
    output: Output<'r, 's>,
    /// What the first member that is no log looks like.
    unknown: Option<String>,
    /// Some member is a log.
    known: bool,
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

    fn refused(&self, why: String) -> ReadError {
        ReadError::Archive { name: self.name.to_owned(), why }
    }

    /// Puts a member into the report.
    fn told(&mut self, name: &str, outcome: Outcome) {
        let (kind, ended, broken) = match outcome {
            Outcome::Archive(None) => return,
            Outcome::Archive(Some(why)) => (None, Ended::default(), Some(why)),
            Outcome::Read(kind, ended) => {
                let broken = ended.error.as_ref().map(|error| format!("its compressed data is damaged or cut off: {error}"));
                (Some(kind), ended, broken)
            }
            Outcome::Damaged(kind, ended, why) => (Some(kind), ended, Some(why)),
            Outcome::Unknown(what) => {
                let why = format!("not read: it looks like {what}");
                self.unknown.get_or_insert(what);
                (None, Ended::default(), Some(why))
            }
        };
        self.known |= kind.is_some();
        self.output.report.members.push(Member {
            name: name.to_owned(),
            format: kind.map(|kind| kind.format),
            encoding: kind.map_or(UTF_8, |kind| kind.encoding).name(),
            events: ended.events,
            bytes: ended.bytes,
            broken,
        });
    }

    /// Counts a member of an archive.
    fn counted(&self) -> Result<(), ReadError> {
        let members = self.shared.members.get() + 1;
        self.shared.members.set(members);
        if members > self.shared.limits.members {
            return Err(self.refused(format!("it holds more than {} files", self.shared.limits.members)));
        }
        Ok(())
    }

    /// Reads a stream that may be compressed or an archive.
    fn stream(&mut self, member: &str, source: &mut dyn Read, nesting: usize) -> Result<Outcome, ReadError> {
        let mut head = Vec::new();
        let read = source.take(HEAD as u64).read_to_end(&mut head);
        self.exploding(member)?;
        let failed = match read {
            Err(error) if head.is_empty() => {
                let kind = Kind::NOTHING;
                return Ok(Outcome::Read(kind, Ended { error: Some(error), ..Ended::default() }));
            }
            // What came before is kept, however little it was.
            Err(error) => Some(error),
            Ok(_) => None,
        };
        let source = Rest { failed, source };
        let deep = nesting >= self.shared.limits.nesting;
        if let Some(compression) = Compression::of(&head) {
            if deep {
                return Ok(Outcome::Unknown("data compressed several times over; decompress it first".to_owned()));
            }
            let compressed = Cell::new(0);
            let counted = Counted { inner: head.chain(source), bytes: &compressed };
            let decoder = match compression.decoder(BufReader::with_capacity(HEAD, counted)) {
                Ok(decoder) => decoder,
                Err(error) => return Ok(Outcome::Unknown(format!("compressed data that cannot be read: {error}"))),
            };
            let mut inflated = Inflated { inner: decoder, shared: self.shared, compressed: Compressed::Counted(&compressed), bytes: 0 };
            return Ok(match self.stream(member, &mut inflated, nesting + 1)? {
                Outcome::Read(kind, Ended { events, bytes, error: Some(error) }) => {
                    let why = format!("its compressed data is damaged or cut off: {error}");
                    Outcome::Damaged(kind, Ended { events, bytes, error: None }, why)
                }
                other => other,
            });
        }
        if is_zip(&head) || is_tar(&head) {
            if deep {
                return Ok(Outcome::Unknown("archives within archives several times over; unpack them first".to_owned()));
            }
            let mut all = head.chain(source);
            return if is_tar(&head) { self.tar(member, &mut all, nesting) } else { self.held_zip(member, &mut all, nesting) };
        }
        let whole = head.len() < HEAD;
        match recognise::kind(&head, whole, self.output.options.format) {
            Ok(kind) => {
                let ended = recognise::read(kind, &head, &mut head.chain(source), member, &mut self.output);
                self.exploding(member)?;
                Ok(Outcome::Read(kind, ended))
            }
            Err(what) => Ok(Outcome::Unknown(what)),
        }
    }

    /// A zip archive within another stream: its directory stands at its end, so all of it is held.
    fn held_zip(&mut self, member: &str, source: &mut dyn Read, nesting: usize) -> Result<Outcome, ReadError> {
        let most = self.shared.limits.held_bytes;
        let mut held = Vec::new();
        let read = source.take(most + 1).read_to_end(&mut held);
        self.exploding(member)?;
        if held.len() as u64 > most {
            return Ok(Outcome::Unknown(format!("a zip archive within an archive, of more than {most} bytes; unpack it first")));
        }
        if let Err(error) = read {
            let why = format!("its compressed data is damaged or cut off: {error}");
            return self.cut_zip(member, Cursor::new(held), nesting, &why);
        }
        self.zip(member, Cursor::new(held), nesting)
    }

    /// The files of a zip archive whose directory, which stands at its end, is not there: as far as they follow each other.
    fn cut_zip(&mut self, within: &str, mut source: impl Read + Seek, nesting: usize, why: &str) -> Result<Outcome, ReadError> {
        if let Err(error) = source.seek(SeekFrom::Start(0)) {
            return Ok(Outcome::Archive(Some(error.to_string())));
        }
        let mut source = BufReader::with_capacity(HEAD, source);
        let mut files = 0;
        while let Ok(Some(mut file)) = zip::read::read_zipfile_from_stream(&mut source) {
            if self.output.report.stopped {
                break;
            }
            self.counted()?;
            files += 1;
            let name = label(within, file.name().map_or_else(|_| format!("file {files}"), |name| name.into_owned()));
            self.unzipped(&name, &mut file, nesting)?;
        }
        Ok(Outcome::Archive(Some(format!("the archive is damaged or cut off after {files} files: {why}"))))
    }

    /// Reads one file of a zip archive.
    fn unzipped(&mut self, name: &str, file: &mut zip::read::ZipFile<'_, impl Read>, nesting: usize) -> Result<(), ReadError> {
        if file.is_dir() || is_litter(name) {
            return Ok(());
        }
        let compressed = Compressed::Known(file.compressed_size());
        let mut inflated = Inflated { inner: file, shared: self.shared, compressed, bytes: 0 };
        let outcome = self.stream(name, &mut inflated, nesting + 1)?;
        self.told(name, outcome);
        Ok(())
    }

    fn zip(&mut self, within: &str, mut source: impl Read + Seek, nesting: usize) -> Result<Outcome, ReadError> {
        let listed = listed(&mut source).unwrap_or_default();
        let mut archive = match zip::ZipArchive::new(&mut source) {
            Ok(archive) => archive,
            Err(error) => return self.cut_zip(within, &mut source, nesting, &error.to_string()),
        };
        if archive.len() > self.shared.limits.members {
            return Err(self.refused(format!("it holds {} files, more than {}", archive.len(), self.shared.limits.members)));
        }
        match archive.has_overlapping_files() {
            Ok(false) => {}
            Ok(true) => return Err(self.refused("its files overlap, as in archives that are made to explode".to_owned())),
            Err(error) => return Ok(Outcome::Archive(Some(error.to_string()))),
        }
        for at in 0..archive.len() {
            if self.output.report.stopped {
                break;
            }
            let indexed = archive.name_for_index(at).and_then(Result::ok).unwrap_or_default().into_owned();
            let name = label(within, if indexed.is_empty() { format!("file {}", at + 1) } else { indexed });
            self.counted()?;
            let mut file = match archive.by_index(at) {
                Ok(file) => file,
                Err(error) => {
                    self.told(&name, Outcome::Archive(Some(format!("it cannot be unpacked: {error}"))));
                    continue;
                }
            };
            self.unzipped(&name, &mut file, nesting)?;
        }
        // The library keeps the last one of a name.
        let hidden = listed.saturating_sub(archive.len());
        let why = || format!("{hidden} of its files have the name of another one and were not read; unpack it and give them by themselves");
        Ok(Outcome::Archive((hidden > 0).then(why)))
    }

    fn tar(&mut self, within: &str, source: &mut dyn Read, nesting: usize) -> Result<Outcome, ReadError> {
        let left = Cell::new(None);
        let mut archive = tar::Archive::new(Words { inner: source, left: &left });
        let mut entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Outcome::Archive(Some(error.to_string()))),
        };
        let mut passed_over = 0_u64;
        for at in 0.. {
            self.exploding(within)?;
            left.set(Some(passed_over.saturating_add(TAR_WORDS)));
            let Some(entry) = entries.next() else { break };
            left.set(None);
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Outcome::Archive(Some(format!("the archive is damaged or cut off after {at} files: {error}")))),
            };
            self.counted()?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = label(within, if path.is_empty() { format!("file {}", at + 1) } else { path });
            let kind = entry.header().entry_type();
            if kind.is_gnu_sparse() {
                // Its holes are as long as it says, which may be anything.
                self.told(&name, Outcome::Unknown("a file with holes (sparse); make the archive without `--sparse`".to_owned()));
            } else if (kind.is_file() || kind.is_contiguous()) && !is_litter(&name) {
                let outcome = self.stream(&name, &mut entry, nesting + 1)?;
                self.told(&name, outcome);
            }
            if self.output.report.stopped {
                break;
            }
            // What is left of it is no word about the next one. When it is cut off, that is told there.
            passed_over = if kind.is_gnu_sparse() {
                entry.header().entry_size().unwrap_or_default().saturating_add(512)
            } else {
                let _ = io::copy(&mut entry, &mut io::sink());
                0
            };
        }
        self.exploding(within)?;
        Ok(Outcome::Archive(None))
    }
}

/// How many files a zip archive says that it lists; 0 where it does not say.
fn listed(source: &mut (impl Read + Seek)) -> io::Result<usize> {
    const RECORD: u64 = 22 + u16::MAX as u64;
    let end = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(end.saturating_sub(RECORD)))?;
    let mut tail = Vec::new();
    source.take(RECORD).read_to_end(&mut tail)?;
    let record = memchr::memmem::rfind(&tail, b"PK\x05\x06").and_then(|at| tail.get(at + 10..at + 12));
    // All ones: it is told elsewhere, in an archive of so many files that it is refused.
    Ok(record.and_then(|count| count.try_into().ok()).map(u16::from_le_bytes).filter(|count| *count < u16::MAX).unwrap_or_default().into())
}

/// The path of a file within archives; a label, nothing is opened by it.
fn label(within: &str, name: String) -> String {
    if within.is_empty() { name } else { format!("{within}/{name}") }
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// What macOS adds of its own is no log.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || name.contains("/__MACOSX/") || last == ".DS_Store" || last.starts_with("._")
}
