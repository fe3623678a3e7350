//! Lists: statements whose clauses depend on what is asked for, over fixed pieces of SQL.

use model::list::{Cursor, CursorKey};

use crate::engine::{Engine, Row, Tx, Value};
use crate::error::{Result, StoreError};

/// A `SELECT` in the making. `$?` in a clause stands for the value given with it. `$1` is the viewer.
pub(crate) struct Select<'a> {
    from: String,
    clauses: String,
    params: Vec<Value<'a>>,
}

impl<'a> Select<'a> {
    /// Starts with the tables and the visibility clause, which holds `$1`.
    pub(crate) fn new(tx: &Tx<'_>, from: &str, visible: &str) -> Self {
        Self { from: from.to_owned(), clauses: visible.to_owned(), params: vec![Value::from(tx.viewer())] }
    }

    /// Says the tables, where they hold values that had to be bound before.
    pub(crate) fn from(&mut self, from: &str) {
        from.clone_into(&mut self.from);
    }

    /// Takes a value and tells its number.
    pub(crate) fn bind(&mut self, value: impl Into<Value<'a>>) -> usize {
        self.params.push(value.into());
        self.params.len()
    }

    /// Adds a condition with one value.
    /// `$?` may stand there more than once.
    pub(crate) fn and(&mut self, clause: &str, value: impl Into<Value<'a>>) {
        let n = self.bind(value);
        self.and_plain(&clause.replace("$?", &format!("${n}")));
    }

    /// Adds a condition without a value.
    pub(crate) fn and_plain(&mut self, clause: &str) {
        self.clauses.push_str(" AND ");
        self.clauses.push_str(clause);
    }

    /// Adds "one of these words", when there are any.
    pub(crate) fn any_text(&mut self, column: &str, words: &'a [String]) {
        if !words.is_empty() {
            let numbers: Vec<String> = words.iter().map(|word| format!("${}", self.bind(word))).collect();
            self.and_plain(&format!("{column} IN ({})", numbers.join(", ")));
        }
    }

    /// Adds "one of these numbers", when there are any.
    pub(crate) fn any_int(&mut self, column: &str, numbers: &[i64]) {
        if !numbers.is_empty() {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("${}", self.bind(*number))).collect();
            self.and_plain(&format!("{column} IN ({})", numbers.join(", ")));
        }
    }

    /// Adds "every word occurs" by looking at the text of each row: right for small lists.
    pub(crate) fn all_words(&mut self, engine: Engine, column: &str, words: Vec<String>) {
        for word in words {
            match engine {
                Engine::Sqlite => self.and(&format!("instr({column}, $?) > 0"), word),
                Engine::Postgres => self.and(&format!("{column} LIKE $? ESCAPE '\\'"), like_pattern(&word)),
            }
        }
    }

    /// One page in the order of a column, ties by id; after the cursor's row, when there is one.
    pub(crate) fn page<T>(
        mut self,
        tx: &mut Tx<'_>,
        columns: &str,
        order: &Order<'_>,
        limit: u32,
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (than, direction) = if order.descending { ("<", "DESC") } else { (">", "ASC") };
        let (Column::Int(column) | Column::Text(column)) = order.column;
        if let Some(cursor) = order.after {
            let key = match (&cursor.key, order.column) {
                (CursorKey::Int(value), Column::Int(_)) => Value::from(*value),
                (CursorKey::Text(text), Column::Text(_)) => Value::from(text.clone()),
                // Of a list that was sorted otherwise: the engines would not even agree on how it compares.
                (CursorKey::Int(_), Column::Text(_)) | (CursorKey::Text(_), Column::Int(_)) => return Err(StoreError::BadCursor),
            };
            let (key, id) = (self.bind(key), self.bind(cursor.id));
            self.and_plain(&format!("({column}, {}) {than} (${key}, ${id})", order.id));
        }
        let limit = self.bind(i64::from(limit));
        let sql = format!(
            "SELECT {columns} FROM {} WHERE {} ORDER BY {column} {direction}, {} {direction} LIMIT ${limit}",
            self.from, self.clauses, order.id
        );
        tx.query(&sql, &self.params, read)
    }

    /// The first rows in the order of one column whose values differ: the caller has said where to start.
    pub(crate) fn first<T>(
        mut self,
        tx: &mut Tx<'_>,
        columns: &str,
        (key, descending): (&str, bool),
        limit: u32,
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let limit = self.bind(i64::from(limit));
        let direction = if descending { "DESC" } else { "ASC" };
        let sql = format!("SELECT {columns} FROM {} WHERE {} ORDER BY {key} {direction} LIMIT ${limit}", self.from, self.clauses);
        tx.query(&sql, &self.params, read)
    }

    /// Any rows, in no order, at most `limit`.
    pub(crate) fn any<T>(mut self, tx: &mut Tx<'_>, columns: &str, limit: i64, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let limit = self.bind(limit);
        tx.query(&format!("SELECT {columns} FROM {} WHERE {} LIMIT ${limit}", self.from, self.clauses), &self.params, read)
    }

    /// Any rows' first column, at most `limit`, found as if all of them were asked for: PostgreSQL only.
    pub(crate) fn materialised(mut self, tx: &mut Tx<'_>, column: &str, limit: i64) -> Result<Vec<i64>> {
        let limit = self.bind(limit);
        let sql = format!(
            "WITH found AS MATERIALIZED (SELECT {column} AS id FROM {} WHERE {}) SELECT id FROM found LIMIT ${limit}",
            self.from, self.clauses
        );
        tx.query(&sql, &self.params, |row| row.int(0))
    }

    /// All rows in groups, in the order of what they are grouped by.
    pub(crate) fn grouped<T>(self, tx: &mut Tx<'_>, columns: &str, by: &str, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let sql = format!("SELECT {columns} FROM {} WHERE {} GROUP BY {by} ORDER BY {by}", self.from, self.clauses);
        tx.query(&sql, &self.params, read)
    }

    /// How many rows match, counted to one more than `limit`.
    pub(crate) fn count(&self, tx: &mut Tx<'_>, limit: i64) -> Result<i64> {
        let mut params = self.params.clone();
        params.push(Value::from(limit + 1));
        let sql = format!(
            "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM {} WHERE {} LIMIT ${}) AS matches",
            self.from,
            self.clauses,
            params.len()
        );
        tx.query_one(&sql, &params, |row| row.int(0))
    }

    /// Every row's first column, in no order, at most `limit`: what a bulk action takes.
    pub(crate) fn ids(mut self, tx: &mut Tx<'_>, column: &str, limit: i64) -> Result<Vec<i64>> {
        let limit = self.bind(limit);
        let sql = format!("SELECT {column} FROM {} WHERE {} ORDER BY {column} LIMIT ${limit}", self.from, self.clauses);
        tx.query(&sql, &self.params, |row| row.int(0))
    }
}

/// The order of a page.
pub(crate) struct Order<'a> {
    pub(crate) column: Column,
    pub(crate) id: &'a str,
    pub(crate) descending: bool,
    pub(crate) after: Option<&'a Cursor>,
}

/// A column to sort by, and what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    Int(&'static str),
    Text(&'static str),
}

/// `%word%`, with LIKE's own characters escaped.
pub(crate) fn like_pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_never_read_as_a_pattern() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
