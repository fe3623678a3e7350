//! Backup and restore: one file, the same whichever engine wrote it.
//!
//! A tar stream, compressed with zstd: `manifest.json` first; then `tables/<table>/<part>.jsonl`, each line a row as a JSON
//! array in the order of the manifest's columns; `blobs/<sha256>`; `extra/<name>/…`, directories that the caller hands in;
//! and at the end `end.json`, the SHA-256 of every entry before it, which also tells that nothing is missing.

mod restore;
mod write;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use restore::restore;
pub use write::backup;

pub use crate::dump::{Column, Shape};

/// The version of the file's format that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

const MANIFEST: &str = "manifest.json";
const END: &str = "end.json";

/// A directory beside the database that belongs to a backup: the log index. Nothing may write in it meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Extra<'a> {
    /// What it is called in the backup: lower-case letters.
    pub name: &'a str,
    /// Where it is, or is to be.
    pub path: &'a Path,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The file's format.
    pub format: u32,
    /// Which Vizsla wrote it.
    pub vizsla_version: String,
    /// The version of the schema that its tables have.
    pub schema_version: i64,
    /// When.
    pub created_at: Timestamp,
    /// `sqlite` or `postgres`; either can restore it.
    pub engine: String,
    /// The journal's last entry, as `seq:hash`.
    pub journal_head: Option<String>,
    /// The tables, in the order in which they are restored.
    pub tables: Vec<TableManifest>,
    /// How many blobs.
    pub blobs: u64,
    /// Blobs that have a row and no file: lost before this backup was made.
    pub missing_blobs: Vec<String>,
    /// The names of the directories beside the database.
    pub extra: Vec<String>,
}

/// What a backup holds of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableManifest {
    /// Its name.
    pub name: String,
    /// How many rows.
    pub rows: i64,
    /// Its columns, in the order of each row's values.
    pub columns: Vec<Column>,
}

/// The last entry of a backup.
#[derive(Debug, Default, Serialize, Deserialize)]
struct End {
    /// The SHA-256 of each entry before, by its name.
    sha256: BTreeMap<String, String>,
}

/// Hashes and counts what is read through it.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    fn sha256(self) -> String {
        model::text::hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}
