//! Words, literals and signs of a pattern (STIX 2.1, section 9.1 and appendix B).

use super::{Literal, Operator, PatternError, Version};

/// A token, and the bytes where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) sort: Sort<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sort<'a> {
    /// An identifier without hyphens: a type or a key.
    Word(&'a str),
    /// An identifier with hyphens: a type.
    Hyphenated(&'a str),
    /// A reserved word.
    Keyword(&'a str),
    /// A value.
    Literal(Literal),
    /// `=`, `!=`, `<`, …
    Compare(Operator),
    /// One of `[ ] ( ) : . , *`.
    Sign(char),
    /// The end of the pattern.
    End,
}

const KEYWORDS: [&str; 15] = [
    "AND",
    "OR",
    "NOT",
    "FOLLOWEDBY",
    "LIKE",
    "MATCHES",
    "ISSUPERSET",
    "ISSUBSET",
    "IN",
    "START",
    "STOP",
    "SECONDS",
    "WITHIN",
    "REPEATS",
    "TIMES",
];

/// Takes a pattern apart, token by token.
pub(super) struct Lexer<'a> {
    pattern: &'a str,
    at: usize,
    version: Version,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(pattern: &'a str, version: Version) -> Self {
        Self { pattern, at: 0, version }
    }

    fn rest(&self) -> &'a str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> PatternError {
        PatternError::at(self.pattern, offset, message)
    }

    /// The next token; [`Sort::End`] for ever at the end.
    pub(super) fn next(&mut self) -> Result<Token<'a>, PatternError> {
        self.skip_space()?;
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token { sort: Sort::End, start, end: start });
        };
        let sort = match first {
            '\'' => Sort::Literal(Literal::Text(self.text(start)?)),
            't' | 'h' | 'b' if rest.get(1..2) == Some("'") => self.prefixed(first, start)?,
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '0'..='9' | '+' | '-' => self.number(start)?,
            '.' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(start)?,
            '[' | ']' | '(' | ')' | ':' | '.' | ',' | '*' => {
                self.at += 1;
                Sort::Sign(first)
            }
            _ => self.comparison(start)?,
        };
        Ok(Token { sort, start, end: self.at })
    }

    /// Passes white space and comments.
    fn skip_space(&mut self) -> Result<(), PatternError> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(char::is_whitespace);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find(['\r', '\n']).unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let end = trimmed.get(2..).and_then(|inside| inside.find("*/"));
                let end = end.ok_or_else(|| self.error(self.at, "expected `*/` at the end of this comment"))?;
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn word(&mut self) -> Sort<'a> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        self.at += end;
        match word {
            "true" => Sort::Literal(Literal::Bool(true)),
            "false" => Sort::Literal(Literal::Bool(false)),
            "EXISTS" if self.version == Version::V21 => Sort::Keyword(word),
            _ if KEYWORDS.contains(&word) => Sort::Keyword(word),
            _ if word.contains('-') => Sort::Hyphenated(word),
            _ => Sort::Word(word),
        }
    }

    fn number(&mut self, start: usize) -> Result<Sort<'a>, PatternError> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits_from = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
        let whole = digits_from(sign);
        let dot = sign + whole;
        let fraction = if bytes.get(dot) == Some(&b'.') { digits_from(dot + 1) } else { 0 };
        let end = if fraction > 0 { dot + 1 + fraction } else { dot };
        let text = rest.get(..end).unwrap_or_default();
        self.at += end;
        if fraction > 0 {
            let value = text.parse().map_err(|_| self.error(start, "expected a number"))?;
            return Ok(Sort::Literal(Literal::Float(value)));
        }
        if whole == 0 {
            return Err(self.error(start, "expected a number after the sign"));
        }
        if whole > 1 && bytes.get(sign) == Some(&b'0') {
            return Err(self.error(start, "expected a number without leading zeros"));
        }
        let value = text.parse().map_err(|_| self.error(start, format!("expected a number of 64 bits, found {text}")))?;
        Ok(Sort::Literal(Literal::Int(value)))
    }

    fn comparison(&mut self, start: usize) -> Result<Sort<'a>, PatternError> {
        let rest = self.rest();
        let (length, operator) = match rest.as_bytes() {
            [b'=', b'=', ..] => (2, Operator::Equal),
            [b'=', ..] => (1, Operator::Equal),
            [b'!', b'=', ..] | [b'<', b'>', ..] => (2, Operator::NotEqual),
            [b'<', b'=', ..] => (2, Operator::LessOrEqual),
            [b'<', ..] => (1, Operator::Less),
            [b'>', b'=', ..] => (2, Operator::GreaterOrEqual),
            [b'>', ..] => (1, Operator::Greater),
            _ => {
                let found = rest.chars().next().unwrap_or_default();
                return Err(self.error(start, format!("`{}` has no place in a pattern", found.escape_debug())));
            }
        };
        self.at += length;
        Ok(Sort::Compare(operator))
    }

    /// A quoted text that begins at the cursor; `start` is where its literal begins.
    fn text(&mut self, start: usize) -> Result<String, PatternError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['\'', '\\']).ok_or_else(|| self.error(start, "expected a `'` at the end of this text"))?;
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain + 1;
            if rest.as_bytes().get(plain) == Some(&b'\'') {
                return Ok(text);
            }
            match rest.as_bytes().get(plain + 1) {
                Some(b'\'') => text.push('\''),
                Some(b'\\') => text.push('\\'),
                _ => return Err(self.error(self.at - 1, "expected `\\\\` or `\\'`: a backslash in text is written twice")),
            }
            self.at += 1;
        }
    }

    /// `t'…'`, `h'…'` or `b'…'`.
    fn prefixed(&mut self, prefix: char, start: usize) -> Result<Sort<'a>, PatternError> {
        self.at += 1;
        let text = self.text(start)?;
        let literal = match prefix {
            't' if is_timestamp(&text) => Literal::Timestamp(text),
            't' => return Err(self.error(start, "expected a time like t'2026-11-24T09:30:00Z'")),
            'h' if text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()) => Literal::Hex(text),
            'h' => return Err(self.error(start, "expected pairs of hexadecimal digits, like h'ffd8'")),
            _ if is_base64(&text) => Literal::Binary(text),
            _ => return Err(self.error(start, "expected Base64 with its padding, like b'dGVzdA=='")),
        };
        Ok(Sort::Literal(literal))
    }
}

/// Whether text has the form of a timestamp (RFC 3339, UTC). Days are not counted by month: the grammar does not either.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .and_then(|digits| digits.iter().try_fold(0_u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0'))))
    };
    let within = |from: usize, low: u32, high: u32| number(from, from + 2).is_some_and(|n| (low..=high).contains(&n));
    let sign = |at: usize, sign: u8| bytes.get(at) == Some(&sign);
    let fraction = match bytes.get(19..) {
        Some([b'Z']) => true,
        Some([b'.', digits @ .., b'Z']) => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    number(0, 4).is_some()
        && sign(4, b'-')
        && within(5, 1, 12)
        && sign(7, b'-')
        && within(8, 1, 31)
        && sign(10, b'T')
        && within(11, 0, 23)
        && sign(13, b':')
        && within(14, 0, 59)
        && sign(16, b':')
        && within(17, 0, 60)
        && fraction
}

/// Whether text is Base64 (RFC 4648, section 4) with its padding.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    text.len().is_multiple_of(4) && padding <= 2 && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}
