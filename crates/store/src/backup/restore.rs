//! Reads a backup into a new, empty place, and leaves it empty when anything is wrong.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use super::{END, End, Extra, FORMAT, Hashed, MANIFEST, Manifest, TableManifest};
use crate::blob::failed;
use crate::dump::{self, Table};
use crate::engine::Tx;
use crate::error::{Result, StoreError};
use crate::pool::Target;
use crate::{Options, journal, migrate};

/// Rows inserted at a time.
const CHUNK: usize = 500;
/// Far more than any manifest has, and no more than fits into memory.
const MAX_MANIFEST: u64 = 256 << 20;

/// Restores a backup into a new data directory, a new database and new directories beside them, then walks the journal's
/// chain and compares what is there with what the manifest tells. It blocks: call it from a thread of its own.
///
/// # Errors
/// [`StoreError::BadBackup`] when the file is not whole, [`StoreError::TooNew`] when a newer Vizsla wrote it,
/// [`StoreError::NotEmpty`] when something is there already. The place is left as it was.
pub fn restore(input: impl Read, options: &Options, extra: &[Extra<'_>]) -> Result<Manifest> {
    std::fs::create_dir_all(&options.data).map_err(failed("creating", &options.data))?;
    let blobs = options.data.join("blobs");
    for directory in extra.iter().map(|extra| extra.path).chain([blobs.as_path()]) {
        if holds_a_file(directory)? {
            return Err(StoreError::NotEmpty(directory.display().to_string()));
        }
    }
    let target = options.target()?;
    let new_file = match &target {
        Target::Sqlite(path) if !path.exists() => Some(path.clone()),
        _ => None,
    };
    let staging = tempfile::Builder::new().prefix("restoring-").tempdir_in(&options.data).map_err(failed("writing into", &options.data))?;
    let mut placed = Vec::new();
    let outcome = target.connect().and_then(|mut backend| {
        backend.exclusively(|tx| {
            refuse_a_used_database(tx)?;
            let manifest = read(tx, input, staging.path(), extra)?;
            place(&staging.path().join("blobs"), &blobs, &mut placed)?;
            for extra in extra {
                place(&staging.path().join("extra").join(extra.name), extra.path, &mut placed)?;
            }
            Ok(manifest)
        })
    });
    if outcome.is_err() {
        let files = new_file.iter().flat_map(|path| ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", path.display()))));
        // What can't be removed is told by the next try, which finds it there.
        for file in files {
            let _ = std::fs::remove_file(file);
        }
        for directory in placed {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
    outcome
}

/// Moves a directory to where it belongs: there is no file there.
fn place(from: &Path, to: &Path, placed: &mut Vec<PathBuf>) -> Result<()> {
    if !from.exists() {
        return Ok(());
    }
    if to.exists() {
        std::fs::remove_dir_all(to).map_err(failed("replacing", to))?;
    }
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(failed("creating", parent))?;
    }
    std::fs::rename(from, to).map_err(failed("moving into place", to))?;
    placed.push(to.to_owned());
    Ok(())
}

fn holds_a_file(directory: &Path) -> Result<bool> {
    if !directory.exists() {
        return Ok(false);
    }
    for entry in std::fs::read_dir(directory).map_err(failed("reading", directory))? {
        let path = entry.map_err(failed("reading", directory))?.path();
        if !path.is_dir() || holds_a_file(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn refuse_a_used_database(tx: &mut Tx<'_>) -> Result<()> {
    for table in dump::tables(tx)? {
        if table.count(tx)? > 0 {
            return Err(StoreError::NotEmpty(format!("the table {} of this database", table.name)));
        }
    }
    Ok(())
}

fn read(tx: &mut Tx<'_>, input: impl Read, staging: &Path, extra: &[Extra<'_>]) -> Result<Manifest> {
    let mut decoder = zstd::Decoder::new(input).map_err(unreadable)?;
    let mut reading =
        Reading { tx, staging, extra, manifest: None, tables: Vec::new(), rows: BTreeMap::new(), blobs: 0, sums: End::default() };
    let mut ended = false;
    let mut archive = tar::Archive::new(&mut decoder);
    for entry in archive.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if ended {
            return Err(bad("something follows its end"));
        }
        ended = reading.take(entry)?;
    }
    if !ended {
        return Err(bad("it ends before its end: part of it is missing"));
    }
    // The checksum of the whole stream is compared when the stream is read to its end.
    std::io::copy(&mut decoder, &mut std::io::sink()).map_err(unreadable)?;
    reading.finish()
}

struct Reading<'a, 'c> {
    tx: &'a mut Tx<'c>,
    staging: &'a Path,
    extra: &'a [Extra<'a>],
    manifest: Option<Manifest>,
    tables: Vec<Table>,
    rows: BTreeMap<String, i64>,
    blobs: u64,
    sums: End,
}

impl Reading<'_, '_> {
    /// Takes one entry; tells whether it was the last.
    fn take(&mut self, entry: tar::Entry<'_, impl Read>) -> Result<bool> {
        let name = name_of(&entry)?;
        if self.sums.sha256.contains_key(&name) {
            return Err(bad(format!("{name} is in it twice")));
        }
        let (length, mut content) = (entry.size(), Hashed::new(entry));
        let parts: Vec<&str> = name.split('/').collect();
        match (parts.as_slice(), self.manifest.is_some()) {
            ([MANIFEST], false) => self.begin(&mut content)?,
            (_, false) => return Err(bad("it does not begin with a manifest: it is not one of Vizsla's")),
            ([END], true) => {
                let end: End = from_json(END, &mut content)?;
                self.compare(&end)?;
                return Ok(true);
            }
            (["tables", table, _], true) => self.insert(table, &mut content)?,
            (["blobs", sha256], true) => self.keep_blob(sha256, &mut content)?,
            (["extra", extra, path @ ..], true) if !path.is_empty() => self.keep_extra(extra, path, &mut content)?,
            _ => return Err(bad(format!("it holds {name}, which this Vizsla does not know"))),
        }
        if content.bytes != length {
            return Err(bad(format!("{name} is cut short")));
        }
        self.sums.sha256.insert(name, content.sha256());
        Ok(false)
    }

    fn begin(&mut self, content: &mut impl Read) -> Result<()> {
        let raw: Json = from_json(MANIFEST, content)?;
        let format = raw.get("format").and_then(Json::as_u64).unwrap_or_default();
        if format != u64::from(FORMAT) {
            return Err(bad(format!("its format is {format}, this Vizsla reads {FORMAT}: use the version that wrote it, or a newer one")));
        }
        let manifest: Manifest = serde_json::from_value(raw).map_err(|error| bad(format!("its manifest is not whole: {error}")))?;
        if manifest.schema_version > migrate::known() {
            return Err(StoreError::TooNew { found: manifest.schema_version, known: migrate::known() });
        }
        migrate::migrate_to(self.tx, manifest.schema_version)?;
        self.tables = tables(self.tx, &manifest.tables)?;
        self.manifest = Some(manifest);
        Ok(())
    }

    fn insert(&mut self, name: &str, content: &mut impl Read) -> Result<()> {
        let table = self.tables.iter().find(|table| table.name == name).ok_or_else(|| bad(format!("there is no table {name}")))?;
        let mut lines = BufReader::new(content);
        let mut rows: Vec<Vec<Json>> = Vec::with_capacity(CHUNK);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = lines.read_until(b'\n', &mut line).map_err(unreadable)?;
            if read > 0 {
                rows.push(serde_json::from_slice(&line).map_err(|error| bad(format!("a row of table {name} is not whole: {error}")))?);
            }
            if rows.len() >= CHUNK || read == 0 {
                let unfit =
                    |error: StoreError| if let StoreError::Database(why) = error { bad(format!("table {name}: {why}")) } else { error };
                table.insert(self.tx, &rows).map_err(unfit)?;
                *self.rows.entry(name.to_owned()).or_default() += rows.len() as i64;
                rows.clear();
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn keep_blob(&mut self, sha256: &str, content: &mut Hashed<impl Read>) -> Result<()> {
        let (head, tail) = sha256.split_at_checked(2).unwrap_or_default();
        self.keep(&self.staging.join("blobs").join(head).join(tail), content)?;
        if model::text::hex(&sha2::Digest::finalize(content.hash.clone())) != sha256 {
            return Err(bad(format!("the file {sha256} has another content than its name says")));
        }
        self.blobs += 1;
        Ok(())
    }

    fn keep_extra(&self, name: &str, path: &[&str], content: &mut impl Read) -> Result<()> {
        if self.extra.iter().all(|extra| extra.name != name) {
            return Err(bad(format!("it holds the directory {name}, and there is no place for it")));
        }
        let mut to = self.staging.join("extra").join(name);
        to.extend(path);
        self.keep(&to, content)
    }

    fn keep(&self, path: &Path, content: &mut impl Read) -> Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed("creating", parent))?;
        }
        let mut file = File::create_new(path).map_err(failed("writing", path))?;
        // A failure to read is the backup's, a failure to write the disk's; copying tells them apart by hand.
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = content.read(&mut buffer).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            std::io::Write::write_all(&mut file, buffer.get(..read).unwrap_or_default()).map_err(failed("writing", path))?;
        }
        file.sync_all().map_err(failed("writing", path))
    }

    fn compare(&self, end: &End) -> Result<()> {
        for (name, sha256) in &end.sha256 {
            match self.sums.sha256.get(name) {
                None => return Err(bad(format!("{name} is missing"))),
                Some(found) if found != sha256 => return Err(bad(format!("{name} was altered"))),
                Some(_) => {}
            }
        }
        match self.sums.sha256.keys().find(|name| !end.sha256.contains_key(*name)) {
            Some(name) => Err(bad(format!("{name} was added to it"))),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<Manifest> {
        let manifest = self.manifest.ok_or_else(|| bad("it is empty"))?;
        for table in &self.tables {
            table.go_on_numbering(self.tx)?;
        }
        for table in &manifest.tables {
            let restored = self.rows.get(&table.name).copied().unwrap_or_default();
            if restored != table.rows {
                return Err(bad(format!("table {} has {restored} rows instead of {}", table.name, table.rows)));
            }
        }
        if self.blobs != manifest.blobs {
            return Err(bad(format!("it holds {} files instead of {}", self.blobs, manifest.blobs)));
        }
        let chain = journal::verify(self.tx, None)?;
        if let Some(broken) = chain.broken {
            return Err(bad(format!("the journal's entry {} does not fit: {}", broken.seq, broken.why)));
        }
        if chain.head != manifest.journal_head {
            return Err(bad("the journal ends with another entry than the manifest says"));
        }
        Ok(manifest)
    }
}

/// The database's tables, with their columns in the order in which the backup has them.
fn tables(tx: &mut Tx<'_>, manifest: &[TableManifest]) -> Result<Vec<Table>> {
    let mut tables = dump::tables(tx)?;
    for table in &mut tables {
        let told = manifest.iter().find(|told| told.name == table.name).ok_or_else(|| bad(format!("table {} is missing", table.name)))?;
        let known = told.columns.len() == table.columns.len() && told.columns.iter().all(|column| table.columns.contains(column));
        if !known {
            return Err(bad(format!("table {} has other columns than schema of that version", table.name)));
        }
        table.columns.clone_from(&told.columns);
    }
    match manifest.iter().find(|told| tables.iter().all(|table| table.name != told.name)) {
        Some(unknown) => Err(bad(format!("there is no table {}", unknown.name))),
        None => Ok(tables),
    }
}

/// A name that stays below where it is put: plain words between slashes, and a plain file.
fn name_of(entry: &tar::Entry<'_, impl Read>) -> Result<String> {
    let path = entry.path().map_err(unreadable)?;
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let name = path.to_str().filter(|name| plain && !name.is_empty() && !name.contains(['\0', '\\']) && !name.contains("//"));
    let name = name.ok_or_else(|| bad(format!("it holds a file called {}, which leads out of it", path.display())))?;
    if !entry.header().entry_type().is_file() {
        return Err(bad(format!("{name} is not a plain file")));
    }
    Ok(name.to_owned())
}

fn from_json<T: serde::de::DeserializeOwned>(name: &str, content: &mut impl Read) -> Result<T> {
    let mut text = Vec::new();
    content.take(MAX_MANIFEST).read_to_end(&mut text).map_err(unreadable)?;
    serde_json::from_slice(&text).map_err(|error| bad(format!("{name} is not whole: {error}")))
}

fn bad(why: impl Into<String>) -> StoreError {
    StoreError::BadBackup(why.into())
}

#[allow(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn unreadable(error: std::io::Error) -> StoreError {
    bad(format!("it can't be read to its end: {error}"))
}
