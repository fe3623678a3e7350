//! From a value to what the index is asked, and the exact check of what it answers.

use memchr::memmem;

use crate::request::NeedleKind;
use crate::tokens::{indexed_form, is_token_char, is_word, runs};

/// More tokens of a value than this are not looked up; the exact check decides anyway.
const MOST_TOKENS: usize = 32;

/// One spelling of a value, ready to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// Lower-cased.
    pub(crate) value: String,
    /// How its end is compared.
    pub(crate) url: bool,
    /// How it is found.
    pub(crate) lookup: Lookup,
}

/// How the index is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The value is a token: what the index says is the answer.
    Token(String),
    /// The value's tokens stand one after the other; each event found has to be checked.
    Phrase {
        /// In their indexed form.
        tokens: Vec<String>,
        /// When the value ends in the middle of a token: what that token may begin with otherwise. By the rule a value
        /// may be followed by a dot and something that is not a word: `/a` stands in `/a..b`, whose token is `a..b`.
        longer_last: Vec<String>,
    },
    /// The value can stand nowhere (`.x`: outer dots belong to no token).
    Nowhere,
}

/// Why a value cannot be looked up.
pub(crate) const NO_TOKEN: &str = "it holds no letter, digit, _ or -, so the log index has nothing to look it up by";
const TOO_LONG: &str = "it is longer than 65,536 bytes";
/// The longest value with separators.
const LONGEST_PHRASE: usize = 65_536;

impl Spelling {
    /// # Errors
    /// Why it cannot be looked up, in words for the person who asked.
    pub(crate) fn new(value: &str, kind: NeedleKind) -> Result<Self, &'static str> {
        let value = value.to_lowercase();
        let url = kind == NeedleKind::Url;
        if value.is_empty() {
            return Err("it is empty");
        }
        if value.chars().all(is_token_char) {
            let lookup = if value.starts_with('.') || value.ends_with('.') {
                Lookup::Nowhere
            } else {
                Lookup::Token(indexed_form(&value).into_owned())
            };
            return Ok(Self { value, url, lookup });
        }
        if value.len() > LONGEST_PHRASE {
            return Err(TOO_LONG);
        }
        let mut tokens = Vec::new();
        let mut longer_last = Vec::new();
        for run in runs(&value) {
            if tokens.len() == MOST_TOKENS {
                longer_last.clear();
                break;
            }
            let ends_value = run.end == value.len();
            let written = value.get(run).unwrap_or_default().trim_start_matches('.');
            let token = written.trim_end_matches('.');
            if token.is_empty() {
                continue;
            }
            tokens.push(indexed_form(token).into_owned());
            longer_last = if ends_value { vec![format!("{written}.."), format!("{written}.-")] } else { Vec::new() };
        }
        if tokens.is_empty() {
            return Err(NO_TOKEN);
        }
        Ok(Self { value, url, lookup: Lookup::Phrase { tokens, longer_last } })
    }
}

/// Finds a value with separators in a lower-cased text, by the rule *Match*.
pub(crate) struct Checker<'n> {
    finder: memmem::Finder<'n>,
    length: usize,
    url: bool,
}

impl<'n> Checker<'n> {
    pub(crate) fn new(spelling: &'n Spelling) -> Self {
        Self { finder: memmem::Finder::new(spelling.value.as_bytes()), length: spelling.value.len(), url: spelling.url }
    }

    pub(crate) fn occurs_in(&self, lower: &str) -> bool {
        self.next_in(lower, 0).is_some()
    }

    /// The byte offset of the first occurrence at or after `from`.
    pub(crate) fn next_in(&self, lower: &str, from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let at = from + self.finder.find(lower.as_bytes().get(from..)?)?;
            if stands_alone(lower, at, at + self.length, self.url) {
                return Some(at);
            }
            from = at + 1;
        }
    }
}

/// Whether what stands at `start..end` is not glued to what is around it.
pub(crate) fn stands_alone(text: &str, start: usize, end: usize, url: bool) -> bool {
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return false };
    if before.chars().next_back().is_some_and(is_token_char) {
        return false;
    }
    let mut after = after.chars();
    match after.next() {
        Some('.') => !after.next().is_some_and(is_word),
        Some(c) if is_word(c) || c == '-' => false,
        Some('/' | '?' | '#' | '&' | '=' | '%') => !url,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurs(value: &str, url: bool, text: &str) -> bool {
        let kind = if url { NeedleKind::Url } else { NeedleKind::Plain };
        let spelling = Spelling::new(value, kind).unwrap();
        Checker::new(&spelling).occurs_in(&text.to_lowercase())
    }

    #[test]
    fn values_with_separators_are_not_glued() {
        for (value, text, expected) in [
            ("C:\\a\\b.exe", "run c:\\A\\B.exe -x", true),
            ("C:\\a\\b.exe", "c:\\a\\b.exe.mui", false),
            ("C:\\a\\b.exe", "c:\\a\\b.exe.", true),
            ("C:\\a\\b.exe", "c:\\a\\b.exe.. ", true),
            ("C:\\a\\b.exe", "c:\\a\\b.exe-x", false),
            ("C:\\a\\b.exe", "xc:\\a\\b.exe xc:\\a\\b.exe c:\\a\\b.exe", true),
            ("a@evil.com", "<a@evil.com>", true),
            ("a@evil.com", "xa@evil.com", false),
            ("a@evil.com", ".a@evil.com", false),
            ("a@evil.com", "a@evil.com.mx", false),
            ("fe80::1", "[fe80::1]:80", true),
            ("fe80::1", "fe80::12", false),
            ("c:\\users\\", "c:\\users\\anna", false),
            ("c:\\users\\", "c:\\users\\ ", true),
        ] {
            assert_eq!(occurs(value, false, text), expected, "{value} in {text}");
        }
    }

    #[test]
    fn a_url_is_not_continued() {
        for (text, expected) in [
            ("http://e.com/a", true),
            ("http://e.com/a/b", false),
            ("http://e.com/a?x", false),
            ("http://e.com/a#", false),
            ("(http://e.com/a)", true),
            ("http://e.com/a.", true),
        ] {
            assert_eq!(occurs("http://e.com/A", true, text), expected, "{text}");
        }
        assert!(occurs("http://e.com/a", false, "http://e.com/a/b"));
    }

    #[test]
    fn lookups_cover_what_the_check_would_find() {
        let spelling = Spelling::new("x://.E.com./a.", NeedleKind::Url).unwrap();
        let expected =
            Lookup::Phrase { tokens: vec!["x".into(), "e.com".into(), "a".into()], longer_last: vec!["a...".into(), "a..-".into()] };
        assert_eq!(spelling.lookup, expected);
        assert_eq!(Spelling::new("::", NeedleKind::Plain), Err(NO_TOKEN));
        assert_eq!(Spelling::new(".evil.com", NeedleKind::Plain).map(|s| s.lookup), Ok(Lookup::Nowhere));
        assert_eq!(Spelling::new("EVIL.com", NeedleKind::Plain).map(|s| s.lookup), Ok(Lookup::Token("evil.com".into())));
    }
}
