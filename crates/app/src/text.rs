//! Words for people.

use std::ops::Range;

use model::list::thousands;

/// `1 annotation`, `1,204 annotations`.
#[must_use]
pub fn counted(count: i64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// A raw event as it is shown: at most `most` bytes of it, around the first mark. Tells the marks in what is left, and whether
/// anything was cut.
#[must_use]
pub(crate) fn cut_around(raw: &str, marks: &[Range<usize>], most: usize) -> (String, Vec<(usize, usize)>, bool) {
    let from = if raw.len() <= most {
        0
    } else {
        let first = marks.first().map_or(0, |mark| mark.start);
        raw.floor_char_boundary(first.saturating_sub(most / 4))
    };
    let until = raw.floor_char_boundary((from + most).min(raw.len()));
    let marks = marks.iter().filter(|mark| mark.start >= from && mark.end <= until).map(|mark| (mark.start - from, mark.end - from));
    (raw.get(from..until).unwrap_or_default().to_owned(), marks.collect(), until - from < raw.len())
}

/// At most about `around` characters of a text on one line, with the first of the words (folded) in their middle.
#[must_use]
pub fn excerpt(text: &str, words: &[String], around: usize) -> String {
    let line: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    if line.len() <= around {
        return line.into_iter().collect();
    }
    // Folding may change how many characters there are, hardly where they stand.
    let folded = model::text::fold(&line.iter().collect::<String>());
    let found = words.iter().filter_map(|word| folded.find(word.as_str())).min().unwrap_or(0);
    let at = folded.get(..found).map_or(0, |before| before.chars().count()).min(line.len());
    let from = at.saturating_sub(around / 3).min(line.len().saturating_sub(around));
    let to = (from + around).min(line.len());
    // Not in the middle of a word, where one ends nearby.
    let near =
        |from: usize| line.get(from..from + 20).and_then(|piece| piece.iter().position(|c| *c == ' ')).map_or(from, |gap| from + gap + 1);
    let from = if from == 0 || near(from) > at { from } else { near(from) };
    let shown: String = line.get(from..to).unwrap_or_default().iter().collect();
    format!("{}{}{}", if from > 0 { "…" } else { "" }, shown.trim(), if to < line.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_holds_what_was_found() {
        assert_eq!(excerpt("a\n b", &["b".to_owned()], 10), "a b");
        let long = format!("{} It called Evil.example twice. {}", "before ".repeat(50), "after ".repeat(50));
        let shown = excerpt(&long, &["evil.example".to_owned()], 60);
        assert!(shown.starts_with("…before ") && shown.ends_with('…') && shown.contains("Evil.example"), "{shown}");
        assert!(shown.chars().count() <= 62, "{shown}");
        assert!(excerpt(&long, &["nowhere".to_owned()], 60).starts_with("before"));
        let letters = "é".repeat(500);
        assert_eq!(excerpt(&letters, &["é".to_owned()], 60).chars().count(), 61);
    }
}
