//! Defanging: how reports write dangerous values so that nobody follows them by accident, and the way back.

use std::fmt::Write as _;

use super::{Observable, ObservableType, url};

/// Text with defanging undone, that still knows where each part stood in the text as given.
#[derive(Debug, Clone, Default)]
pub struct Refanged {
    /// The text with defanging undone.
    pub text: String,
    spans: Vec<Span>,
}

/// A stretch of the text: copied as it was, or put in place of something.
#[derive(Debug, Clone, Copy)]
struct Span {
    out: usize,
    start: usize,
    end: usize,
    copied: bool,
}

impl Refanged {
    fn copy(&mut self, at: usize, c: char) {
        let end = at + c.len_utf8();
        match self.spans.last_mut() {
            Some(last) if last.copied && last.end == at => last.end = end,
            _ => self.spans.push(Span { out: self.text.len(), start: at, end, copied: true }),
        }
        self.text.push(c);
    }

    fn replace(&mut self, start: usize, end: usize, with: &str) {
        self.spans.push(Span { out: self.text.len(), start, end, copied: false });
        self.text.push_str(with);
    }

    /// Takes back a blank that was copied last; says where it stood.
    fn take_back_blank(&mut self) -> Option<usize> {
        if !self.text.ends_with(' ') {
            return None;
        }
        let last = self.spans.last_mut().filter(|s| s.copied)?;
        self.text.pop();
        last.end -= 1;
        let at = last.end;
        if last.start == last.end {
            self.spans.pop();
        }
        Some(at)
    }

    fn span_at(&self, offset: usize) -> Option<&Span> {
        let after = self.spans.partition_point(|s| s.out <= offset);
        after.checked_sub(1).and_then(|i| self.spans.get(i))
    }

    /// Where the byte at `offset` of the refanged text starts in the text as given.
    #[must_use]
    pub fn original_start(&self, offset: usize) -> usize {
        match self.span_at(offset) {
            Some(span) if span.copied => (span.start + (offset - span.out)).min(span.end),
            Some(span) => span.start,
            None => 0,
        }
    }

    /// Where what ends at `offset` of the refanged text ends in the text as given.
    #[must_use]
    pub fn original_end(&self, offset: usize) -> usize {
        let Some(last) = offset.checked_sub(1) else { return 0 };
        match self.span_at(last) {
            Some(span) if span.copied => (span.start + (offset - span.out)).min(span.end),
            Some(span) => span.end,
            None => 0,
        }
    }
}

/// Zero-width characters and soft hyphens: they are put into values by accident of layout, or to break them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The value without characters that nobody sees.
pub(super) fn without_invisible(value: &str) -> String {
    value.chars().filter(|c| !is_invisible(*c)).collect()
}

/// Undoes defanging in one value, or in the words of a search.
#[must_use]
pub fn refang(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    let mut text = Scanner::new(value, false).run().text;
    // Brackets can be nested; until nothing changes, so that there is one normal form. Each round makes the text shorter.
    for _ in 0..64 {
        let again = Scanner::new(&text, false).run().text;
        if again == text {
            break;
        }
        text = again;
    }
    text
}

/// Whether nothing in a value can be defanging, told in one pass: most values that come by the hundred thousand are so.
fn is_plain(value: &str) -> bool {
    let after_scheme = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    after_scheme.unwrap_or(value).bytes().all(|b| match b {
        b'[' | b'(' | b'{' | b']' | b'\\' | b' ' | b':' => false,
        // It may stand for a dot in the authority of a URL only.
        b',' => after_scheme.is_none(),
        b => b.is_ascii(),
    })
}

/// Undoes defanging in running text, where ` dot ` may be prose.
#[must_use]
pub fn refang_text(text: &str) -> Refanged {
    Scanner::new(text, true).run()
}

/// What may stand in brackets, and what it stands for.
const BRACKETED: &[(&str, &str)] = &[
    ("://", "://"),
    (":/", ":/"),
    ("//", "//"),
    (".", "."),
    (",", "."),
    ("dot", "."),
    ("punkt", "."),
    ("@", "@"),
    ("at", "@"),
    (":", ":"),
    ("/", "/"),
];

/// Spellings of schemes that nobody follows.
const SCHEMES: &[(&str, &str)] = &[
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("htxps", "https"),
    ("htxp", "http"),
    ("hxtps", "https"),
    ("hxtp", "http"),
    ("httxs", "https"),
    ("hxps", "https"),
    ("hxp", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
    ("sfxp", "sftp"),
    ("meows", "https"),
    ("meow", "http"),
];

struct Scanner<'a> {
    text: &'a str,
    running: bool,
    out: Refanged,
    /// The end of the word that was looked at last, and whether its backslashes are those of a path.
    word_end: usize,
    word_is_path: bool,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, running: bool) -> Self {
        Self { text, running, out: Refanged::default(), word_end: 0, word_is_path: false }
    }

    fn run(mut self) -> Refanged {
        let mut at = 0;
        while let Some(c) = self.rest(at).chars().next() {
            if at >= self.word_end && !c.is_whitespace() {
                self.look_at_word(at);
            }
            at = self.step(at, c).unwrap_or_else(|| {
                self.out.copy(at, c);
                at + c.len_utf8()
            });
        }
        self.out
    }

    fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// Replaces what stands at `at`, if it is defanging; says where to go on.
    fn step(&mut self, at: usize, c: char) -> Option<usize> {
        match c {
            _ if is_invisible(c) => Some(at + c.len_utf8()),
            // Word processors put a hyphen that does not break into names and numbers.
            '\u{2010}' | '\u{2011}' => {
                self.out.replace(at, at + c.len_utf8(), "-");
                Some(at + c.len_utf8())
            }
            '[' | '(' | '{' => self.bracketed(at, c),
            '.' => self.half_bracket_after(at),
            '\\' => self.backslash(at),
            'h' | 'H' | 'f' | 'F' | 's' | 'S' | 'm' | 'M' => self.scheme(at),
            ' ' => self.spelled_dot(at),
            _ => None,
        }
    }

    fn look_at_word(&mut self, at: usize) {
        let rest = self.rest(at);
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        self.word_end = at + word.len().max(1);
        let escaped_slashes = word.contains(":\\/\\/");
        let mut bytes = word.bytes().peekable();
        self.word_is_path = false;
        while let Some(b) = bytes.next() {
            let next = bytes.peek();
            if b == b'\\' && !(next == Some(&b'.') || (escaped_slashes && next == Some(&b'/'))) {
                self.word_is_path = true;
                break;
            }
        }
    }

    fn before_is_word(&self) -> bool {
        self.out.text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    }

    /// `[.]`, `(dot)`, `{at}`, `[ . ]`, also ` [.] `; and `[.` before a letter.
    fn bracketed(&mut self, at: usize, open: char) -> Option<usize> {
        let close = match open {
            '[' => ']',
            '(' => ')',
            _ => '}',
        };
        let inside = self.rest(at + 1);
        let bare = inside.trim_start_matches(' ');
        for (word, stands_for) in BRACKETED {
            let Some(after) = strip_prefix_ignoring_case(bare, word) else {
                continue;
            };
            let Some(after) = after.trim_start_matches(' ').strip_prefix(close) else {
                continue;
            };
            let mut end = self.text.len() - after.len();
            let mut start = at;
            // Blanks on both sides belong to it; `(,)` or `(/)` standing alone is prose.
            let glued = self.before_is_word() || at == 0;
            if matches!(*stands_for, "." | "@") && self.out.text.ends_with(' ') {
                // `(at)` between blanks is prose more often than not.
                let prose = self.running && open == '(' && word.starts_with(char::is_alphabetic);
                let next = after.strip_prefix(' ').and_then(|s| s.chars().next());
                if prose {
                    return None;
                }
                if next.is_some_and(char::is_alphanumeric) {
                    start = self.out.take_back_blank()?;
                    end += 1;
                }
            } else if !glued && word.starts_with(char::is_alphabetic) {
                return None;
            } else if *stands_for == "." && glued {
                end += line_break(after);
            }
            self.out.replace(start, end, stands_for);
            return Some(end);
        }
        let half = open == '[' && self.before_is_word() && inside.starts_with('.');
        if half && inside.chars().nth(1).is_some_and(char::is_alphanumeric) {
            self.out.replace(at, at + 2, ".");
            return Some(at + 2);
        }
        None
    }

    /// `.]` between letters.
    fn half_bracket_after(&mut self, at: usize) -> Option<usize> {
        let after = self.rest(at + 1).strip_prefix(']')?;
        if !self.before_is_word() || !after.chars().next().is_some_and(char::is_alphanumeric) {
            return None;
        }
        self.out.replace(at, at + 2, ".");
        Some(at + 2)
    }

    /// `\.` in a word that is no path, and `:\/\/` as JSON escapes it.
    fn backslash(&mut self, at: usize) -> Option<usize> {
        let next = self.rest(at + 1).chars().next()?;
        let escapes_dot = next == '.' && self.before_is_word() && self.rest(at + 2).chars().next().is_some_and(char::is_alphanumeric);
        if self.word_is_path || !(escapes_dot || next == '/') {
            return None;
        }
        self.out.replace(at, at + 2, if next == '.' { "." } else { "/" });
        Some(at + 2)
    }

    /// `hxxp` and the like, where a colon follows; and what else is done to the start of a URL.
    fn scheme(&mut self, at: usize) -> Option<usize> {
        if self.out.text.chars().next_back().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let rest = self.rest(at);
        let (written, scheme) =
            SCHEMES.iter().copied().chain([("https", "https"), ("http", "http")]).find(|(written, _)| {
                strip_prefix_ignoring_case(rest, written).is_some_and(|after| after.starts_with([':', '[', '(', '{']))
            })?;
        let mut end = at + written.len();
        let after = self.rest(end);
        let colon = [":", "[:]", "(:)", "{:}", "[://]", "(://)", "[:/]", "[:]//"].into_iter().any(|c| after.starts_with(c));
        if !colon {
            return None;
        }
        self.out.replace(at, end, scheme);
        // `http://[host` and `http://[host]`: brackets around a name are defanging, around an IPv6 address they are not.
        if let Some(inside) = after.strip_prefix("://[") {
            let length = inside.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).unwrap_or(inside.len());
            if length > 0 && !inside.get(length..).is_some_and(|s| s.starts_with(':')) {
                self.out.replace(end, end + 4, "://");
                end += 4;
                self.out.replace(end, end + length, inside.get(..length).unwrap_or_default());
                end += length;
                return Some(if inside.get(length..).is_some_and(|s| s.starts_with(']')) { end + 1 } else { end });
            }
        }
        // `http:\\host` and `http://host,tld`: the authority is written otherwise, the rest is left as it is.
        if after.starts_with(":\\\\") {
            self.out.replace(end, end + 3, "://");
            end += 3;
        }
        if let Some(authority) = self.rest(end).strip_prefix("://") {
            let host = authority.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ','))).next().unwrap_or_default();
            let next = authority.get(host.len()..).and_then(|s| s.chars().next());
            let stands_alone = next.is_none_or(|c| c == '/' || c == ':' || c.is_whitespace());
            if host.contains(',') && stands_alone && host.split(',').all(|label| !label.is_empty()) {
                self.out.replace(end, end + 3, "://");
                self.out.replace(end + 3, end + 3 + host.len(), &host.replace(',', "."));
                end += 3 + host.len();
            }
        }
        Some(end)
    }

    /// ` dot ` between two parts of a name.
    fn spelled_dot(&mut self, at: usize) -> Option<usize> {
        let after = strip_prefix_ignoring_case(self.rest(at), " dot ")?;
        if !self.before_is_word() {
            return None;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let next = after.split(|c| !is_part(c)).next().unwrap_or_default();
        if next.is_empty() {
            return None;
        }
        if self.running {
            let before = self.out.text.rsplit(|c: char| !is_part(c)).next().unwrap_or_default();
            const PROSE: &[&str] =
                &["the", "a", "an", "and", "this", "that", "is", "of", "to", "or", "with", "one", "each", "red", "every"];
            let follows = after.get(next.len()..).unwrap_or_default();
            let goes_on = strip_prefix_ignoring_case(follows, " dot ").is_some() || follows.starts_with(['.', '[']);
            let ends = psl::suffix(next.as_bytes()).is_some_and(|s| s.is_known());
            if PROSE.iter().any(|p| before.eq_ignore_ascii_case(p)) || !(goes_on || ends) {
                return None;
            }
        }
        self.out.replace(at, at + 5, ".");
        Some(at + 5)
    }
}

/// How long the line break is that a page put after `[.]`; 0 when the line does not end there, or no name goes on.
fn line_break(after: &str) -> usize {
    let trimmed = after.trim_start_matches([' ', '\t', '\r', '\n']);
    let length = after.len() - trimmed.len();
    let breaks = after.get(..length).unwrap_or_default().matches('\n').count();
    if breaks == 1 && length <= 64 && trimmed.starts_with(char::is_alphanumeric) { length } else { 0 }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

/// An observable as it may be shown and pasted anywhere: `hxxps[:]//evil[.]example/path`, `name[@]evil[.]example`.
///
/// Only what something might follow is changed; hashes, paths and names are shown as they are.
#[must_use]
pub fn defang(observable: &Observable) -> String {
    let value = observable.value.as_str();
    let dots = |s: &str| s.replace('.', "[.]");
    match observable.kind {
        ObservableType::Ipv4Addr | ObservableType::DomainName | ObservableType::Hostname => dots(value),
        ObservableType::Ipv6Addr => value.replace(':', "[:]"),
        ObservableType::EmailAddr => match value.rsplit_once('@') {
            Some((local, domain)) => format!("{local}[@]{}", dots(domain)),
            None => dots(value),
        },
        ObservableType::Url => match (value.split_once("://"), url::host(value)) {
            (Some((scheme, rest)), Some(host)) => {
                let mut out = scheme.replacen("http", "hxxp", 1).replacen("ftp", "fxp", 1);
                let (user, after) = rest.split_once(host).unwrap_or(("", rest));
                let shown = if host.starts_with('[') { host.to_owned() } else { dots(host) };
                let _ = write!(out, "[:]//{user}{shown}{after}");
                out
            }
            _ => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_plain_is_what_the_scanner_leaves_alone(value in r"(https?://)?[a-z.,:/\\\[\] \-é@h(x]{0,24}") {
            if is_plain(&value) {
                proptest::prop_assert_eq!(Scanner::new(&value, false).run().text, value);
            }
        }
    }

    #[test]
    fn every_way_of_defanging_is_undone() {
        for (defanged, plain) in [
            ("hxxp://evil[.]example", "http://evil.example"),
            ("hXXps[:]//evil(.)example/a", "https://evil.example/a"),
            ("hxxps[://]evil{.}example", "https://evil.example"),
            ("h**p://evil.example", "http://evil.example"),
            ("evil[dot]example", "evil.example"),
            ("evil (dot) example", "evil.example"),
            ("evil dot example", "evil.example"),
            ("evil[ . ]example", "evil.example"),
            ("http://[evil.example]/a", "http://evil.example/a"),
            ("http://[evil.example", "http://evil.example"),
            ("evil\u{2011}corp[.]example", "evil-corp.example"),
            ("evil [.] example", "evil.example"),
            ("evil[.example", "evil.example"),
            ("evil.]example", "evil.example"),
            ("evil\\.example", "evil.example"),
            ("192[.]0[dot]2[.]1", "192.0.2.1"),
            ("joe[@]evil[.]example", "joe@evil.example"),
            ("joe[at]evil[dot]example", "joe@evil.example"),
            ("joe [at] evil [dot] example", "joe@evil.example"),
            ("ev\u{200b}il.exa\u{ad}mple", "evil.example"),
            ("http:\\\\evil.example\\a", "http://evil.example\\a"),
            ("http://evil,example/", "http://evil.example/"),
            ("http:\\/\\/evil.example\\/a", "http://evil.example/a"),
            ("fxp://evil.example", "ftp://evil.example"),
            ("http://evil.example[/]a", "http://evil.example/a"),
            ("2001[:]db8[:][:]1", "2001:db8::1"),
        ] {
            assert_eq!(refang(defanged), plain, "{defanged}");
        }
    }

    #[test]
    fn prose_and_paths_stay() {
        for same in [
            "C:\\Users\\joe\\.ssh\\id",
            "the dot com years (at) noon",
            "see [1], (a) and {b}",
            "an array a[0].b",
            "hxxp is a scheme",
            "http://[::1]:80/",
        ] {
            assert_eq!(refang_text(same).text, same);
        }
    }

    #[test]
    fn offsets_lead_back() {
        assert_eq!(refang_text("evil[.]\n  example now").text, "evil.example now");
        let given = "go to hxxp://ev\u{200b}il[.]example [.] com now";
        let refanged = refang_text(given);
        let at = refanged.text.find("http://evil.example.com").unwrap();
        let (start, end) = (refanged.original_start(at), refanged.original_end(at + "http://evil.example.com".len()));
        assert_eq!(given.get(start..end), Some("hxxp://ev\u{200b}il[.]example [.] com"));
    }

    #[test]
    fn what_is_shown_cannot_be_followed() {
        for (kind, value, shown) in [
            (ObservableType::Url, "https://evil.example/a.b", "hxxps[:]//evil[.]example/a.b"),
            (ObservableType::Url, "http://[2001:db8::1]/", "hxxp[:]//[2001:db8::1]/"),
            (ObservableType::Ipv4Addr, "192.0.2.1", "192[.]0[.]2[.]1"),
            (ObservableType::Ipv6Addr, "2001:db8::1", "2001[:]db8[:][:]1"),
            (ObservableType::EmailAddr, "a.b@evil.example", "a.b[@]evil[.]example"),
            (ObservableType::FileName, "a.exe", "a.exe"),
        ] {
            let observable = Observable::new(kind, value).unwrap();
            assert_eq!(defang(&observable), shown);
            assert_eq!(Observable::new(kind, shown).unwrap(), observable);
        }
    }
}
