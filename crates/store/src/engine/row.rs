//! Rows, the same for both drivers.

use model::Timestamp;

use crate::error::{Result, StoreError};

/// One row of an answer; columns are counted from 0.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// An integer.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| corrupt(column, &e)),
            Self::Postgres(row) => row.try_get(column).map_err(|e| corrupt(column, &e)),
        }
    }

    /// An integer, or none when null (of an outer join or an aggregate).
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| corrupt(column, &e)),
            Self::Postgres(row) => row.try_get(column).map_err(|e| corrupt(column, &e)),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn text(&self, column: usize) -> Result<String> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| corrupt(column, &e)),
            Self::Postgres(row) => row.try_get(column).map_err(|e| corrupt(column, &e)),
        }
    }

    /// Text, or none when null.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| corrupt(column, &e)),
            Self::Postgres(row) => row.try_get(column).map_err(|e| corrupt(column, &e)),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| corrupt(column, &e)),
            Self::Postgres(row) => row.try_get(column).map_err(|e| corrupt(column, &e)),
        }
    }

    /// A flag.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn flag(&self, column: usize) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A time.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn time(&self, column: usize) -> Result<Timestamp> {
        Ok(Timestamp(self.int(column)?))
    }

    /// A word of a closed list.
    ///
    /// # Errors
    /// When the column holds another word.
    pub fn word<T: std::str::FromStr<Err: std::fmt::Display>>(&self, column: usize) -> Result<T> {
        self.text(column)?.parse().map_err(|error: T::Err| StoreError::Corrupt { column, detail: error.to_string() })
    }

    /// A code of a closed list.
    ///
    /// # Errors
    /// When the column holds another code.
    pub fn code<T>(&self, column: usize, from_code: impl Fn(i64) -> Option<T>) -> Result<T> {
        let code = self.int(column)?;
        from_code(code).ok_or_else(|| StoreError::Corrupt { column, detail: format!("code {code}") })
    }

    /// JSON, read into its type.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|e| corrupt(column, &e))
    }
}

fn corrupt(column: usize, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt { column, detail: error.to_string() }
}

/// JSON text of what we made ourselves.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(format!("a value can't be written as JSON: {error}")))
}
