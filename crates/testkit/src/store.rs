//! A store of one test's own, on either engine.

use std::time::Duration;

use model::{Role, Scope, Stamp, Timestamp};
use store::account::{self, Account, PasswordHash};
use store::{Engine, Options, Store, StoreError, Tx};
use tempfile::TempDir;

use crate::{Postgres, TestWorld, apart};

/// An open store in a directory of its own; both go with this.
pub struct TestStore {
    store: Option<Store>,
    /// How it was opened: to open it again, or a second time.
    pub options: Options,
    /// Its clock and randomness.
    pub world: TestWorld,
    postgres: Option<Postgres>,
    dir: TempDir,
}

impl TestStore {
    /// A fresh store.
    ///
    /// # Panics
    /// When it can't be had.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().expect("there is room for temporary files");
        let postgres = (engine == Engine::Postgres).then(Postgres::new);
        let database = postgres.as_ref().map(|postgres| postgres.url().to_owned());
        let options = Options { data: dir.path().join("data"), database, readers: 2 };
        let store = apart(|| Store::open(&options).expect("a fresh store opens"));
        Self { store: Some(store), options, world: TestWorld::new(), postgres, dir }
    }

    /// The store itself.
    ///
    /// # Panics
    /// While it is closed.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }

    /// Its database on PostgreSQL.
    #[must_use]
    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }

    /// The directory that goes with it; the data directory is `data` in it.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Runs SQL of the test's own: what no verb would do.
    ///
    /// # Panics
    /// When the database refuses it.
    pub fn sql(&self, sql: &str) {
        match &self.postgres {
            Some(postgres) => postgres.run(sql),
            None => rusqlite::Connection::open(self.options.data.join("vizsla.db"))
                .and_then(|connection| connection.busy_timeout(Duration::from_secs(10)).and_then(|()| connection.execute_batch(sql)))
                .unwrap_or_else(|error| panic!("the test's own SQL is not right: {error}\n{sql}")),
        }
    }

    /// The first column, text, of what SQL of the test's own finds: to look for what no verb tells.
    ///
    /// # Panics
    /// When the database refuses it.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        match &self.postgres {
            Some(postgres) => apart(|| {
                let mut client = ::postgres::Client::connect(postgres.url(), ::postgres::NoTls).expect("the test's database answers");
                let rows = client.query(sql, &[]).expect("the test's SQL runs");
                rows.iter().map(|row| row.get(0)).collect()
            }),
            None => {
                let connection = rusqlite::Connection::open(self.options.data.join("vizsla.db")).expect("the test's database opens");
                let mut statement = connection.prepare(sql).expect("the test's SQL is understood");
                let rows = statement.query_map([], |row| row.get(0)).expect("the test's SQL runs");
                rows.collect::<Result<_, _>>().expect("the test's SQL finds text")
            }
        }
    }

    /// An account of this name and role, whose password nobody knows. Tells its row.
    ///
    /// # Panics
    /// When there is one of that name.
    pub fn account(&self, name: &str, role: Role) -> i64 {
        let account = Account {
            id: 0,
            name: name.to_owned(),
            display_name: name.to_owned(),
            email: format!("{name}@example.org"),
            role,
            disabled: false,
            created_at: self.world.time(),
            last_login_at: Timestamp::NEVER,
            version: 1,
        };
        let insert = move |tx: &mut Tx<'_>| account::insert(tx, &account, &PasswordHash(String::new()));
        apart(|| self.write(Scope::System, insert))
    }

    /// Closes the store: its threads have ended when this returns, unless others hold it too.
    pub fn close(&mut self) {
        self.store = None;
    }

    /// Closes the store and opens it again, as a restart does.
    ///
    /// # Panics
    /// When it does not open.
    pub fn reopen(&mut self) {
        self.close();
        self.store = Some(apart(|| Store::open(&self.options).expect("the store opens again")));
    }

    /// The circumstances of a change that happens now.
    #[must_use]
    pub fn stamp(&self, actor: &str) -> Stamp {
        self.world.stamp(actor)
    }

    /// Reads, from a test that is not async.
    ///
    /// # Panics
    /// When the read fails.
    pub fn read<T: Send + 'static>(&self, scope: Scope, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store().read_blocking(scope, work).unwrap_or_else(|error| panic!("a read failed: {error}"))
    }

    /// Writes, from a test that is not async.
    ///
    /// # Panics
    /// When the write fails.
    pub fn write<T: Send + 'static>(&self, scope: Scope, work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store().write_blocking(scope, work).unwrap_or_else(|error| panic!("a write failed: {error}"))
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        // The threads end before the database goes.
        self.store = None;
    }
}
