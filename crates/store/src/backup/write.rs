//! Writes a backup.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::{Scope, Timestamp};
use serde_json::Value as Json;

use super::{END, End, Extra, FORMAT, Hashed, MANIFEST, Manifest, TableManifest};
use crate::blob::{Blobs, failed};
use crate::dump::{self, Table};
use crate::engine::{Engine, Tx, to_json};
use crate::error::{Result, StoreError};
use crate::{Store, blob, journal, migrate};

/// zstd's own default: most of what a backup can be shrunk by, at the speed of a disk.
const LEVEL: i32 = 3;
/// A part of a table is ended beyond this many bytes; it is held in memory, since a tar entry begins with its length.
const PART: usize = 4 << 20;

/// Writes everything into one stream, from one snapshot, while others go on working. It blocks: call it from a thread of
/// its own.
///
/// # Errors
/// When the database fails, a file can't be read or the stream can't be written.
pub fn backup(store: &Store, extra: &[Extra<'_>], now: Timestamp, out: impl Write) -> Result<Manifest> {
    // A connection of its own: readers are for those who wait.
    let mut backend = store.target().connect()?;
    backend.read(Scope::System, |tx| write(tx, store.blobs(), extra, now, out))
}

fn write(tx: &mut Tx<'_>, blobs: &Blobs, extra: &[Extra<'_>], now: Timestamp, out: impl Write) -> Result<Manifest> {
    let tables = dump::tables(tx)?;
    let (kept, missing_blobs): (Vec<String>, Vec<String>) = blob::all(tx)?.into_iter().partition(|sha256| blobs.get(sha256).is_ok());
    let manifest = Manifest {
        format: FORMAT,
        vizsla_version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: migrate::version(tx)?,
        created_at: now,
        engine: if tx.engine() == Engine::Sqlite { "sqlite" } else { "postgres" }.to_owned(),
        journal_head: journal::head(tx)?.map(|anchor| anchor.to_string()),
        tables: tables
            .iter()
            .map(|table| Ok(TableManifest { name: table.name.clone(), rows: table.count(tx)?, columns: table.columns.clone() }))
            .collect::<Result<_>>()?,
        blobs: kept.len() as u64,
        missing_blobs,
        extra: extra.iter().map(|extra| extra.name.to_owned()).collect(),
    };
    let mut archive = Archive::new(out)?;
    archive.add_text(MANIFEST, to_json(&manifest)?.as_bytes())?;
    for table in &tables {
        add_table(&mut archive, tx, table)?;
    }
    for sha256 in kept {
        let file = blobs.get(&sha256)?;
        archive.add_file(&format!("blobs/{sha256}"), file, Path::new(&sha256))?;
    }
    for extra in extra {
        add_directory(&mut archive, &format!("extra/{}", extra.name), extra.path)?;
    }
    archive.finish()?;
    Ok(manifest)
}

fn add_table<W: Write>(archive: &mut Archive<W>, tx: &mut Tx<'_>, table: &Table) -> Result<()> {
    let mut part = Vec::new();
    let mut number = 0;
    let mut end_part = |archive: &mut Archive<W>, part: &mut Vec<u8>| {
        number += 1;
        archive.add_text(&format!("tables/{}/{number:06}.jsonl", table.name), part)?;
        part.clear();
        Ok::<_, StoreError>(())
    };
    table.rows(tx, |rows| {
        for row in rows {
            part.extend_from_slice(to_json(&Json::from(row))?.as_bytes());
            part.push(b'\n');
            if part.len() > PART {
                end_part(archive, &mut part)?;
            }
        }
        Ok(())
    })?;
    if part.is_empty() { Ok(()) } else { end_part(archive, &mut part) }
}

fn add_directory<W: Write>(archive: &mut Archive<W>, name: &str, path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed("reading", path))? {
        entries.push(entry.map_err(failed("reading", path))?.path());
    }
    entries.sort();
    for entry in entries {
        let own = entry.file_name().and_then(|own| own.to_str());
        let own = own.ok_or_else(|| StoreError::Database(format!("{} has a name that is not text", entry.display())))?;
        let name = format!("{name}/{own}");
        let facts = std::fs::symlink_metadata(&entry).map_err(failed("reading", &entry))?;
        if facts.is_dir() {
            add_directory(archive, &name, &entry)?;
        } else if facts.is_file() {
            archive.add_file(&name, File::open(&entry).map_err(failed("reading", &entry))?, &entry)?;
        }
    }
    Ok(())
}

struct Archive<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, W>>,
    end: End,
}

impl<W: Write> Archive<W> {
    fn new(out: W) -> Result<Self> {
        let mut encoder = zstd::Encoder::new(out, LEVEL).map_err(unwritten)?;
        encoder.include_checksum(true).map_err(unwritten)?;
        Ok(Self { tar: tar::Builder::new(encoder), end: End::default() })
    }

    fn add_text(&mut self, name: &str, text: &[u8]) -> Result<()> {
        self.add(name, text.len() as u64, text)
    }

    fn add_file(&mut self, name: &str, file: File, path: &Path) -> Result<()> {
        let length = file.metadata().map_err(failed("reading", path))?.len();
        self.add(name, length, file)
    }

    fn add(&mut self, name: &str, length: u64, content: impl Read) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o600);
        let mut content = Hashed::new(content.take(length));
        self.tar.append_data(&mut header, name, &mut content).map_err(unwritten)?;
        if content.bytes != length {
            return Err(StoreError::Database(format!("{name} became shorter while it was read: try again")));
        }
        self.end.sha256.insert(name.to_owned(), content.sha256());
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let end = to_json(&self.end)?;
        self.add_text(END, end.as_bytes())?;
        let mut out = self.tar.into_inner().and_then(zstd::Encoder::finish).map_err(unwritten)?;
        out.flush().map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> StoreError {
    StoreError::File { what: "writing the backup".to_owned(), error }
}
