//! `vizsla backup` and `vizsla restore`.

use std::fs::{File, TryLockError};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use app::{Clock, SystemWorld};
use store::backup::{self, Extra, Manifest};
use store::data_dir::DataDir;

use crate::config::{self, DataArg};
use crate::{open, output};

/// Write everything into one file: the database, files, the log index. Stop the server first.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    data: DataArg,
    /// The file to write; it must not exist.
    file: PathBuf,
}

/// Fill an empty data directory from a backup, whichever database it was made from.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    data: DataArg,
    /// The backup.
    file: PathBuf,
    /// A PostgreSQL URL of an empty database; SQLite in the data directory unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Writes a backup.
pub(crate) fn run(command: Backup) -> Result<(), String> {
    let config = config::read(&command.data.data)?;
    let opened = open::open(&config, &command.data.data, "vizsla backup")?;
    let logs = command.data.data.join("logs");
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", command.file.display());
    // Written beside and renamed: a file of that name is a whole backup.
    let mut partial = command.file.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    if command.file.exists() {
        return Err(format!("{} exists already", command.file.display()));
    }
    let mut out = BufWriter::new(begin(&partial)?);
    let extra = [Extra { name: "logs", path: &logs }];
    let outcome = backup::backup(&opened.store, &extra, SystemWorld.now(), &mut out).map_err(|error| told(&error)).and_then(|manifest| {
        out.flush().map_err(|error| told(&error))?;
        out.get_ref().sync_all().map_err(|error| told(&error))?;
        std::fs::rename(&partial, &command.file).map_err(|error| told(&error))?;
        Ok(manifest)
    });
    match outcome {
        Ok(manifest) => summary("written", &manifest),
        Err(error) => {
            if let Err(left) = std::fs::remove_file(&partial) {
                eprintln!("vizsla: {}: {left}", partial.display());
            }
            Err(error)
        }
    }
}

/// The file that is written. What a backup left that was ended before its time is written over; another that still runs is not.
fn begin(partial: &Path) -> Result<File, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", partial.display());
    let file = File::options().create(true).truncate(false).write(true).open(partial).map_err(|error| told(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(format!("{} is being written by another backup", partial.display())),
        Err(TryLockError::Error(error)) => return Err(told(&error)),
    }
    file.set_len(0).map_err(|error| told(&error))?;
    Ok(file)
}

/// Restores a backup.
pub(crate) fn restore(command: Restore) -> Result<(), String> {
    let mut config = config::read(&command.data.data)?;
    config.database = command.database.or(config.database);
    let file = File::open(&command.file).map_err(|error| format!("{}: {error}", command.file.display()))?;
    let held = DataDir::hold(&command.data.data, "vizsla restore").map_err(|error| error.to_string())?;
    let options = store::Options { data: command.data.data.clone(), database: config.database, readers: config.readers };
    let logs = held.path().join("logs");
    let extra = [Extra { name: "logs", path: &logs }];
    let manifest = backup::restore(BufReader::new(file), &options, &extra).map_err(|error| error.to_string())?;
    summary("restored", &manifest)
}

fn summary(done: &str, manifest: &Manifest) -> Result<(), String> {
    let rows: i64 = manifest.tables.iter().map(|table| table.rows).sum();
    let head = manifest.journal_head.as_deref().unwrap_or("none");
    output::line(&format!("{done}: {rows} rows, {} files. Journal head {head}", manifest.blobs))
}
