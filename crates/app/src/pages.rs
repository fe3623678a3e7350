//! Lists that begin with the newest, page by page.

use model::Fields;
use model::list::{COUNT_LIMIT, Cursor, CursorKey, Page};
use serde::Deserialize;

use crate::case::{cursor, limit};
use crate::error::{AppError, Result};

/// Which part of a list that begins with the newest.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct PageQuery {
    /// From the answer before.
    pub cursor: String,
    /// At most 100; 50 unless told otherwise.
    pub limit: Option<u32>,
}

impl PageQuery {
    /// The first page of at most so many.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self { cursor: String::new(), limit: Some(limit) }
    }

    /// Where the page begins, and how many it holds at most.
    pub(crate) fn read(&self) -> Result<(Option<Cursor>, u32)> {
        let mut fields = Fields::new();
        let read = (cursor(&mut fields, &self.cursor), limit(&mut fields, self.limit));
        fields.finish()?;
        Ok(read)
    }

    /// Before which row the page begins, in a list by row, and how many it holds at most.
    pub(crate) fn before(&self) -> Result<(i64, u32)> {
        match self.read()? {
            (None, limit) => Ok((i64::MAX, limit)),
            (Some(Cursor { key: CursorKey::Int(_), id }), limit) => Ok((id, limit)),
            _ => Err(not_of_this_list()),
        }
    }

    /// The numbers after which the page begins, in a list by several columns, and how many it holds at most.
    pub(crate) fn after<const N: usize>(&self, first: [i64; N]) -> Result<([i64; N], u32)> {
        let (cursor, limit) = self.read()?;
        let Some(cursor) = cursor else { return Ok((first, limit)) };
        let CursorKey::Text(text) = cursor.key else { return Err(not_of_this_list()) };
        let numbers: std::result::Result<Vec<i64>, _> = text.split(' ').map(str::parse).collect();
        let numbers = numbers.ok().and_then(|numbers| <[i64; N]>::try_from(numbers).ok());
        Ok((numbers.ok_or_else(not_of_this_list)?, limit))
    }
}

fn not_of_this_list() -> AppError {
    AppError::invalid("/cursor", "is not one of this list")
}

/// A row as the cursor of a list by row.
pub(crate) fn row(id: i64) -> Cursor {
    Cursor { key: CursorKey::Int(id), id }
}

/// Numbers as the cursor of a list by several columns.
pub(crate) fn numbers<const N: usize>(numbers: [i64; N]) -> Cursor {
    Cursor { key: CursorKey::Text(numbers.map(|number| number.to_string()).join(" ")), id: 0 }
}

/// A page of the rows of a list: at most `limit`, of which one more was read to see whether there is another page. `total` was
/// counted up to one more than [`COUNT_LIMIT`], or to its end.
pub(crate) fn page<R>(mut rows: Vec<R>, limit: u32, total: i64, cursor: impl Fn(&R) -> Cursor) -> Page<R> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor(last).to_string());
    Page { items: rows, next_cursor, total: total.min(COUNT_LIMIT), total_is_exact: total <= COUNT_LIMIT, as_of: String::new() }
}
