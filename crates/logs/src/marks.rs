//! Where in a raw event a value stands, so that a page can mark it.

use std::ops::Range;

use crate::needle::{Checker, Lookup, Spelling};

/// More places than this are not marked.
const MOST_MARKS: usize = 64;

/// The places of any of the spellings in `raw`, as byte ranges on character boundaries, ascending, not overlapping.
///
/// In a raw JSON event a backslash or quote of the value stands escaped, so both forms are looked for.
pub(crate) fn marks(raw: &str, spellings: &[&Spelling]) -> Vec<Range<usize>> {
    let mut lowered = Lowered::new(raw);
    let mut found = marks_in(&lowered, spellings);
    // A line feed or tab within a string of JSON is written with a letter, which hides where a word begins.
    if found.is_empty() && raw.contains('\\') {
        lowered.text = without_escaped_space(&lowered.text);
        found = marks_in(&lowered, spellings);
    }
    found
}

/// `\n`, `\r` and `\t` as two spaces each.
fn without_escaped_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
        let (escape, after) = escape.split_at(length);
        out.push_str(if ["\\n", "\\r", "\\t"].contains(&escape) { "  " } else { escape });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn marks_in(lowered: &Lowered, spellings: &[&Spelling]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for spelling in spellings {
        let escaped = spelling.escaped();
        for form in std::iter::once(*spelling).chain(escaped.as_ref()) {
            let token = matches!(form.lookup, Lookup::Token(_));
            let checker = Checker::new(form);
            let mut from = 0;
            while let Some(range) = checker.next_in(&lowered.text, from) {
                from = range.end.max(range.start + 1);
                found.extend(lowered.range_in_raw(range));
                if found.len() >= MOST_MARKS {
                    break;
                }
            }
            // A token may also be glued to a dot before it, which the check for values with separators refuses.
            if token && found.is_empty() {
                found.extend(dotted_token(&lowered.text, &form.value).and_then(|range| lowered.range_in_raw(range)));
            }
        }
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let free = range.start >= end;
        if free {
            end = range.end;
        }
        free
    });
    found
}

/// The first occurrence of a token behind or before outer dots.
fn dotted_token(text: &str, token: &str) -> Option<Range<usize>> {
    crate::tokens::runs(text).find_map(|run| {
        let written = text.get(run.clone())?;
        let start = run.start + (written.len() - written.trim_start_matches('.').len());
        (written.trim_matches('.') == token).then_some(start..start + token.len())
    })
}

/// A text in lower case that knows where its parts came from.
struct Lowered {
    text: String,
    /// For each byte of `text` and its end, the offset in the raw text; `None` when the two have the same offsets.
    offsets: Option<Vec<usize>>,
}

impl Lowered {
    fn new(raw: &str) -> Self {
        if raw.is_ascii() {
            return Self { text: raw.to_ascii_lowercase(), offsets: None };
        }
        let mut text = String::with_capacity(raw.len());
        let mut offsets = Vec::with_capacity(raw.len() + 1);
        for (at, c) in raw.char_indices() {
            text.extend(c.to_lowercase());
            offsets.resize(text.len(), at);
        }
        offsets.push(raw.len());
        Self { text, offsets: Some(offsets) }
    }

    fn range_in_raw(&self, range: Range<usize>) -> Option<Range<usize>> {
        match &self.offsets {
            None => Some(range),
            Some(offsets) => Some(*offsets.get(range.start)?..*offsets.get(range.end)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::NeedleKind;

    fn marked<'r>(raw: &'r str, values: &[&str]) -> Vec<&'r str> {
        let spellings: Vec<Spelling> = values.iter().map(|v| Spelling::new(v, NeedleKind::Plain).unwrap()).collect();
        marks(raw, &spellings.iter().collect::<Vec<_>>()).into_iter().map(|range| &raw[range]).collect()
    }

    #[test]
    fn values_are_marked_as_they_stand() {
        assert_eq!(marked(r#"{"a":"10.0.5.13:80","b":"10.0.5.1"}"#, &["10.0.5.1"]), ["10.0.5.1"]);
        assert_eq!(marked(r#"{"a":"C:\\Users\\A.exe"}"#, &[r"c:\users\a.EXE"]), [r"C:\\Users\\A.exe"]);
        assert_eq!(marked(r#"{"é":"İİ EVIL.com É"}"#, &["evil.com"]), ["EVIL.com"]);
        assert_eq!(marked("x .evil.com", &["evil.com"]), ["evil.com"]);
        assert_eq!(marked("a.exe b.exe A.EXE", &["a.exe", "b.exe"]), ["a.exe", "b.exe", "A.EXE"]);
        assert_eq!(marked("nothing", &["else"]), [""; 0]);
        assert_eq!(marked(r#"{"a":"name:\tanna\nx","b":"\\tanna"}"#, &["anna"]), ["anna"]);
    }
}
