//! The text under extraction, and safe ways to look around in it.

use model::observable::Refanged;

/// The longest word that is looked at as a whole; longer ones are looked at in pieces.
pub(super) const LONGEST_WORD: usize = 1_024;

/// The refanged text with the way back to the text as given.
pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    refanged: &'a Refanged,
    original: &'a str,
}

/// Characters of a word: letters, digits and the marks that names, numbers and addresses hold. The scripts that are
/// written without blanks do not count: names stand directly beside them.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') || (!c.is_ascii() && c < '\u{2e80}' && c.is_alphanumeric())
}

impl<'a> Page<'a> {
    pub(super) fn new(refanged: &'a Refanged, original: &'a str) -> Self {
        Self { text: &refanged.text, refanged, original }
    }

    pub(super) fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn char_at(&self, at: usize) -> Option<char> {
        self.rest(at).chars().next()
    }

    pub(super) fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    /// The end of the run of characters that starts at `at`, of at most `max` bytes (and the rest of a character).
    pub(super) fn run(&self, at: usize, max: usize, belongs: impl Fn(char) -> bool) -> usize {
        let mut end = at;
        for c in self.rest(at).chars() {
            if !belongs(c) || end - at >= max {
                break;
            }
            end += c.len_utf8();
        }
        end
    }

    /// The end of the word that starts at `at`.
    pub(super) fn word_end(&self, at: usize) -> usize {
        self.run(at, LONGEST_WORD, is_word)
    }

    /// The word that starts at `at`, without marks at its end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.slice(at, self.word_end(at)).trim_end_matches(['.', '-', '_'])
    }

    /// Up to `max` bytes before `at` on the same line, in lower case.
    pub(super) fn before(&self, at: usize, max: usize) -> String {
        let mut start = at.saturating_sub(max);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        let before = self.slice(start, at);
        before.rsplit(['\n', '\r']).next().unwrap_or_default().to_lowercase()
    }

    pub(super) fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        (self.refanged.original_start(start), self.refanged.original_end(end))
    }

    /// Whether this part was written defanged: somebody thought that it leads somewhere.
    pub(super) fn is_defanged(&self, start: usize, end: usize) -> bool {
        let (from, to) = self.original_range(start, end);
        let visible = |c: &char| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
        !self.original.get(from..to).unwrap_or_default().chars().filter(visible).eq(self.slice(start, end).chars())
    }

    /// The place after the line break and the indentation at `at`, when a line ends there.
    pub(super) fn next_line(&self, at: usize) -> Option<usize> {
        let blanks = self.run(at, 8, |c| matches!(c, ' ' | '\t' | '\r'));
        if self.char_at(blanks) != Some('\n') {
            return None;
        }
        let start = self.run(blanks + 1, 64, |c| matches!(c, ' ' | '\t'));
        (self.char_at(start) != Some('\n')).then_some(start)
    }
}
