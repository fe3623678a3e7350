//! From a value to what the index is asked, and the exact check of what it answers.

use std::ops::Range;

use memchr::memmem;

use crate::network::Network;
use crate::request::NeedleKind;
use crate::tokens::{indexed_form, is_token_char, is_word, placed_tokens, runs, whole_tokens};
use crate::wildcard::{self, Hold};

/// More tokens of a value than this are not looked up; the exact check decides anyway.
const MOST_TOKENS: usize = 32;

/// One spelling of a value, ready to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// Lower-cased.
    pub(crate) value: String,
    /// What may not follow it.
    pub(crate) ending: Ending,
    /// How it is found.
    pub(crate) lookup: Lookup,
}

/// What a value may not be followed by, besides what glues it to a longer word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// Nothing else.
    Any,
    /// One of `/ ? # & = %`: a URL that goes on is another one.
    Url,
    /// A slash: a path that goes on is another one, a query is not.
    Path,
}

/// How the index is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The value is a token: what the index says is the answer.
    Token(String),
    /// The value's tokens stand one after the other, as far apart as in the value.
    Phrase {
        /// In their indexed form.
        tokens: Vec<String>,
        /// The place of each, the first one's as it stands; see [`crate::tokens::Placer`].
        places: Vec<u32>,
        /// Whether the places tell all of the value, so that nothing has to be checked where they are right.
        told: bool,
        /// When the value ends in the middle of a token: what that token may begin with otherwise. By the rule a value
        /// may be followed by a dot and something that is not a word: `/a` stands in `/a..b`, whose token is `a..b`.
        longer_last: Vec<String>,
    },
    /// Any text of this form; each event found has to be checked.
    Wildcard(Hold),
    /// Any address of this network.
    Network(Network),
    /// The value can stand nowhere (`.x`: outer dots belong to no token).
    Nowhere,
}

impl Lookup {
    /// Whether what the index finds may have to be checked against the event's text.
    pub(crate) fn may_have_to_be_checked(&self) -> bool {
        match self {
            Self::Phrase { .. } | Self::Wildcard(_) => true,
            Self::Network(network) => !network.is_v4(),
            Self::Token(_) | Self::Nowhere => false,
        }
    }
}

/// Why a value cannot be looked up.
pub(crate) const NO_TOKEN: &str = "it holds no letter, digit, _ or -, so the log index has nothing to look it up by";
const FROM_ZERO: &str = "its addresses may begin with a group of zeros, which is left out where they are written, so the log index has nothing to look them up by";
const TOO_LONG: &str = "it is longer than 65,536 bytes";
/// The longest value with separators.
const LONGEST_PHRASE: usize = 65_536;

impl Spelling {
    /// # Errors
    /// Why it cannot be looked up, in words for the person who asked.
    pub(crate) fn new(value: &str, kind: NeedleKind) -> Result<Self, &'static str> {
        let value = value.to_lowercase();
        let ending = match kind {
            NeedleKind::Url => Ending::Url,
            NeedleKind::UrlPath => Ending::Path,
            _ => Ending::Any,
        };
        if value.is_empty() {
            return Err("it is empty");
        }
        match kind {
            NeedleKind::Network | NeedleKind::Wildcard if value.len() > LONGEST_PHRASE => return Err(TOO_LONG),
            NeedleKind::Network => {
                let network = Network::parse(&value).ok_or("it is no network like 192.0.2.0/24 or 2001:db8::/32")?;
                if !network.is_v4() && network.first_group().is_none() {
                    return Err(FROM_ZERO);
                }
                return Ok(Self { value, ending, lookup: Lookup::Network(network) });
            }
            NeedleKind::Wildcard if wildcard::has(&value) => {
                let lookup = Lookup::Wildcard(wildcard::hold(&value)?);
                return Ok(Self { value, ending, lookup });
            }
            _ => {}
        }
        if value.chars().all(is_token_char) {
            let lookup = if value.starts_with('.') || value.ends_with('.') {
                Lookup::Nowhere
            } else {
                Lookup::Token(indexed_form(&value).into_owned())
            };
            return Ok(Self { value, ending, lookup });
        }
        if value.len() > LONGEST_PHRASE {
            return Err(TOO_LONG);
        }
        let lookup = phrase(&value, ending).ok_or(NO_TOKEN)?;
        Ok(Self { value, ending, lookup })
    }

    /// Whether a lower-cased text holds it, by the rule *Match*; `checker` is its own.
    pub(crate) fn occurs_in(&self, checker: &Checker<'_>, lower: &str) -> bool {
        match self.lookup {
            Lookup::Token(_) => whole_tokens(lower).any(|token| token == self.value),
            Lookup::Nowhere => false,
            _ => checker.occurs_in(lower),
        }
    }

    /// The same as a JSON string writes it, when that differs.
    pub(crate) fn escaped(&self) -> Option<Self> {
        let quoted = serde_json::to_string(&self.value).unwrap_or_default();
        let value = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned();
        if value == self.value {
            return None;
        }
        let lookup = match &self.lookup {
            Lookup::Wildcard(_) => Lookup::Wildcard(wildcard::hold(&value).ok()?),
            other => other.clone(),
        };
        Some(Self { value, ending: self.ending, lookup })
    }
}

/// How a lower-cased value with separators is looked up; `None` when it holds no token.
fn phrase(value: &str, ending: Ending) -> Option<Lookup> {
    let (mut tokens, mut places) = (Vec::new(), Vec::new());
    let edge = |c: Option<char>| c.is_some_and(|c| is_token_char(c) && c != '.');
    let mut told = ending == Ending::Any && edge(value.chars().next()) && edge(value.chars().next_back());
    for placed in placed_tokens(value) {
        if tokens.len() == MOST_TOKENS {
            return Some(Lookup::Phrase { tokens, places, told: false, longer_last: Vec::new() });
        }
        told &= placed.told;
        tokens.push(indexed_form(placed.token).into_owned());
        places.push(u32::try_from(placed.place).ok()?);
    }
    // The run that ends the value goes on where the value does.
    let last = runs(value).last().filter(|run| run.end == value.len()).and_then(|run| value.get(run));
    let last = last.map(|written| written.trim_start_matches('.')).filter(|written| !written.trim_end_matches('.').is_empty());
    let longer_last = last.map_or(Vec::new(), |written| vec![format!("{written}.."), format!("{written}.-")]);
    (!tokens.is_empty()).then_some(Lookup::Phrase { tokens, places, told, longer_last })
}

/// Finds a spelling in a lower-cased text, by the rule *Match*.
pub(crate) enum Checker<'n> {
    /// The value as it is written.
    Literal { finder: memmem::Finder<'n>, length: usize, ending: Ending },
    /// A form with wildcards.
    Form(regex::Regex),
    /// Addresses.
    Network(Network),
}

impl<'n> Checker<'n> {
    pub(crate) fn new(spelling: &'n Spelling) -> Self {
        match &spelling.lookup {
            Lookup::Network(network) => Self::Network(*network),
            Lookup::Wildcard(hold) => Self::Form(hold.regex.clone()),
            _ => Self::Literal {
                finder: memmem::Finder::new(spelling.value.as_bytes()),
                length: spelling.value.len(),
                ending: spelling.ending,
            },
        }
    }

    /// The same, with its value for itself.
    pub(crate) fn into_owned(self) -> Checker<'static> {
        match self {
            Self::Literal { finder, length, ending } => Checker::Literal { finder: finder.into_owned(), length, ending },
            Self::Form(form) => Checker::Form(form),
            Self::Network(network) => Checker::Network(network),
        }
    }

    pub(crate) fn occurs_in(&self, lower: &str) -> bool {
        self.next_in(lower, 0).is_some()
    }

    /// The bytes of the first occurrence at or after `from`.
    pub(crate) fn next_in(&self, lower: &str, from: usize) -> Option<Range<usize>> {
        match self {
            Self::Literal { finder, length, ending } => {
                let mut from = from;
                loop {
                    let at = from + finder.find(lower.as_bytes().get(from..)?)?;
                    if stands_alone(lower, at, at + length, *ending) {
                        return Some(at..at + length);
                    }
                    from = at + 1;
                }
            }
            Self::Form(regex) => wildcard::next_in(regex, lower, from),
            Self::Network(network) => network.next_in(lower, from),
        }
    }
}

/// Whether what stands at `start..end` is not glued to what is around it.
pub(crate) fn stands_alone(text: &str, start: usize, end: usize, ending: Ending) -> bool {
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return false };
    if before.chars().next_back().is_some_and(is_token_char) {
        return false;
    }
    let mut after = after.chars();
    match after.next() {
        Some('.') => !after.next().is_some_and(is_word),
        Some(c) if is_word(c) || c == '-' => false,
        Some('/') => ending == Ending::Any,
        Some('?' | '#' | '&' | '=' | '%') => ending != Ending::Url,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurs(value: &str, kind: NeedleKind, text: &str) -> bool {
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
            assert_eq!(occurs(value, NeedleKind::Plain, text), expected, "{value} in {text}");
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
            assert_eq!(occurs("http://e.com/A", NeedleKind::Url, text), expected, "{text}");
        }
        assert!(occurs("http://e.com/a", NeedleKind::Plain, "http://e.com/a/b"));
    }

    #[test]
    fn a_path_is_the_same_with_any_query() {
        for (text, expected) in [
            ("http://e.com/a?x=1", true),
            ("https://e.com/a#top", true),
            ("e.com/a", true),
            ("http://e.com/a/b", false),
            ("http://e.com/ab", false),
            ("http://www.e.com/a", false),
        ] {
            assert_eq!(occurs("e.com/a", NeedleKind::UrlPath, text), expected, "{text}");
        }
    }

    #[test]
    fn lookups_cover_what_the_check_would_find() {
        let spelling = Spelling::new("x://.E.com./a.", NeedleKind::Url).unwrap();
        let expected = Lookup::Phrase {
            tokens: vec!["x".into(), "e.com".into(), "a".into()],
            places: vec![0, 3, 6],
            told: false,
            longer_last: vec!["a...".into(), "a..-".into()],
        };
        assert_eq!(spelling.lookup, expected);
        assert_eq!(Spelling::new("::", NeedleKind::Plain), Err(NO_TOKEN));
        assert_eq!(Spelling::new(".evil.com", NeedleKind::Plain).map(|s| s.lookup), Ok(Lookup::Nowhere));
        assert_eq!(Spelling::new("EVIL.com", NeedleKind::Plain).map(|s| s.lookup), Ok(Lookup::Token("evil.com".into())));
    }
}
