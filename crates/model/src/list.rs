//! Lists: how they are sorted, filtered and paged.

use serde::Serialize;

use crate::choice::choice;
use crate::text::hex;

choice! {
    /// What lists of records and artifacts can be sorted by.
    pub enum SortColumn {
        Added = 1 "added" "Added",
        Title = 2 "title" "Title",
        Category = 3 "category" "Category",
        Severity = 4 "severity" "Severity",
        Finding = 5 "finding" "Finding",
        FirstSeen = 6 "first_seen" "First seen",
        LastSeen = 7 "last_seen" "Last seen",
    }
}

choice! {
    /// What the list of cases can be sorted by.
    pub enum CaseSort {
        Updated = 1 "updated_at" "Updated",
        Created = 2 "created_at" "Created",
        Number = 3 "number" "Number",
        Name = 4 "name" "Name",
        Rating = 5 "rating" "Rating",
        State = 6 "state" "State",
    }
}

choice! {
    /// A sort of thing that a search over everything finds.
    pub enum Thing {
        Case = 1 "cases" "Cases",
        Record = 2 "records" "Records",
        Note = 3 "notes" "Notes",
        Annotation = 4 "annotations" "Annotations",
    }
}

/// A column and a direction, written `title` or `-title`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<C> {
    /// The column.
    pub column: C,
    /// Largest first.
    pub descending: bool,
}

impl<C: std::str::FromStr<Err = crate::choice::UnknownChoice>> std::str::FromStr for Sort<C> {
    type Err = crate::choice::UnknownChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        Ok(Self { column: word.parse()?, descending })
    }
}

impl<C: std::fmt::Display> std::fmt::Display for Sort<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column)
    }
}

/// The value of the sort column in the last row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorKey {
    /// An integer column.
    Int(i64),
    /// A text column.
    Text(String),
}

/// Where the next page of a list starts: after this row. Opaque outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The sort column's value.
    pub key: CursorKey,
    /// The row.
    pub id: i64,
}

/// A cursor that this server did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list; start again without it")]
pub struct BadCursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain = match &self.key {
            CursorKey::Int(value) => format!("{}i{value}", self.id),
            CursorKey::Text(value) => format!("{}t{value}", self.id),
        };
        f.write_str(&hex(plain.as_bytes()))
    }
}

impl std::str::FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        if !text.is_ascii() || text.len() % 2 == 1 || text.len() > 20_000 {
            return Err(BadCursor);
        }
        let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16)).collect();
        let plain = String::from_utf8(bytes.map_err(|_| BadCursor)?).map_err(|_| BadCursor)?;
        let split = plain.find(|c: char| !c.is_ascii_digit()).ok_or(BadCursor)?;
        let (id, rest) = plain.split_at(split);
        let id = id.parse().map_err(|_| BadCursor)?;
        let key = if let Some(value) = rest.strip_prefix('i') {
            CursorKey::Int(value.parse().map_err(|_| BadCursor)?)
        } else {
            CursorKey::Text(rest.strip_prefix('t').ok_or(BadCursor)?.to_owned())
        };
        Ok(Self { key, id })
    }
}

/// How many rows a page holds when nothing is asked for.
pub const DEFAULT_LIMIT: u32 = 50;
/// The longest page.
pub const MAX_LIMIT: u32 = 100;
/// Matches are counted up to here; beyond, the total says "at least".
pub const COUNT_LIMIT: i64 = 1_000;

/// One page of a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Ask again with this for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many rows match, counted up to 1,000.
    pub total: i64,
    /// False when more than `total` match.
    pub total_is_exact: bool,
    /// Pass this back with `all_matching`: rows that came later are untouched.
    pub as_of: String,
}

impl<T> Page<T> {
    /// The page of a list in which nothing matches.
    #[must_use]
    pub fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None, total: 0, total_is_exact: true, as_of: String::new() }
    }

    /// The same page with other rows.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Page<U> {
        self.filter_map(|item| Some(f(item)))
    }

    /// The same page with other rows, and without those of which there is nothing to show.
    pub fn filter_map<U>(self, f: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page {
            items: self.items.into_iter().filter_map(f).collect(),
            next_cursor: self.next_cursor,
            total: self.total,
            total_is_exact: self.total_is_exact,
            as_of: self.as_of,
        }
    }

    /// `1,284`, or `1,000+` where counting stopped.
    #[must_use]
    pub fn total_text(&self) -> String {
        format!("{}{}", thousands(self.total), if self.total_is_exact { "" } else { "+" })
    }
}

/// `1,284` for 1284.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_were() {
        for key in [CursorKey::Int(-5), CursorKey::Text("ö\"i7".to_owned()), CursorKey::Text(String::new())] {
            let cursor = Cursor { key, id: 42 };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in ["", "zz", "4", "ffff", "3432", "343269", "é1"] {
            assert_eq!(bad.parse::<Cursor>(), Err(BadCursor), "{bad}");
        }
    }

    #[test]
    fn numbers_are_read_in_threes() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(thousands), ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn a_minus_turns_the_order() {
        let sort: Sort<SortColumn> = "-last_seen".parse().unwrap_or(Sort { column: SortColumn::Added, descending: false });
        assert_eq!((sort.column, sort.descending, sort.to_string().as_str()), (SortColumn::LastSeen, true, "-last_seen"));
        assert!("-secret".parse::<Sort<SortColumn>>().is_err());
    }
}
