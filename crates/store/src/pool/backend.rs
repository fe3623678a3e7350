//! A connection of either kind, and transactions on it.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::{Connection, Engine, PostgresClient, Tx};
use crate::error::{Result, StoreError};
use model::Scope;

/// Statements kept prepared on each SQLite connection.
const STATEMENT_CACHE: usize = 256;

/// Where the database is.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

pub(crate) enum Backend {
    Sqlite(rusqlite::Connection),
    Postgres { url: String, client: Box<PostgresClient> },
}

impl Target {
    pub(crate) fn connect(&self) -> Result<Backend> {
        match self {
            Self::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path)?;
                // Every commit is on disk before it is acknowledged. Page cache and memory-mapped reads keep
                // lists of a case with a million artifacts off the system-call path.
                connection.execute_batch(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;
                     PRAGMA mmap_size = 1073741824; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
                )?;
                connection.busy_timeout(Duration::from_secs(10))?;
                connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
                Ok(Backend::Sqlite(connection))
            }
            Self::Postgres(url) => Ok(Backend::Postgres { url: url.clone(), client: Box::new(PostgresClient::connect(url)?) }),
        }
    }
}

/// Runs a closure of a request: a mistake in it is that request's failure, not the end of the thread that all share.
pub(crate) fn caught<T, E: From<StoreError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        tracing::error!(said, "a transaction panicked; it was rolled back");
        Err(E::from(StoreError::Database("a mistake in Vizsla stopped the transaction; the log says more".to_owned())))
    })
}

impl Backend {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Makes room for writing. 64 MiB of cache hold what a chunk of an import changes: of 16, pages went to disk and came back
    /// within one transaction. When the log reaches the database file is told in `checkpoint`.
    pub(crate) fn prepare_to_write(&mut self) -> Result<()> {
        if let Self::Sqlite(connection) = self {
            connection.execute_batch("PRAGMA cache_size = -65536")?;
        }
        Ok(())
    }

    pub(crate) fn tx(&mut self, scope: Scope) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::new(Connection::Sqlite(connection), scope),
            Self::Postgres { client, .. } => Tx::new(Connection::Postgres(client), scope),
        }
    }

    pub(crate) fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.prepare_cached(sql)?.execute([]).map(|_| ())?),
            Self::Postgres { client, .. } => client.batch(sql),
        }
    }

    /// Begins a transaction. When the connection was lost it connects again: a database that restarts needs no restart of
    /// Vizsla, and no request fails for it that had not begun.
    pub(crate) fn begin(&mut self, begin: &str) -> Result<()> {
        self.revive()?;
        match self.run(begin) {
            Err(error) if self.is_lost() => {
                tracing::warn!(%error, "the connection to the database was lost; connecting again");
                self.revive()?;
                self.run(begin)
            }
            outcome => outcome,
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self, Self::Postgres { client, .. } if client.is_lost())
    }

    fn revive(&mut self) -> Result<()> {
        if let Self::Postgres { url, client } = self
            && client.is_lost()
        {
            **client = PostgresClient::connect(url)?;
        }
        Ok(())
    }

    /// One read transaction over one snapshot.
    pub(crate) fn read<T, E: From<StoreError>>(&mut self, scope: Scope, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.begin(match self.engine() {
            Engine::Sqlite => "BEGIN DEFERRED",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })?;
        let outcome = caught(|| work(&mut self.tx(scope)));
        // A read leaves nothing behind; if even this fails, the connection is revived by the next one.
        if let Err(error) = self.run("ROLLBACK") {
            tracing::warn!(%error, "a read transaction could not be ended");
        }
        outcome
    }

    /// One transaction before the threads start: migrations.
    pub(crate) fn exclusively<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.run(match self.engine() {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        })?;
        let outcome = work(&mut self.tx(Scope::System));
        self.run(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        outcome
    }
}
