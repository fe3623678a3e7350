//! Files by their content: what was uploaded, kept once under its SHA-256.
//!
//! A file is on disk before its row is written, so a row never points nowhere. A file without a row is of no use to anybody:
//! a start sweeps up what a process that was killed left of them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use model::text::hex;
use model::{Scope, Timestamp};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::engine::{Tx, params, statements, text_list, texts_in};
use crate::error::{Result, StoreError};

statements! {
    KEEP = "INSERT INTO blob (sha256, bytes, created_at) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";
    ALL = "SELECT sha256 FROM blob ORDER BY sha256";
    FIND = "SELECT sha256, bytes FROM blob WHERE sha256 = $1";
}

/// How many files are set aside in one write: a rename each, some microseconds.
const ASIDE: usize = 100;
/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// What a file is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRef {
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
    /// The length.
    pub bytes: u64,
}

/// The files of a data directory, in `blobs` below it.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    /// Opens, and if need be creates, the files of a data directory.
    ///
    /// # Errors
    /// When the directory can't be made or read.
    pub fn open(data: &Path) -> Result<Self> {
        let root = data.join("blobs");
        let incoming = root.join("incoming");
        std::fs::create_dir_all(&incoming).map_err(failed("creating", &incoming))?;
        Ok(Self { root })
    }

    /// Throws away what a process that ended had not finished taking in. Only for whoever holds the directory: beside a
    /// running server, what is unfinished may be an upload on its way.
    ///
    /// # Errors
    /// When the directory can't be read, or a file in it can't be removed.
    pub fn forget_unfinished(&self) -> Result<()> {
        let incoming = self.root.join("incoming");
        for unfinished in std::fs::read_dir(&incoming).map_err(failed("reading", &incoming))?.flatten() {
            std::fs::remove_file(unfinished.path()).map_err(failed("removing", &unfinished.path()))?;
        }
        Ok(())
    }

    /// Takes a file in; when this returns, it is on disk. The same content again is kept once.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond `limit` bytes; when reading or writing fails.
    pub fn put(&self, mut content: impl Read, limit: u64) -> Result<BlobRef> {
        let incoming = self.root.join("incoming");
        let mut file = tempfile::NamedTempFile::new_in(&incoming).map_err(failed("writing into", &incoming))?;
        let mut hash = Sha256::new();
        let mut bytes = 0_u64;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(StoreError::File { what: "reading what is to be kept".to_owned(), error });
                }
            };
            let chunk = buffer.get(..read).unwrap_or_default();
            bytes += read as u64;
            if bytes > limit {
                return Err(StoreError::TooLarge { limit });
            }
            hash.update(chunk);
            file.write_all(chunk).map_err(failed("writing into", &incoming))?;
        }
        let sha256 = hex(&hash.finalize());
        let path = self.path(&sha256)?;
        let parent = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(parent).map_err(failed("creating", parent))?;
        file.as_file().sync_all().map_err(failed("writing into", &incoming))?;
        file.persist(&path).map_err(|refused| failed("writing", &path)(refused.error))?;
        // The names are on disk too: that of the file, and that of a directory made for it.
        for directory in [parent, self.root.as_path()] {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("writing", directory))?;
        }
        Ok(BlobRef { sha256, bytes })
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none of that hash.
    pub fn get(&self, sha256: &str) -> Result<File> {
        let path = self.path(sha256)?;
        File::open(&path).map_err(
            |error| {
                if error.kind() == ErrorKind::NotFound { StoreError::Missing } else { failed("reading", &path)(error) }
            },
        )
    }

    /// Moves a file out of its place, to be removed; whether it was there. However large it is, this takes no longer than a
    /// rename does, which removing it may: it is done by the writer, while others wait.
    ///
    /// # Errors
    /// When it can't be moved.
    fn set_aside(&self, sha256: &str) -> Result<bool> {
        let path = self.path(sha256)?;
        match std::fs::rename(&path, self.aside(sha256)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("setting aside", &path)(error)),
        }
    }

    /// Removes a file that was set aside; whether it was there.
    ///
    /// # Errors
    /// When it can't be removed.
    fn remove_aside(&self, sha256: &str) -> Result<bool> {
        let path = self.aside(sha256);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("removing", &path)(error)),
        }
    }

    /// Where a file waits to be removed: among what a start throws away.
    fn aside(&self, sha256: &str) -> PathBuf {
        self.root.join("incoming").join(sha256)
    }

    /// The hashes of all files that are in their places, in no order. What else lies in the directory is nobody's here.
    ///
    /// # Errors
    /// When the directory can't be read.
    fn on_disk(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for head in std::fs::read_dir(&self.root).map_err(failed("reading", &self.root))?.flatten() {
            let (directory, head) = (head.path(), head.file_name());
            let Some(head) = head.to_str().filter(|head| head.len() == 2) else { continue };
            for tail in std::fs::read_dir(&directory).map_err(failed("reading", &directory))?.flatten() {
                let sha256 = format!("{head}{}", tail.file_name().to_string_lossy());
                if self.path(&sha256).is_ok() {
                    found.push(sha256);
                }
            }
        }
        Ok(found)
    }

    /// Where a file lies; only what is a hash has a place.
    fn path(&self, sha256: &str) -> Result<PathBuf> {
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let (head, tail) = sha256.split_at_checked(2).filter(|_| is_hash).ok_or(StoreError::Missing)?;
        Ok(self.root.join(head).join(tail))
    }
}

/// A failed file operation, told with its path.
pub(crate) fn failed<'a>(doing: &'a str, path: &'a Path) -> impl Fn(std::io::Error) -> StoreError + 'a {
    move |error| StoreError::File { what: format!("{doing} {}", path.display()), error }
}

/// Notes a file that was taken in, in the transaction of what refers to it.
///
/// # Errors
/// When the database fails, and [`StoreError::Busy`] when retention removed the same bytes since they were taken in: nothing was
/// acknowledged yet, and the next try finds them gone and brings them anew.
pub fn keep(tx: &mut Tx<'_>, blobs: &Blobs, blob: &BlobRef, now: Timestamp) -> Result<()> {
    if !blobs.path(&blob.sha256)?.exists() {
        return Err(StoreError::Busy);
    }
    let bytes = i64::try_from(blob.bytes).unwrap_or(i64::MAX);
    tx.execute(KEEP, params![&blob.sha256, bytes, now]).map(|_| ())
}

/// Forgets files that were logs, unless something else refers to them: a log of which events are left or still to come, an
/// import, a document, a list. Tells which were forgotten; their bytes are removed with [`remove_forgotten`], once this is
/// committed.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, sha256: &[String]) -> Result<Vec<String>> {
    let sql = format!(
        "DELETE FROM blob WHERE sha256 {}
         AND NOT EXISTS (SELECT 1 FROM log_file f WHERE f.sha256 = blob.sha256 AND f.state IN ('indexing', 'indexed')
             AND NOT (f.events = 0 AND f.expired > 0))
         AND NOT EXISTS (SELECT 1 FROM import i WHERE i.blob = blob.sha256)
         AND NOT EXISTS (SELECT 1 FROM document d WHERE d.blob = blob.sha256)
         AND NOT EXISTS (SELECT 1 FROM known_good_list k WHERE k.sha256 = blob.sha256) RETURNING sha256",
        texts_in(tx.engine(), 1)
    );
    tx.query(&sql, params![text_list(sha256)], |row| row.text(0))
}

/// Removes the bytes of files that no row knows, unless they came again meanwhile; tells how many. For threads of one's own.
///
/// They are moved out of their places in a write: what comes again is noted by the same writer, before this, which leaves it
/// alone, or after, when [`keep`] sees that it is gone. Only then are they removed, which of a large file takes long.
///
/// # Errors
/// When the database fails, or a file can't be removed.
pub fn remove_forgotten(store: &Store, sha256: &[String]) -> Result<u64> {
    let mut removed = 0;
    for chunk in sha256.chunks(ASIDE) {
        let (blobs, some) = (store.blobs().clone(), chunk.to_vec());
        store.write_blocking::<_, StoreError, _>(Scope::System, move |tx| {
            let known = known(tx, &some)?;
            some.iter().filter(|one| !known.contains(*one)).try_for_each(|one| blobs.set_aside(one).map(|_| ()))
        })?;
        for one in chunk {
            removed += u64::from(store.blobs().remove_aside(one)?);
        }
    }
    Ok(removed)
}

/// Removes the files that no row knows: of uploads that were refused, or whose process was killed between two steps. Tells how
/// many. Only for whoever holds the directory, on a thread of its own.
///
/// Where not one file of the directory is known, nothing is removed and this tells how many were left: then it is rather the
/// database that is another's.
///
/// # Errors
/// When the directory can't be read, the database fails, or a file can't be removed.
pub fn sweep(store: &Store) -> Result<Swept> {
    let found = store.blobs().on_disk()?;
    let rows: HashSet<String> = store.read_blocking::<_, StoreError, _>(Scope::System, |tx| Ok(all(tx)?.into_iter().collect()))?;
    let unknown: Vec<String> = found.iter().filter(|sha256| !rows.contains(*sha256)).cloned().collect();
    if unknown.len() == found.len() {
        return Ok(Swept { removed: 0, left: found.len() as u64 });
    }
    Ok(Swept { removed: remove_forgotten(store, &unknown)?, left: 0 })
}

/// What [`sweep`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Files without a row that were removed.
    pub removed: u64,
    /// Files that were left, since none of the directory has a row.
    pub left: u64,
}

/// Those of these hashes that have a row.
fn known(tx: &mut Tx<'_>, sha256: &[String]) -> Result<HashSet<String>> {
    let sql = format!("SELECT sha256 FROM blob WHERE sha256 {}", texts_in(tx.engine(), 1));
    Ok(tx.query(&sql, params![text_list(sha256)], |row| row.text(0))?.into_iter().collect())
}

/// The hashes of all files.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    tx.query(ALL, &[], |row| row.text(0))
}

/// The file of a hash, if one was taken in.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<BlobRef>> {
    tx.query_opt(FIND, params![sha256], |row| Ok(BlobRef { sha256: row.text(0)?, bytes: u64::try_from(row.int(1)?).unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content whose reading fails half way.
    struct Broken(usize);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::other("the upload broke off"));
            }
            self.0 -= 1;
            buffer.fill(7);
            Ok(buffer.len())
        }
    }

    fn files(directory: &Path) -> usize {
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
    }

    #[test]
    fn what_goes_in_comes_out_and_is_kept_once() {
        let data = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(data.path()).unwrap();
        let report = vec![b'x'; CHUNK * 2 + 1];
        let first = blobs.put(report.as_slice(), 1 << 20).unwrap();
        assert_eq!(blobs.put(report.as_slice(), 1 << 20).unwrap(), first);
        assert_eq!(first, BlobRef { sha256: model::text::sha256_hex(&report), bytes: report.len() as u64 });
        assert_eq!(files(data.path()), 1);
        let mut out = Vec::new();
        blobs.get(&first.sha256).unwrap().read_to_end(&mut out).unwrap();
        assert_eq!(out, report);
        let empty = blobs.put(&b""[..], 0).unwrap();
        assert_eq!(empty.bytes, 0);
    }

    #[test]
    fn what_is_refused_or_broken_leaves_nothing() {
        let data = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(data.path()).unwrap();
        assert!(matches!(blobs.put(&[0; 11][..], 10), Err(StoreError::TooLarge { limit: 10 })));
        assert!(matches!(blobs.put(Broken(3), 1 << 30), Err(StoreError::File { .. })));
        assert_eq!(files(data.path()), 0);
    }

    #[test]
    fn only_a_hash_is_looked_up() {
        let data = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(data.path()).unwrap();
        std::fs::write(data.path().join("secret"), "s").unwrap();
        for bad in ["", "..", "../secret", "ab/../../secret", &"A".repeat(64), &"é".repeat(32), &"0".repeat(64)] {
            assert!(matches!(blobs.get(bad), Err(StoreError::Missing)), "{bad}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_thrown_away() {
        let data = tempfile::tempdir().unwrap();
        let kept = Blobs::open(data.path()).unwrap().put(&b"kept"[..], 10).unwrap();
        std::fs::write(data.path().join("blobs/incoming/.tmpHalf"), "hal").unwrap();
        let blobs = Blobs::open(data.path()).unwrap();
        assert_eq!(files(data.path()), 2, "opening alone takes nothing from a process that is at work");
        blobs.forget_unfinished().unwrap();
        assert_eq!(files(data.path()), 1);
        assert!(blobs.get(&kept.sha256).is_ok());
    }
}
