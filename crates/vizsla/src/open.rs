//! Opening a data directory.

use std::path::Path;
use std::sync::Arc;

use app::{App, SystemWorld};
use store::Store;
use store::data_dir::DataDir;

use crate::config::Config;

/// An application and the directory that it holds.
pub(crate) struct Opened {
    pub(crate) app: App,
    pub(crate) store: Store,
    /// Dropped last: until then nobody else may write.
    pub(crate) held: DataDir,
}

/// Holds a directory and opens everything in it; `what` is told to whoever comes second.
///
/// # Errors
/// When another process holds it, or something in it can't be opened.
pub(crate) fn open(config: &Config, data: &Path, what: &str) -> Result<Opened, String> {
    let held = DataDir::hold(data, what).map_err(|error| error.to_string())?;
    let store = store(config, data)?;
    store.blobs().forget_unfinished().map_err(|error| error.to_string())?;
    let logs = app::logs::open_index(&data.join("logs")).map_err(|error| error.to_string())?;
    let app = App::new(store.clone(), Arc::new(logs), Arc::new(SystemWorld));
    Ok(Opened { app, store, held })
}

/// Opens the database alone, whoever holds the directory: accounts and tokens are rows, and the database orders writers.
///
/// # Errors
/// When it can't be opened.
pub(crate) fn store(config: &Config, data: &Path) -> Result<Store, String> {
    let options = store::Options { data: data.to_owned(), database: config.database.clone(), readers: config.readers };
    Store::open(&options).map_err(|error| error.to_string())
}

/// A runtime for commands.
///
/// # Errors
/// When threads can't be started.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| format!("starting threads: {error}"))
}

/// Who uses this command line.
pub(crate) fn operator() -> model::Actor {
    #[allow(clippy::disallowed_methods, reason = "the binary is the reader of the environment")]
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned());
    let plain: String = user.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(64).collect();
    model::Actor::operator(&plain)
}
