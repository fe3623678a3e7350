//! The data directory, which one process holds at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use model::Timestamp;

use crate::blob::failed;
use crate::error::{Result, StoreError};

const LOCK: &str = "vizsla.lock";

/// A data directory that this process holds until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The operating system lets go of the lock when the file is closed.
    _lock: File,
}

impl DataDir {
    /// Holds a directory, making it (for this user only) if it is not there. `what` is who holds it, for whoever comes
    /// second: `vizsla serve`.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another process holds it; when it can't be made or written.
    pub fn hold(path: &Path, what: &str) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("creating", path))?;
        let lock = path.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(failed("opening", &lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held(held(path, &mut file))),
            Err(TryLockError::Error(error)) => return Err(failed("locking", &lock)(error)),
        }
        let holder = format!("{} (process {})", what.lines().next().unwrap_or_default(), std::process::id());
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
        written.map_err(failed("writing", &lock))?;
        Ok(Self { path: path.to_owned(), _lock: file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Who holds a directory, as they wrote it; since when, as the file's time tells it.
fn held(path: &Path, file: &mut File) -> String {
    let mut holder = String::new();
    // A holder that has locked and not yet written is nameless for a moment.
    if file.read_to_string(&mut holder).is_err() || holder.is_empty() {
        "another process".clone_into(&mut holder);
    }
    let since = file.metadata().and_then(|facts| facts.modified()).ok();
    let since = since.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).and_then(|passed| i64::try_from(passed.as_secs()).ok());
    let since = since.map(|seconds| format!(" since {}", Timestamp::NEVER.plus_seconds(seconds))).unwrap_or_default();
    format!("{} is held by {holder}{since}: stop it first, or use another directory", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_has_one_holder_and_says_who() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("new/data");
        let held = DataDir::hold(&path, "vizsla serve").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let Err(StoreError::Held(told)) = DataDir::hold(&path, "vizsla backup") else { panic!("two hold it") };
        assert!(told.contains(&format!("vizsla serve (process {}) since 20", std::process::id())), "{told}");
        drop(held);
        let held = DataDir::hold(&path, "x").unwrap();
        assert_eq!(held.path(), path);
    }
}
