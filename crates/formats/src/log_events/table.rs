//! Rows of cells as JSON objects: what CSV and Zeek files become, so that a stored event shows its column names.

use std::io::Write as _;

/// Columns that have names of their own; cells beyond are all called `more`.
const MOST_COLUMNS: usize = 4_096;

/// The names of the columns, as keys of JSON with their colons.
#[derive(Debug, Default)]
pub(super) struct Columns {
    keys: Vec<Vec<u8>>,
    /// The names themselves.
    pub(super) names: Vec<String>,
}

impl Columns {
    /// Names that are empty or stand twice are numbered: `column 3`, `name 2`.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut columns = Self::default();
        for name in names.take(MOST_COLUMNS) {
            columns.add(name.trim());
        }
        columns
    }

    fn add(&mut self, name: &str) {
        let mut unique = if name.is_empty() { format!("column {}", self.names.len() + 1) } else { name.to_owned() };
        let mut copy = 1;
        while copy < 100 && self.names.contains(&unique) {
            copy += 1;
            unique = format!("{name} {copy}");
        }
        let mut key = Vec::new();
        string(&mut key, &unique);
        key.push(b':');
        self.keys.push(key);
        self.names.push(unique);
    }

    /// Writes a row. Cells beyond the header are in columns by their number.
    pub(super) fn write<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>, out: &mut Vec<u8>) {
        out.clear();
        out.push(b'{');
        for (at, cell) in cells.enumerate() {
            let Some(cell) = cell else { continue };
            while at >= self.keys.len() && self.keys.len() < MOST_COLUMNS {
                self.add("");
            }
            let key = self.keys.get(at).map_or(&b"\"more\":"[..], Vec::as_slice);
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            string(out, cell);
        }
        out.push(b'}');
    }
}

/// Appends a JSON string.
fn string(out: &mut Vec<u8>, text: &str) {
    if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing to memory does not fail.
        let _ = out.write_all(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_their_columns() {
        let mut columns = Columns::new(["time", "", "user", "user", " say \"hi\" "].into_iter());
        let mut out = Vec::new();
        columns.write(["1", "2", "3", "4", "a\nb", "more"].into_iter().map(Some), &mut out);
        let expected = r#"{"time":"1","column 2":"2","user":"3","user 2":"4","say \"hi\"":"a\nb","column 6":"more"}"#;
        assert_eq!(String::from_utf8(out.clone()).unwrap(), expected);
        columns.write([None, Some("x")].into_iter(), &mut out);
        assert_eq!(out, br#"{"column 2":"x"}"#);
        columns.write((0..MOST_COLUMNS + 2).map(|_| Some("")), &mut out);
        assert!(out.ends_with(br#""column 4096":"","more":"","more":""}"#));
        columns.write(std::iter::empty(), &mut out);
        assert_eq!(out, b"{}");
    }
}
