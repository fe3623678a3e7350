//! What can go wrong between Vizsla and its database.

use std::io::ErrorKind;

use postgres::error::SqlState;

/// A failure of the store. Nothing of the transaction in which it happened remains.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(String),
    /// No room is left where the database is.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The database can't be reached.
    #[error("the database can't be reached: {0}. Check the address and that it runs")]
    Unreachable(String),
    /// More requests wait than the queue holds.
    #[error("the database is busy; try again in a moment")]
    Busy,
    /// The store is shutting down, or a thread of it has ended.
    #[error("the store is shutting down")]
    Closed,
    /// A row holds what no version of Vizsla writes.
    #[error("column {column} of a row holds what was not expected: {detail}")]
    Corrupt {
        /// Which column.
        column: usize,
        /// What was found.
        detail: String,
    },
    /// One row was expected and none found.
    #[error("a row that must be there is missing")]
    Missing,
    /// The database was made by a newer version.
    #[error("the database has schema version {found}, this Vizsla knows {known}: use the version that wrote it, or a newer one")]
    TooNew {
        /// What the database says.
        found: i64,
        /// What this build knows.
        known: i64,
    },
    /// The database lacks something.
    #[error("this PostgreSQL can't be used: {0}")]
    Unsuitable(String),
    /// A file operation.
    #[error("{what}: {error}")]
    File {
        /// What was tried, with the path.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// More bytes than are taken.
    #[error("it is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// A cursor of a list that is sorted otherwise.
    #[error("is not a cursor of this list; start again without it")]
    BadCursor,
    /// The directory is held by another process.
    #[error("{0}")]
    Held(String),
    /// A place to restore into that is in use.
    #[error("{0} is not empty: restore into a new data directory and a new database")]
    NotEmpty(String),
    /// A backup that does not fit.
    #[error("this is not a usable backup: {0}")]
    BadBackup(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

impl StoreError {
    /// What everybody is told whose write was in a group that failed.
    pub(crate) fn of_a_group(&self) -> Self {
        match self {
            Self::Full(why) => Self::Full(why.clone()),
            Self::Unreachable(why) => Self::Unreachable(why.clone()),
            Self::Closed => Self::Closed,
            other => Self::Database(other.to_string()),
        }
    }

    /// Whether it failed because no room is left on a disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full(_) => true,
            Self::File { error, .. } => matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded),
            _ => false,
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) if *db.code() == SqlState::DISK_FULL => Self::Full(db.message().to_owned()),
            // It stops, or starts: what was asked may be asked again.
            Some(db) if [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(db.code()) => {
                Self::Unreachable(db.message().to_owned())
            }
            Some(db) => Self::Database(format!("{} ({})", db.message(), db.code().code())),
            None if error.is_closed() => Self::Unreachable("the connection was closed".to_owned()),
            None if broke_off(&error) => Self::Unreachable("the connection broke off".to_owned()),
            None => {
                let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
                Self::Database(format!("{error}{cause}"))
            }
        }
    }
}

/// Whether the connection ended in the middle of a statement.
fn broke_off(error: &postgres::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| {
        use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, UnexpectedEof};
        [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, UnexpectedEof].contains(&cause.kind())
    })
}

/// The result of everything here.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        let small = rusqlite::Connection::open_in_memory().unwrap();
        small.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (a)").unwrap();
        let error = StoreError::from(small.execute("INSERT INTO t VALUES (zeroblob(100000))", []).unwrap_err());
        assert!(error.is_full() && error.of_a_group().is_full(), "{error:?}");
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(StoreError::File { what: "blobs".to_owned(), error: kind.into() }.is_full());
        }
        let other = StoreError::from(small.execute("INSERT INTO nothing VALUES (1)", []).unwrap_err());
        assert!(!other.is_full() && !other.of_a_group().is_full(), "{other:?}");
    }

    /// A server that lets in whoever comes, and resets the connection at the first statement: what it does not read of it makes
    /// the system reset rather than close.
    #[test]
    fn a_connection_that_breaks_off_in_a_statement_is_a_database_that_is_not_reached() {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
            stream.read_exact(&mut rest).unwrap();
            stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").unwrap();
            stream.peek(&mut [0]).unwrap();
        });
        let mut config = postgres::Config::new();
        config.host("127.0.0.1").port(port).user("anna").ssl_mode(postgres::config::SslMode::Disable);
        let mut client = config.connect(postgres::NoTls).unwrap();
        let error = StoreError::from(client.batch_execute("SELECT 1").unwrap_err());
        server.join().unwrap();
        assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    }
}
