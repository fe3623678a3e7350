//! Tables of records: CSV in its many spellings, JSON arrays, JSON lines.
//!
//! Whatever the file, it comes out as columns and rows of text, each row with the place where it stands. Rows that can't be
//! read are told with their place; the others are kept. A cell that looks like a formula is text like any other.

mod delimited;
mod encoding;
mod json;
mod mapping;
#[cfg(test)]
mod tests;

pub use mapping::{LINKS, Mapping, Target, cell_values, guess, targets, word};

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the whole file.
    pub bytes: usize,
    /// Columns.
    pub columns: usize,
    /// Bytes of one row.
    pub row_bytes: usize,
    /// Rows.
    pub rows: usize,
    /// How many refusals are kept; all are counted.
    pub refusals: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 20 * 1024 * 1024, columns: 500, row_bytes: 256 * 1024, rows: 250_000, refusals: 1_000 }
    }
}

/// One row that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands, as a person would look for it: `row 17` of a CSV file (the header is row 1), `line 17`, `item 17`.
    pub at: String,
    /// Columns and values, as they are; empty cells are left out.
    pub cells: Vec<(String, String)>,
}

impl Row {
    /// The value of a column; empty when there is none.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        self.cells.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value)
    }
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Every column, in the order of the file.
    pub columns: Vec<String>,
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// The rows that could not, as far as the limit goes.
    pub refused: Vec<Refused>,
    /// How many could not.
    pub refusals: usize,
    /// What was noticed about the file as a whole: its format, an encoding that was guessed.
    pub notes: Vec<String>,
}

impl Table {
    fn refuse(&mut self, limits: &Limits, at: String, why: impl Into<String>) {
        self.refusals += 1;
        if self.refused.len() < limits.refusals {
            self.refused.push(Refused { at, why: why.into() });
        }
    }

    /// Whether another row may come; the first that may not is told.
    fn has_room(&mut self, limits: &Limits, at: &str) -> bool {
        if self.rows.len() < limits.rows {
            return true;
        }
        self.refuse(limits, at.to_owned(), format!("and all after it: at most {} rows are taken at once; split the file", limits.rows));
        false
    }
}

/// A file that can't be read as a table at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than is taken.
    #[error("the file is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// No table.
    #[error("{0}")]
    NotATable(String),
}

/// Reads a file, telling by its content what it is.
///
/// # Errors
/// When it is too large, or no table at all.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Table, Unreadable> {
    if bytes.len() > limits.bytes {
        return Err(Unreadable::TooLarge { limit: limits.bytes });
    }
    let mut table = Table::default();
    let text = encoding::decode(bytes, &mut table.notes);
    let start = text.trim_start();
    if start.is_empty() {
        return Err(Unreadable::NotATable("the file is empty".to_owned()));
    }
    match start.as_bytes().first() {
        Some(b'[') => json::array(start, limits, &mut table)?,
        Some(b'{') => json::objects(start, limits, &mut table)?,
        _ => delimited::read(&text, limits, &mut table)?,
    }
    if table.columns.len() > limits.columns {
        let (found, most) = (table.columns.len(), limits.columns);
        return Err(Unreadable::NotATable(format!("the file has {found} columns; at most {most} are taken")));
    }
    if table.rows.is_empty() && table.refusals == 0 {
        return Err(Unreadable::NotATable("the file has a header and no rows".to_owned()));
    }
    Ok(table)
}
