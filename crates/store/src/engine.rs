//! The one place where the two databases meet: values, rows, and a transaction that runs one SQL text on either.

mod postgres_client;
mod row;
mod value;

use std::collections::HashMap;

pub(crate) use postgres_client::PostgresClient;
pub use row::Row;
pub(crate) use row::to_json;
pub(crate) use value::Value;

use crate::error::{Result, StoreError};
use model::Scope;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in the data directory.
    Sqlite,
    /// PostgreSQL, 15 or newer.
    Postgres,
}

/// Declares statements, and a list of them that a test prepares on both engines.
macro_rules! statements {
    ($( $(#[$meta:meta])* $name:ident = $text:expr; )*) => {
        $( $(#[$meta])* const $name: &str = $text; )*
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// The parameters of a statement, in the order of `$1`, `$2`, …
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Value::from($value)),*] };
}
pub(crate) use params;

/// An open transaction. All reading and writing goes through one; it carries the scope that statements apply.
pub struct Tx<'c> {
    connection: Connection<'c>,
    scope: Scope,
    pub(crate) highest_change: i64,
    /// Where the plans of its queries are written down, while somebody asks for them.
    plans: Option<Vec<String>>,
}

pub(crate) enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PostgresClient),
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: Connection<'c>, scope: Scope) -> Self {
        Self { connection, scope, highest_change: 0, plans: None }
    }

    /// What this transaction may see.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    /// The viewer's account, as statements take it: `$1` of every statement with a visibility clause. -1 is the system.
    pub(crate) fn viewer(&self) -> i64 {
        match self.scope {
            Scope::System => -1,
            // 0 stands for "no account" in case_access.
            Scope::Viewer(0) => -2,
            Scope::Viewer(account) => account,
        }
    }

    /// All rows, each read by `read`.
    pub(crate) fn query<T>(&mut self, sql: &str, params: &[Value<'_>], mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        if self.plans.is_some() {
            self.explain(sql, params)?;
        }
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&question_marks(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    out.push(read(&Row::Sqlite(row))?);
                }
                Ok(out)
            }
            Connection::Postgres(client) => client.query(sql, params)?.iter().map(|row| read(&Row::Postgres(row))).collect(),
        }
    }

    /// The first row, if any.
    pub(crate) fn query_opt<T>(&mut self, sql: &str, params: &[Value<'_>], read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// The first row, which must be there.
    pub(crate) fn query_one<T>(&mut self, sql: &str, params: &[Value<'_>], read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<T> {
        self.query_opt(sql, params, read)?.ok_or(StoreError::Missing)
    }

    /// Runs a statement and tells how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let changed = connection.prepare_cached(&question_marks(sql))?.execute(rusqlite::params_from_iter(params))?;
                Ok(changed as u64)
            }
            Connection::Postgres(client) => client.execute(sql, params),
        }
    }

    /// Runs several statements without parameters: migrations.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.connection {
            Connection::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Connection::Postgres(client) => client.batch(sql),
        }
    }

    /// Runs `work` and tells how the database went about each of its queries, one line a step: for tests that hold plans,
    /// and for programs that measure.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn explained<T, E: From<StoreError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<(T, Vec<String>), E> {
        self.plans = Some(Vec::new());
        let outcome = work(self);
        let plans = self.plans.take().unwrap_or_default();
        Ok((outcome?, plans))
    }

    fn explain(&mut self, sql: &str, params: &[Value<'_>]) -> Result<()> {
        let steps: Vec<String> = match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", question_marks(sql)))?;
                let rows = statement.query_map(rusqlite::params_from_iter(params), |row| row.get(3))?;
                rows.collect::<std::result::Result<_, _>>()?
            }
            Connection::Postgres(client) => {
                let rows = client.query(&format!("EXPLAIN {sql}"), params)?;
                rows.iter().map(|row| Row::Postgres(row).text(0)).collect::<Result<_>>()?
            }
        };
        if let Some(plans) = &mut self.plans {
            plans.extend(steps);
        }
        Ok(())
    }

    /// Prepares a statement without running it.
    ///
    /// # Errors
    /// When the database does not understand it.
    pub fn prepare_only(&mut self, sql: &str) -> Result<()> {
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.prepare(&question_marks(sql)).map(|_| ()).map_err(StoreError::from),
            Connection::Postgres(client) => client.prepare_only(sql),
        }
    }
}

/// `$n` as `?n`: SQLite takes `$1` for a *name* and numbers names by first appearance, which silently swaps arguments.
///
/// Only digits after `$` are touched; statements hold no text literals with `$`.
pub(crate) fn question_marks(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        out.push(if after.starts_with(|c: char| c.is_ascii_digit()) { '?' } else { '$' });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A list of ids as one parameter, as JSON.
///
/// Used with [`ids_in`], so that a statement's text does not depend on how many ids there are.
pub(crate) fn id_list(ids: &[i64]) -> String {
    let mut text = String::with_capacity(ids.len() * 8 + 2);
    text.push('[');
    for (i, id) in ids.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        text.push_str(&id.to_string());
    }
    text.push(']');
    text
}

/// "Is one of the ids of [`id_list`] given as parameter `n`", after the column's name.
///
/// On PostgreSQL the list is an array made once, which an index takes as its condition. As a subselect, the planner joins
/// it last where it thinks that few rows are left (as with any table that grew since it was last analysed): measured with
/// 500 keys among 10,000, 811 ms against 4 ms. The parameter is cast to text first: one that is cast to JSON alone is taken
/// for JSON, which is not how it is sent.
pub(crate) fn ids_in(engine: Engine, n: usize) -> String {
    match engine {
        Engine::Sqlite => among(engine, &format!("SELECT value FROM json_each(${n})")),
        Engine::Postgres => among(engine, &format!("SELECT value::bigint FROM json_array_elements_text(CAST(CAST(${n} AS text) AS json))")),
    }
}

/// "Is one of those that a subselect finds", after the column's name; for few of many, as [`ids_in`].
pub(crate) fn among(engine: Engine, subselect: &str) -> String {
    match engine {
        Engine::Sqlite => format!("IN ({subselect})"),
        Engine::Postgres => format!("= ANY (ARRAY({subselect}))"),
    }
}

/// "Is it a row of the case given as parameter `case`, and of one of the records of [`id_list`] given as parameter
/// `records`", for tables with an index that begins with the record.
///
/// On PostgreSQL the case is hidden from the index: of a case that grew since the table was last analysed the planner
/// thinks that it has hardly a row, and reads all of its rows for the few records asked for. Measured with 400 records in
/// a case of 100,000: 250 ms against 4.
pub(crate) fn case_rows_in(engine: Engine, case: usize, records: usize) -> String {
    let case_id = match engine {
        Engine::Sqlite => "case_id",
        Engine::Postgres => "case_id + 0",
    };
    format!("{case_id} = ${case} AND record_id {}", ids_in(engine, records))
}

/// "Is `w` a row of the operation given as parameter `operation`, and of one of the records of [`id_list`] given as
/// parameter `records`", which are neighbours in the operation.
///
/// On PostgreSQL their range is told too: the planner takes it for the index whatever it thinks of the operation's size.
pub(crate) fn operation_rows_in(engine: Engine, operation: usize, records: usize) -> String {
    let rows = format!("w.operation_id = ${operation} AND w.record_id {}", ids_in(engine, records));
    match engine {
        Engine::Sqlite => rows,
        Engine::Postgres => {
            let end =
                |of: &str| format!("(SELECT {of}(value::bigint) FROM json_array_elements_text(CAST(CAST(${records} AS text) AS json)))");
            format!("{rows} AND w.record_id BETWEEN {} AND {}", end("min"), end("max"))
        }
    }
}

/// A list of texts as one parameter, for [`texts_in`].
pub(crate) fn text_list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> String {
    let items: Vec<serde_json::Value> = texts.into_iter().map(|t| serde_json::Value::from(t.as_ref())).collect();
    serde_json::Value::from(items).to_string()
}

/// "Is one of the texts of [`text_list`] given as parameter `n`", as [`ids_in`].
pub(crate) fn texts_in(engine: Engine, n: usize) -> String {
    match engine {
        Engine::Sqlite => among(engine, &format!("SELECT value FROM json_each(${n})")),
        Engine::Postgres => among(engine, &format!("SELECT value FROM json_array_elements_text(CAST(CAST(${n} AS text) AS json))")),
    }
}

/// `($1, $2), ($3, $4)`: the values of a multi-row insert.
pub(crate) fn value_rows(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    let mut n = 0;
    for row in 0..rows {
        text.push_str(if row > 0 { ", (" } else { "(" });
        for column in 0..columns {
            n += 1;
            text.push_str(if column > 0 { ", $" } else { "$" });
            text.push_str(&n.to_string());
        }
        text.push(')');
    }
    text
}

/// How many rows one multi-row insert holds: SQLite takes 32,766 parameters, PostgreSQL 65,535.
pub(crate) const ROWS_PER_INSERT: usize = 500;

/// Inserts rows in multi-row statements: `head` is `INSERT INTO t (a, b)`, `tail` an `ON CONFLICT …` or nothing.
pub(crate) fn insert_rows(tx: &mut Tx<'_>, head: &str, columns: usize, values: &[Value<'_>], tail: &str) -> Result<u64> {
    let mut changed = 0;
    let mut texts: HashMap<usize, String> = HashMap::new();
    for chunk in values.chunks(ROWS_PER_INSERT * columns) {
        let rows = chunk.len() / columns;
        let sql = texts.entry(rows).or_insert_with(|| format!("{head} VALUES {} {tail}", value_rows(rows, columns)));
        changed += tx.execute(sql, chunk)?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_parameters_keep_their_numbers() {
        assert_eq!(question_marks("SELECT $2, $1, '$', $a"), "SELECT ?2, ?1, '$', $a");
    }

    #[test]
    fn rows_are_numbered_through() {
        assert_eq!(value_rows(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(id_list(&[3, -1]), "[3,-1]");
    }
}
