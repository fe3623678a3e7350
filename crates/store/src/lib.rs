//! The only SQL of Vizsla, over SQLite or PostgreSQL.
//!
//! One module a table, or a few that belong together; each function takes an open transaction ([`Tx`]), whose scope its
//! statements apply. No row is filtered after the query.

mod dump;
mod engine;
mod error;
mod migrate;
mod pool;
mod select;
mod text;
mod visibility;

pub mod account;
pub mod annotation;
pub mod artifact;
pub mod backup;
pub mod blob;
pub mod case;
pub mod change;
pub mod data_dir;
pub mod document;
pub mod export;
pub mod idempotency;
pub mod import;
pub mod job;
pub mod journal;
pub mod known_good;
pub mod log_source;
pub mod note;
pub mod operation;
pub mod record;
pub mod setting;
pub mod sighting;
pub mod source;
pub mod technique;
pub mod watch;
pub mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch as signal;

pub use engine::{Engine, Row, Tx};
pub use error::{Result, StoreError};
use model::Scope;
pub use pool::Waiting;
use pool::{Pool, Target};

/// Where the database is and how many readers it has.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; SQLite's file `vizsla.db` lies in it.
    pub data: PathBuf,
    /// A PostgreSQL URL, or none for SQLite.
    pub database: Option<String>,
    /// Reader threads.
    pub readers: usize,
}

/// The store: cheap to clone, shared by all requests and jobs.
#[derive(Clone)]
pub struct Store {
    pool: Arc<Pool>,
    blobs: blob::Blobs,
    changes: signal::Receiver<i64>,
    engine: Engine,
    target: Target,
}

impl Options {
    /// Where the database is, with the directory that SQLite's file lies in made.
    pub(crate) fn target(&self) -> Result<Target> {
        if let Some(url) = &self.database {
            return Ok(Target::Postgres(url.clone()));
        }
        std::fs::create_dir_all(&self.data).map_err(blob::failed("creating", &self.data))?;
        Ok(Target::Sqlite(self.data.join("vizsla.db")))
    }
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the threads.
    ///
    /// # Errors
    /// When it can't be reached, is too new, or lacks what Vizsla needs.
    pub fn open(options: &Options) -> Result<Self> {
        let target = options.target()?;
        let blobs = blob::Blobs::open(&options.data)?;
        let mut first = target.connect()?;
        let engine = first.engine();
        first.exclusively(migrate::migrate)?;
        first.prepare_to_write()?;
        let (announce, changes) = signal::channel(0);
        let pool = Pool::start(&target, first, options.readers.max(1), move |seq| {
            announce.send_replace(seq);
        })?;
        Ok(Self { pool: Arc::new(pool), blobs, changes, engine, target })
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where the database is, for connections beside the pool.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// The files of the data directory.
    #[must_use]
    pub fn blobs(&self) -> &blob::Blobs {
        &self.blobs
    }

    /// Tells whenever changes were committed: the highest change number so far, 0 before the first.
    #[must_use]
    pub fn changes(&self) -> signal::Receiver<i64> {
        self.changes.clone()
    }

    /// Runs a closure in a read transaction, over one snapshot.
    ///
    /// # Errors
    /// What the closure returns; [`StoreError::Busy`] when too many wait.
    pub async fn read<T, E, F>(&self, scope: Scope, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.pool.read(scope, work)?.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs a closure in a write transaction and answers once it is durable. The closure may be rerun, and has no effect
    /// outside the transaction.
    ///
    /// # Errors
    /// What the closure returns, in which case nothing was changed; [`StoreError::Busy`] when too many wait.
    pub async fn write<T, E, F>(&self, scope: Scope, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.pool.write(scope, true, work)?.await.map_err(|_| StoreError::Closed)?
    }

    /// [`Store::read`] for threads of one's own: jobs, commands, tests. Never from inside an async task.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T, E, F>(&self, scope: Scope, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.pool.read(scope, work)?.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// [`Store::write`] for threads of one's own.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, E, F>(&self, scope: Scope, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.pool.write(scope, true, work)?.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// A step of a job that writes in the same transaction how far it is, or that the job does again when it is resumed. It is answered once it is committed, and is on
    /// disk with the next [`Store::write`] at the latest: a machine that loses power may lose the last steps, whole, and the
    /// job goes on from the one before. The end of a job is a [`Store::write_blocking`].
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_step<T, E, F>(&self, scope: Scope, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.pool.write(scope, false, work)?.blocking_recv().map_err(|_| StoreError::Closed)?
    }
}

/// Every fixed statement with its place: a test prepares them all on both engines.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str, &'static str)> {
    let modules: &[(&str, &[(&str, &str)])] = &[
        ("account", account::STATEMENTS),
        ("account::attempt", account::attempt::STATEMENTS),
        ("account::group", account::group::STATEMENTS),
        ("account::preference", account::preference::STATEMENTS),
        ("account::session", account::session::STATEMENTS),
        ("account::token", account::token::STATEMENTS),
        ("annotation", annotation::STATEMENTS),
        ("artifact", artifact::STATEMENTS),
        ("blob", blob::STATEMENTS),
        ("case", case::STATEMENTS),
        ("change", change::STATEMENTS),
        ("document", document::STATEMENTS),
        ("idempotency", idempotency::STATEMENTS),
        ("import", import::STATEMENTS),
        ("job", job::STATEMENTS),
        ("journal", journal::STATEMENTS),
        ("log_source", log_source::STATEMENTS),
        ("known_good", known_good::STATEMENTS),
        ("known_good::list", known_good::list::STATEMENTS),
        ("known_good::mark", known_good::mark::STATEMENTS),
        ("note", note::STATEMENTS),
        ("operation", operation::STATEMENTS),
        ("record", record::STATEMENTS),
        ("record::around", record::around::STATEMENTS),
        ("record::import", record::import::STATEMENTS),
        ("record::original", record::original::STATEMENTS),
        ("setting", setting::STATEMENTS),
        ("sighting", sighting::STATEMENTS),
        ("source", source::STATEMENTS),
        ("technique", technique::STATEMENTS),
        ("watch", watch::STATEMENTS),
        ("webhook", webhook::STATEMENTS),
        ("sighting::result", sighting::result::STATEMENTS),
        ("sighting::comparison", sighting::comparison::STATEMENTS),
        ("sighting::name", sighting::name::STATEMENTS),
        ("sighting::standing", sighting::standing::STATEMENTS),
    ];
    modules.iter().flat_map(|(module, list)| list.iter().map(|(name, sql)| (*module, *name, *sql))).collect()
}
