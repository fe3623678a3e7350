//! A PostgreSQL connection with its prepared statements.

use std::collections::HashMap;

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};

use super::Value;
use crate::error::{Result, StoreError};

/// Statements whose text depends on a number of rows are many; beyond this the cache starts afresh.
const MAX_STATEMENTS: usize = 1_000;

/// Every statement is written to look up by an index what an index was made for, as it does on SQLite. PostgreSQL keeps
/// its plans and makes them when the tables are still empty, where reading them whole and joining by hash looks cheapest:
/// measured, 360 ms instead of 3 for 400 records among 20,000, and 65 instead of 1 for a case's techniques among 112,000.
/// No statement runs long enough to be worth compiling.
const SESSION: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

pub(crate) struct PostgresClient {
    client: Client,
    statements: HashMap<String, Statement>,
    lost: bool,
}

impl PostgresClient {
    pub(crate) fn connect(url: &str) -> Result<Self> {
        let client = Client::connect(url, NoTls).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
            StoreError::Unreachable(format!("{error}{cause}"))
        })?;
        let mut connected = Self { client, statements: HashMap::new(), lost: false };
        connected.batch(SESSION)?;
        Ok(connected)
    }

    /// Whether nothing more can come over this connection.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost || self.client.is_closed()
    }

    /// Keeps in mind that the server went away: the client itself notices only when it reads on.
    fn noting<T>(&mut self, outcome: Result<T, postgres::Error>) -> Result<T> {
        outcome.map_err(|error| {
            let ended =
                |code: &SqlState| [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::IDLE_SESSION_TIMEOUT].contains(code);
            let broken = || std::error::Error::source(&error).is_some_and(|cause| cause.is::<std::io::Error>());
            self.lost |= error.is_closed() || error.code().map_or_else(broken, ended);
            error.into()
        })
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<postgres::Row>> {
        let statement = self.prepare(sql)?;
        let outcome = self.client.query(&statement, &as_dyn(params));
        self.noting(outcome)
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        let outcome = self.client.execute(&statement, &as_dyn(params));
        self.noting(outcome)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        let outcome = self.client.batch_execute(sql);
        self.noting(outcome)
    }

    pub(crate) fn prepare_only(&mut self, sql: &str) -> Result<()> {
        self.client.prepare(sql)?;
        Ok(())
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let outcome = self.client.prepare(sql);
        let statement = self.noting(outcome)?;
        if self.statements.len() >= MAX_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn as_dyn<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}
