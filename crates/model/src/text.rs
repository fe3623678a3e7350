//! Text as it is compared and searched.

use unicode_normalization::UnicodeNormalization;

/// Folds text for search and comparison: NFKC, lower case, white space runs as one space.
///
/// What is stored in search columns and what a person types are folded by this one function.
#[must_use]
pub fn fold(text: &str) -> String {
    // Most values are ASCII, where both are simple.
    if text.is_ascii() {
        squeeze(text.chars().map(|c| c.to_ascii_lowercase()), text.len())
    } else {
        squeeze(text.nfkc().flat_map(char::to_lowercase), text.len())
    }
}

fn squeeze(text: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut folded = String::with_capacity(capacity);
    let mut space = false;
    for c in text {
        if c.is_whitespace() || c == '\0' {
            space = !folded.is_empty();
        } else {
            if space {
                folded.push(' ');
                space = false;
            }
            folded.push(c);
        }
    }
    folded
}

/// The words of a search, folded; each must occur. Text in double quotes is one word.
#[must_use]
pub fn search_words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in query.split('"').enumerate() {
        if i % 2 == 1 {
            words.push(fold(part));
        } else {
            words.extend(part.split_whitespace().map(fold));
        }
    }
    words.retain(|w| !w.is_empty());
    words.truncate(16);
    words
}

/// What others wrote, as code in Markdown: nothing in it is taken for markup (CommonMark 0.31, section 6.1).
#[must_use]
pub fn fenced(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A blank on both sides goes when it is read; it keeps backticks at the edges apart.
    if longest > 0 { format!("{fence} {line} {fence}") } else { format!("{fence}{line}{fence}") }
}

/// Shortens text to `max` characters, with an ellipsis where something was cut.
#[must_use]
pub fn shorten(text: &str, max: usize) -> String {
    let mut chars = text.chars();
    let short: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() { format!("{short}…") } else { short }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// SHA-256 as lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_within_its_code() {
        assert_eq!(fenced("evil[.]example"), "`evil[.]example`");
        assert_eq!(fenced("a`b``c\n# d"), "``` a`b``c # d ```");
        assert_eq!(fenced("`"), "`` ` ``");
    }

    #[test]
    fn folding_is_the_same_for_stored_and_typed_text() {
        assert_eq!(fold("  Straße\u{3000}ＡＢＣ\tx\0y "), "straße abc x y");
        assert_eq!(fold(&fold("ÀÉ Ǆ")), fold("ÀÉ Ǆ"));
        assert_eq!((fold(" A\tb\0\0C \u{b}d "), fold(" A\tb\0\0C \u{b}d é")), ("a b c d".to_owned(), "a b c d é".to_owned()));
    }

    #[test]
    fn quotes_join_words() {
        assert_eq!(search_words(r#"evil "a b" C"#), ["evil", "a b", "c"]);
        assert_eq!(search_words("\"\" \" "), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,60}") {
            proptest::prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
