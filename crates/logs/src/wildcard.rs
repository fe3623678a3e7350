//! Values with wildcards: `*` for any text within a value, `?` for one character. File names, paths, command lines and
//! registry keys are asked for so.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::tokens::{indexed_form, is_token_char};

/// What the index is asked for, and the exact form.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    /// Tokens that stand in every event that matches.
    pub(crate) tokens: Vec<String>,
    /// When there are none: what one token of every such event looks like.
    pub(crate) part: Option<Part>,
    /// Group 1 is the match.
    pub(crate) regex: Regex,
}

impl PartialEq for Hold {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Hold {}

/// A part of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// It begins so.
    Begins(String),
    /// It holds this somewhere: all tokens have to be looked through.
    Holds(String),
}

/// Whether the value has a wildcard.
pub(crate) fn has(value: &str) -> bool {
    value.contains(['*', '?'])
}

/// How a value with wildcards, in lower case, is found.
///
/// # Errors
/// When it has nothing but wildcards and separators, or is too long.
pub(crate) fn hold(value: &str) -> Result<Hold, &'static str> {
    let mut tokens = Vec::new();
    let mut parts = Vec::new();
    let mut at = 0;
    for piece in value.split_inclusive(|c| !(is_token_char(c) || c == '*' || c == '?')) {
        let word = piece.trim_end_matches(|c| !(is_token_char(c) || c == '*' || c == '?'));
        let ends_value = at + word.len() == value.len();
        at += piece.len();
        if !has(word) {
            let token = word.trim_matches('.');
            // The last token may go on behind a dot that is no part of the value.
            if !token.is_empty() && !ends_value {
                tokens.push(indexed_form(token).into_owned());
            } else if !token.is_empty() {
                parts.push(Part::Begins(word.trim_start_matches('.').to_owned()));
            }
            continue;
        }
        let literals = word.split(['*', '?']).enumerate().filter(|(_, literal)| !literal.trim_matches('.').is_empty());
        parts.extend(literals.map(|(place, literal)| {
            let begins = place == 0 && !literal.starts_with('.');
            if begins { Part::Begins(literal.to_owned()) } else { Part::Holds(literal.trim_matches('.').to_owned()) }
        }));
    }
    let length = |part: &Part| match part {
        Part::Begins(text) => text.len() * 4,
        Part::Holds(text) => text.len(),
    };
    let part = parts.into_iter().max_by_key(length);
    if tokens.is_empty() && part.is_none() {
        return Err("it holds no letter or digit beside its wildcards, so the log index has nothing to look it up by");
    }
    Ok(Hold { tokens, part, regex: regex(value)? })
}

/// The exact form: not glued to token characters at ends that are no wildcards.
fn regex(value: &str) -> Result<Regex, &'static str> {
    const NO_WORD: &str = r"[^\p{Alphabetic}\p{N}_\-.]";
    let mut pattern = String::new();
    if !value.starts_with('*') {
        pattern.push_str(&format!("(?:^|{NO_WORD})"));
    }
    pattern.push('(');
    let mut literal = [0; 4];
    for c in value.chars() {
        match c {
            '*' => pattern.push_str("[^\n]*?"),
            '?' => pattern.push_str("[^\n]"),
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut literal))),
        }
    }
    pattern.push(')');
    if !value.ends_with('*') {
        pattern.push_str(&format!(r"(?:$|{NO_WORD}|\.(?:$|{NO_WORD}))"));
    }
    RegexBuilder::new(&pattern).size_limit(1 << 20).build().map_err(|_| "it is too long for a value with wildcards")
}

/// The bytes of the first match at or after `from`.
pub(crate) fn next_in(regex: &Regex, lower: &str, from: usize) -> Option<Range<usize>> {
    // Where the search begins is no beginning of the text: what stands before it is looked at.
    let before = lower.get(..from)?.chars().next_back().map_or(0, char::len_utf8);
    let found = regex.captures_at(lower, from - before).and_then(|captures| captures.get(1))?;
    if found.start() >= from {
        return Some(found.range());
    }
    let next = found.start() + lower.get(found.start()..)?.chars().next().map_or(1, char::len_utf8);
    regex.captures_at(lower, next).and_then(|captures| captures.get(1)).map(|found| found.range())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched<'t>(value: &str, text: &'t str) -> Option<&'t str> {
        next_in(&hold(value).unwrap().regex, text, 0).and_then(|range| text.get(range))
    }

    #[test]
    fn wildcards_stay_within_a_value_and_ends_are_not_glued() {
        for (value, text, expected) in [
            (r"c:\users\*\evil?.exe", r"run c:\users\anna\x\evil1.exe -x", Some(r"c:\users\anna\x\evil1.exe")),
            (r"c:\users\*\evil?.exe", "c:\\users\\anna\n\\evil1.exe", None),
            (r"c:\users\*\evil?.exe", r"c:\users\anna\evil1.exe.mui", None),
            ("evil*.exe", "xevil1.exe", None),
            ("*evil.exe", "myevil.exe", Some("myevil.exe")),
            ("powershell*-enc", "powershell.exe -nop -enc abc", Some("powershell.exe -nop -enc")),
            ("power*", "powershell.exe", Some("power")),
        ] {
            assert_eq!(matched(value, text), expected, "{value} in {text}");
        }
    }

    #[test]
    fn what_is_looked_up_stands_in_every_match() {
        let of = |value: &str| hold(value).map(|hold| (hold.tokens, hold.part));
        assert_eq!(of(r"c:\users\*\evil?.exe"), Ok((vec!["c".into(), "users".into()], Some(Part::Begins("evil".into())))));
        assert_eq!(of("*evil.exe"), Ok((vec![], Some(Part::Holds("evil.exe".into())))));
        assert_eq!(of("power*"), Ok((vec![], Some(Part::Begins("power".into())))));
        assert!(of("*").is_err() && of("?:\\*").is_err());
    }
}
