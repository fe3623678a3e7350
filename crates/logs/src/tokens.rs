//! Tokens, by the rule *Match*: lower-cased, a maximal run of letters, digits, `_`, `-` and `.`, outer dots stripped.
//!
//! One walk serves the index and the search, so that the two cannot differ.

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Longer tokens are indexed by their hash. No host or domain name is longer; what is, is encoded data, which would
/// only swell the dictionary, and past 65,530 bytes the index library drops a token silently.
const LONGEST_TOKEN: usize = 255;

/// Begins the indexed form of a hashed token. No token holds it.
const HASHED: char = '\u{1}';

/// For each ASCII byte, whether it may stand in a token.
const ASCII_TOKEN: [bool; 128] = {
    let mut table = [false; 128];
    let mut b = 0;
    while b < 128 {
        let c = b as u8;
        table[b] = c.is_ascii_alphanumeric() || c == b'_' || c == b'-' || c == b'.';
        b += 1;
    }
    table
};

/// A letter or digit in the sense of Unicode, or an underscore.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { c.is_alphanumeric() }
}

/// Whether `c` may stand in a token.
pub(crate) fn is_token_char(c: char) -> bool {
    is_word(c) || c == '-' || c == '.'
}

/// The next run of token characters at or after `from`, outer dots included.
fn next_run(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut start = None;
    while let Some(&b) = bytes.get(at) {
        let (inside, width) = if b < 128 {
            (ASCII_TOKEN[usize::from(b)], 1)
        } else {
            let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('\u{fffd}');
            (c.is_alphanumeric(), c.len_utf8())
        };
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(start)) => return Some(start..at),
            _ => {}
        }
        at += width;
    }
    start.map(|start| start..bytes.len())
}

/// How far the tokens beside a separator of Windows' paths and registry keys stand from each other: so these, of which most events
/// hold some, are found by the places of their tokens alone.
const STEPS: &[(&str, usize)] = &[("\\", 4), (":\\", 5)];
/// The distance around any other separator, which it does not tell. Two of any distance are longer than each one.
const OTHER_STEP: usize = 3;

/// Tells the place of each token of a text, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Placer {
    place: usize,
    /// Where the token before ends, and whether dots stand before it.
    before: Option<(usize, bool)>,
}

impl Placer {
    /// The place of the token in `run`, its dots taken off; and whether it tells the separator before.
    ///
    /// Nothing that begins with a token behind dots is found there by the rule: so the step behind such a token is not told.
    fn place(&mut self, text: &str, run: &Range<usize>, token: &Range<usize>) -> (usize, bool) {
        let Some((end, dotted)) = self.before.replace((token.end, token.start > run.start)) else { return (0, true) };
        let separator = text.get(end..token.start).unwrap_or_default();
        let steps = STEPS.iter().find(|(known, _)| *known == separator && !dotted).map(|(_, steps)| *steps);
        self.place = self.place.wrapping_add(steps.unwrap_or(OTHER_STEP));
        (self.place, steps.is_some())
    }
}

/// A token of a text, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed<'t> {
    /// Outer dots stripped.
    pub(crate) token: &'t str,
    /// See [`Placer`].
    pub(crate) place: usize,
    /// Whether the distance to the token before tells the separator between them.
    pub(crate) told: bool,
}

/// The token in a run, outer dots stripped; none when there are but dots.
fn stripped(text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let written = text.get(run.clone()).unwrap_or_default();
    let start = run.start + (written.len() - written.trim_start_matches('.').len());
    let token = start..start + written.trim_matches('.').len();
    (!token.is_empty()).then_some(token)
}

/// The tokens of a lower-cased text with their places.
pub(crate) fn placed_tokens(lower: &str) -> impl Iterator<Item = Placed<'_>> {
    let mut placer = Placer::default();
    runs(lower).filter_map(move |run| {
        let token = stripped(lower, &run)?;
        let (place, told) = placer.place(lower, &run, &token);
        Some(Placed { token: lower.get(token)?, place, told })
    })
}

/// The tokens of a lower-cased text, in order.
pub(crate) fn whole_tokens(lower: &str) -> impl Iterator<Item = &str> {
    runs(lower).map(|run| lower.get(run).unwrap_or_default().trim_matches('.')).filter(|token| !token.is_empty())
}

/// The runs of a text, outer dots included.
pub(crate) fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = next_run(text, at)?;
        at = run.end;
        Some(run)
    })
}

/// How a token stands in the index.
pub(crate) fn indexed_form(token: &str) -> Cow<'_, str> {
    if token.len() <= LONGEST_TOKEN {
        Cow::Borrowed(token)
    } else {
        Cow::Owned(format!("{HASHED}{}", model::text::hex(&Sha256::digest(token.as_bytes()))))
    }
}

/// Last labels that make a token a file name rather than a domain. They are no top-level domains, and leaving them out
/// keeps the list of domains short on Windows events.
const FILE_ENDINGS: &[&str] = &[
    "bat", "bin", "cmd", "config", "cpl", "csv", "dat", "db", "dll", "dmp", "drv", "evtx", "exe", "htm", "html", "ini", "jpg", "json",
    "lnk", "log", "msc", "mui", "ocx", "pdb", "php", "png", "psm", "scr", "sdb", "sqlite", "sys", "tmp", "txt", "vbs", "xml",
];

/// Whether names that end in this label are listed for [`below_key`] lookups. Others are found by walking the whole
/// dictionary, which takes longer and gives the same answer.
pub(crate) fn is_domain_ending(label: &str) -> bool {
    let name = label.len() >= 2 && (label.starts_with("xn--") || label.chars().all(char::is_alphabetic));
    name && FILE_ENDINGS.binary_search(&label).is_err()
}

/// The last label of a dotted token.
fn dotted_ending(token: &str) -> Option<&str> {
    token.rsplit_once('.').map(|(_, ending)| ending)
}

/// A name back to front: names below a domain begin with the domain's own key and a dot.
pub(crate) fn below_key(name: &str) -> String {
    name.chars().rev().collect()
}

/// Which tokens of a text a [`MatchTokenizer`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All.
    All,
    /// Domain names only, back to front.
    Below,
}

/// Makes the tokens of a text for the index. Takes the text as it was written and lower-cases it.
#[derive(Debug, Clone)]
pub(crate) struct MatchTokenizer {
    which: Which,
    token: Token,
}

impl MatchTokenizer {
    pub(crate) fn new(which: Which) -> Self {
        Self { which, token: Token::default() }
    }
}

/// See [`MatchTokenizer`].
pub(crate) struct MatchStream<'a> {
    which: Which,
    /// Plain ASCII stays as it was written, and its tokens are lowered one by one; other text is lowered as a whole,
    /// since what becomes of a letter may depend on its neighbours (a final sigma).
    text: Cow<'a, str>,
    at: usize,
    placer: Placer,
    token: &'a mut Token,
}

impl Tokenizer for MatchTokenizer {
    type TokenStream<'a> = MatchStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> MatchStream<'a> {
        self.token.reset();
        self.token.position = 0;
        let text = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) };
        MatchStream { which: self.which, text, at: 0, placer: Placer::default(), token: &mut self.token }
    }
}

impl MatchStream<'_> {
    /// Puts the next token into `self.token.text`.
    fn next_token(&mut self) -> Option<()> {
        loop {
            let run = next_run(&self.text, self.at)?;
            self.at = run.end;
            let Some(token) = stripped(&self.text, &run) else { continue };
            self.token.position = self.placer.place(&self.text, &run, &token).0;
            let out = &mut self.token.text;
            out.clear();
            out.push_str(self.text.get(token).unwrap_or_default());
            out.make_ascii_lowercase();
            if out.len() > LONGEST_TOKEN {
                *out = indexed_form(out).into_owned();
            }
            return Some(());
        }
    }

    /// Puts the next domain name, back to front, into `self.token.text`. Looks at what is around dots only.
    fn next_below(&mut self) -> Option<()> {
        loop {
            let dot = self.at + memchr::memchr(b'.', self.text.as_bytes().get(self.at..)?)?;
            let before = self.text.get(self.at..dot).unwrap_or_default();
            let start = before.char_indices().rev().take_while(|(_, c)| is_token_char(*c)).last().map_or(dot, |(at, _)| self.at + at);
            let run = next_run(&self.text, start)?;
            self.at = run.end;
            let token = self.text.get(run).unwrap_or_default().trim_matches('.');
            let Some(ending) = dotted_ending(token).filter(|_| token.len() <= LONGEST_TOKEN) else { continue };
            let out = &mut self.token.text;
            out.clear();
            out.push_str(ending);
            out.make_ascii_lowercase();
            if !is_domain_ending(out) {
                continue;
            }
            out.clear();
            out.extend(token.chars().rev());
            out.make_ascii_lowercase();
            return Some(());
        }
    }
}

impl TokenStream for MatchStream<'_> {
    fn advance(&mut self) -> bool {
        match self.which {
            Which::All => self.next_token(),
            Which::Below => self.next_below(),
        }
        .is_some()
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(which: Which, text: &str) -> Vec<(usize, String)> {
        let mut tokenizer = MatchTokenizer::new(which);
        let mut stream = tokenizer.token_stream(text);
        let mut all = Vec::new();
        while stream.advance() {
            all.push((stream.token().position, stream.token().text.clone()));
        }
        all
    }

    #[test]
    fn index_and_search_cut_text_alike() {
        for text in ["", "..", "A.b-C_d 10.0.5.13:8080 .evil.com. *.x", "ΟΔΟΣ ΟΔΟΣ.x Straße\u{301} 日本.jp|İx", "a\u{0}b\nc..d"]
        {
            let lower = text.to_lowercase();
            let expected: Vec<(usize, String)> = placed_tokens(&lower).map(|placed| (placed.place, placed.token.to_owned())).collect();
            assert_eq!(indexed(Which::All, text), expected, "{text:?}");
            assert!(placed_tokens(&lower).map(|placed| placed.token).eq(whole_tokens(&lower)));
        }
        assert_eq!(whole_tokens("http://evil.com/a.exe?x=1.").collect::<Vec<_>>(), ["http", "evil.com", "a.exe", "x", "1"]);
    }

    #[test]
    fn places_tell_separators() {
        let places = |text: &'static str| placed_tokens(text).map(|p| (p.token, p.place, p.told)).collect::<Vec<_>>();
        assert_eq!(places(r"c:\a\b.exe -x"), [("c", 0, true), ("a", 5, true), ("b.exe", 9, true), ("-x", 12, false)]);
        assert_eq!(places("a\n..b. c\\d"), [("a", 0, true), ("b", 3, false), ("c", 6, false), ("d", 10, true)]);
        assert_eq!(places(".c:\\a 。d"), [("c", 0, true), ("a", 3, false), ("d", 6, false)]);
        let shortest = STEPS.iter().map(|(_, steps)| *steps).chain([OTHER_STEP]).min();
        assert!(STEPS.iter().all(|(_, steps)| shortest.is_some_and(|shortest| *steps < 2 * shortest)));
    }

    #[test]
    fn long_tokens_are_hashed_alike() {
        let long = "A".repeat(1 << 20);
        let lower = long.to_lowercase();
        assert_eq!(indexed(Which::All, &long), [(0, indexed_form(&lower).into_owned())]);
        assert_eq!(indexed_form(&lower).len(), 65);
        assert_eq!(indexed_form("abc"), "abc");
    }

    #[test]
    fn only_names_are_listed_below() {
        let names: Vec<String> = indexed(Which::Below, "MKT01.Pandalab.com 10.0.5.13 svchost.EXE v1.2 a.b. x.日本 c.xn--p1ai")
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(names, ["moc.baladnap.10tkm", "本日.x", "ia1p--nx.c"]);
        assert!(FILE_ENDINGS.is_sorted());
    }
}
