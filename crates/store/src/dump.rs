//! Whole tables, row by row, without knowing what they hold: for backups, which outlive engines.

use std::collections::BTreeSet;

use model::text::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::engine::{Engine, Row, Tx, Value, insert_rows, params};
use crate::error::{Result, StoreError};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// 64-bit integers.
    Int,
    /// Text.
    Text,
    /// Bytes; hexadecimal in a dump.
    Bytes,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub shape: Shape,
}

/// A table as the database describes it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The places of the primary key's columns, in the key's order.
    key: Vec<usize>,
    /// Whether the database numbers its rows.
    numbered: bool,
}

/// Rows read at a time: many enough to be fast, few enough to stay small whatever they hold.
const CHUNK: i64 = 500;

const COLUMNS_SQLITE: &str = "SELECT t.name, c.name, lower(c.type), c.pk, CASE WHEN c.pk = 1 AND c.name = 'id' THEN 1 ELSE 0 END
    FROM pragma_table_list t JOIN pragma_table_info(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid";
const COLUMNS_POSTGRES: &str = "SELECT CAST(c.relname AS text), CAST(a.attname AS text), format_type(a.atttypid, NULL),
        CAST(coalesce(array_position(CAST(i.indkey AS smallint[]), a.attnum) + 1, 0) AS bigint),
        CAST(CASE WHEN a.attidentity <> '' THEN 1 ELSE 0 END AS bigint)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r' ORDER BY CAST(c.relname AS text), a.attnum";
const REFERENCES_SQLITE: &str = "SELECT t.name, f.\"table\" FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
    WHERE t.schema = 'main' AND t.type = 'table'";
const REFERENCES_POSTGRES: &str = "SELECT CAST(a.relname AS text), CAST(b.relname AS text) FROM pg_constraint f
    JOIN pg_class a ON a.oid = f.conrelid JOIN pg_class b ON b.oid = f.confrelid
    WHERE f.contype = 'f' AND a.relnamespace = CAST(current_schema() AS regnamespace)";

/// Every table but the schema's own version, those referred to before those that refer to them.
pub(crate) fn tables(tx: &mut Tx<'_>) -> Result<Vec<Table>> {
    let (columns, references) = match tx.engine() {
        Engine::Sqlite => (COLUMNS_SQLITE, REFERENCES_SQLITE),
        Engine::Postgres => (COLUMNS_POSTGRES, REFERENCES_POSTGRES),
    };
    let mut waiting: Vec<Table> = Vec::new();
    let mut keys: Vec<Vec<(i64, usize)>> = Vec::new();
    for (table, name, kind, key, numbered) in
        tx.query(columns, &[], |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?, row.flag(4)?)))?
    {
        if waiting.last().is_none_or(|last| last.name != table) {
            waiting.push(Table { name: table, columns: Vec::new(), key: Vec::new(), numbered: false });
            keys.push(Vec::new());
        }
        if let (Some(table), Some(keys)) = (waiting.last_mut(), keys.last_mut()) {
            if key > 0 {
                keys.push((key, table.columns.len()));
            }
            table.numbered |= numbered;
            table.columns.push(Column { name, shape: shape(&kind)? });
        }
    }
    for (table, mut key) in waiting.iter_mut().zip(keys) {
        key.sort_unstable();
        table.key = key.into_iter().map(|(_, column)| column).collect();
    }
    waiting.retain(|table| table.name != "schema_version");
    let references = tx.query(references, &[], |row| Ok((row.text(0)?, row.text(1)?)))?;
    in_order(waiting, &references)
}

fn shape(kind: &str) -> Result<Shape> {
    match kind {
        "integer" | "bigint" => Ok(Shape::Int),
        "text" => Ok(Shape::Text),
        "blob" | "bytea" => Ok(Shape::Bytes),
        other => Err(StoreError::Database(format!("a column of type {other} is not one of Vizsla's"))),
    }
}

fn in_order(mut waiting: Vec<Table>, references: &[(String, String)]) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::with_capacity(waiting.len());
    let mut done: BTreeSet<String> = BTreeSet::new();
    while !waiting.is_empty() {
        let free = |table: &Table| references.iter().all(|(from, to)| *from != table.name || from == to || done.contains(to));
        let (ready, rest): (Vec<Table>, Vec<Table>) = waiting.into_iter().partition(free);
        if ready.is_empty() {
            return Err(StoreError::Database("tables refer to each other in a circle".to_owned()));
        }
        done.extend(ready.iter().map(|table| table.name.clone()));
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

impl Table {
    /// How many rows it has.
    pub(crate) fn count(&self, tx: &mut Tx<'_>) -> Result<i64> {
        tx.query_one(&format!("SELECT CAST(count(*) AS bigint) FROM {}", self.name), &[], |row| row.int(0))
    }

    /// Hands out all rows in the order of the primary key, some at a time.
    pub(crate) fn rows(&self, tx: &mut Tx<'_>, mut take: impl FnMut(Vec<Vec<Json>>) -> Result<()>) -> Result<()> {
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let key: Vec<&str> = self.key.iter().filter_map(|n| columns.get(*n).copied()).collect();
        let (columns, key) = (columns.join(", "), key.join(", "));
        let numbers: Vec<String> = (1..=self.key.len()).map(|n| format!("${n}")).collect();
        let tail = |limit: usize| format!("ORDER BY {key} LIMIT ${limit}");
        let first = format!("SELECT {columns} FROM {} {}", self.name, tail(1));
        let next = format!("SELECT {columns} FROM {} WHERE ({key}) > ({}) {}", self.name, numbers.join(", "), tail(numbers.len() + 1));
        let mut after: Vec<Value<'static>> = Vec::new();
        loop {
            let sql = if after.is_empty() { &first } else { &next };
            after.push(CHUNK.into());
            let rows = tx.query(sql, &after, |row| self.read(row))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = self.key.iter().map(|n| self.value(*n, last.get(*n).unwrap_or(&Json::Null))).collect::<Result<_>>()?;
            take(rows)?;
        }
    }

    fn read(&self, row: &Row<'_>) -> Result<Vec<Json>> {
        let cell = |(n, column): (usize, &Column)| match column.shape {
            Shape::Int => row.int(n).map(Json::from),
            Shape::Text => row.text(n).map(Json::from),
            Shape::Bytes => row.bytes(n).map(|bytes| hex(&bytes).into()),
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    fn value(&self, n: usize, cell: &Json) -> Result<Value<'static>> {
        let value = match (self.columns.get(n).map(|column| column.shape), cell) {
            (Some(Shape::Int), cell) => cell.as_i64().map(Value::from),
            (Some(Shape::Text), Json::String(text)) => Some(text.clone().into()),
            (Some(Shape::Bytes), Json::String(text)) => unhex(text).map(|bytes| Value::Bytes(bytes.into())),
            _ => None,
        };
        value.ok_or_else(|| StoreError::BadBackup(format!("table {} holds a value of another shape than its column", self.name)))
    }

    /// Inserts rows as [`Table::rows`] handed them out.
    pub(crate) fn insert(&self, tx: &mut Tx<'_>, rows: &[Vec<Json>]) -> Result<()> {
        let mut values = Vec::with_capacity(rows.len() * self.columns.len());
        for row in rows {
            if row.len() != self.columns.len() {
                let (has, needs) = (row.len(), self.columns.len());
                return Err(StoreError::BadBackup(format!("a row of table {} has {has} values instead of {needs}", self.name)));
            }
            for (n, cell) in row.iter().enumerate() {
                values.push(self.value(n, cell)?);
            }
        }
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let head = format!("INSERT INTO {} ({})", self.name, columns.join(", "));
        insert_rows(tx, &head, columns.len(), &values, "").map(|_| ())
    }

    /// Lets numbering go on after the highest row: SQLite sees to it by itself.
    pub(crate) fn go_on_numbering(&self, tx: &mut Tx<'_>) -> Result<()> {
        if tx.engine() == Engine::Postgres && self.numbered {
            let name = &self.name;
            let sql = format!("SELECT setval(pg_get_serial_sequence('{name}', 'id'), coalesce(max(id), 0) + 1, false) FROM {name}");
            tx.query_one(&sql, params![], |row| row.int(0))?;
        }
        Ok(())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 == 1 {
        return None;
    }
    (0..text.len()).step_by(2).map(|n| text.get(n..n + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.to_owned(), columns: Vec::new(), key: Vec::new(), numbered: false }
    }

    #[test]
    fn what_is_referred_to_comes_first() {
        let refer = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let tables = vec![table("artifact"), table("record"), table("tree"), table("case")];
        let references = [refer("artifact", "record"), refer("artifact", "case"), refer("record", "case"), refer("tree", "tree")];
        let names: Vec<String> = in_order(tables, &references).unwrap().into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["tree", "case", "record", "artifact"]);
        assert!(in_order(vec![table("a"), table("b")], &[refer("a", "b"), refer("b", "a")]).is_err());
    }

    #[test]
    fn bytes_go_out_and_in_as_hexadecimal() {
        assert_eq!(unhex(&hex(&[0, 255, 16])), Some(vec![0, 255, 16]));
        assert_eq!([unhex("0"), unhex("zz"), unhex("éé")], [None, None, None]);
    }
}
