//! `key=value` pairs, and the formats of ArcSight (CEF) and QRadar (LEEF) that are made of them.

use super::emit::Found;
use super::fields::{Role, role_of_key};

/// Pairs that are looked at in a line.
const MOST: usize = 256;

/// Whether a line is mostly pairs.
pub(super) fn are_most_of(line: &str) -> bool {
    let (mut count, mut bytes) = (0, 0);
    for (key, value) in Pairs(line).take(MOST) {
        count += 1;
        bytes += key.len() + value.len() + 2;
    }
    count >= 3 && bytes * 10 >= line.len() * 6
}

/// The known fields of a line's pairs.
pub(super) fn found(line: &str) -> Found<'_> {
    let known: Vec<(Role, &str)> = Pairs(line).take(MOST).filter_map(|(key, value)| Some((role_of_key(key)?, value))).collect();
    Found::of_values(known.iter().copied())
}

/// The pairs of a line, those of a CEF or LEEF event among them.
pub(super) fn all(line: &str) -> Vec<(&str, &str)> {
    match cef_at(line).and_then(|at| line.get(at..)) {
        // Its header ends with the seventh bar; LEEF's is shorter and has no bars behind it.
        Some(event) => extension(event.splitn(8, '|').last().unwrap_or_default()),
        None => Pairs(line).take(MOST).collect(),
    }
}

/// The pairs of a text: `key=word`, `key="words"`, `key='words'`.
#[derive(Clone)]
struct Pairs<'l>(&'l str);

impl<'l> Iterator for Pairs<'l> {
    type Item = (&'l str, &'l str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (before, after) = self.0.split_once('=')?;
            let key = before.rsplit(|c: char| !(c.is_alphanumeric() || "_-.@".contains(c))).next().unwrap_or_default();
            let (value, rest) = match after.as_bytes().first() {
                Some(quote @ (b'"' | b'\'')) => quoted(after, *quote),
                _ => {
                    let end = after.find([' ', '\t', ',', ';', '&']).unwrap_or(after.len());
                    after.split_at_checked(end).unwrap_or((after, ""))
                }
            };
            self.0 = rest;
            if key.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                return Some((key, value.trim_end_matches([')', ']', '>'])));
            }
        }
    }
}

/// The text between quotes, as it is written, and what follows.
fn quoted(text: &str, quote: u8) -> (&str, &str) {
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate().skip(1) {
        if b == quote && !escaped {
            return (text.get(1..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        }
        escaped = b == b'\\' && !escaped;
    }
    (text.get(1..).unwrap_or_default(), "")
}

/// Where a CEF or LEEF event begins.
pub(super) fn cef_at(line: &str) -> Option<usize> {
    let at = ["CEF:", "LEEF:"].iter().filter_map(|magic| line.find(magic)).min()?;
    let event = line.get(at..)?;
    let version = event.split_once(':')?.1;
    // Some products put a space before the version.
    (version.trim_start().starts_with(|c: char| c.is_ascii_digit()) && event.matches('|').take(5).count() == 5).then_some(at)
}

/// The known fields of a CEF or LEEF event.
pub(super) fn cef(event: &str) -> Found<'_> {
    let leef = event.starts_with("LEEF:");
    let newer = event.starts_with("LEEF:2");
    let headers = if newer {
        7
    } else if leef {
        6
    } else {
        8
    };
    let mut parts = Vec::new();
    let mut rest = event;
    while parts.len() + 1 < headers
        && let Some(at) = unescaped_bar(rest)
    {
        parts.push(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    let name = parts.get(if leef { 4 } else { 5 }).copied();
    let mut known: Vec<(Role, &str)> = Vec::new();
    if leef {
        let separator = if newer { parts.get(5).and_then(|told| told.chars().next()).unwrap_or('\t') } else { '\t' };
        for pair in rest.split(separator).take(MOST) {
            if let Some((key, value)) = pair.split_once('=')
                && let Some(role) = role_of_key(key.trim())
            {
                known.push((role, value.trim()));
            }
        }
    } else {
        for (key, value) in extension(rest) {
            if let Some(role) = role_of_key(key) {
                known.push((role, value));
            }
        }
    }
    let mut found = Found::of_values(known.iter().copied());
    found.action = found.action.or(name);
    found
}

fn unescaped_bar(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let bar = b == b'|' && !escaped;
        escaped = b == b'\\' && !escaped;
        bar
    })
}

/// The pairs of a CEF extension, whose values may hold spaces: a value ends before the word that is the next key.
fn extension(text: &str) -> Vec<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut keys: Vec<(usize, usize)> = Vec::new();
    for at in memchr::memchr_iter(b'=', bytes) {
        let escaped = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\\');
        let start = bytes
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rposition(|b| !(b.is_ascii_alphanumeric() || b"_.-[]".contains(b)))
            .map_or(0, |at| at + 1);
        let apart = start == 0 || bytes.get(start - 1) == Some(&b' ');
        if !escaped && apart && start < at && keys.len() < MOST {
            keys.push((start, at));
        }
    }
    let ends = keys.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    keys.iter().zip(ends).filter_map(|((start, at), end)| Some((text.get(*start..*at)?, text.get(at + 1..end)?.trim()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_quoted_or_not() {
        let line = r#"level=info msg="a \"b\" c" src=192.0.2.1, user='anna b' (port=22) 5=x empty="#;
        let pairs: Vec<_> = Pairs(line).collect();
        assert_eq!(
            pairs,
            [("level", "info"), ("msg", r#"a \"b\" c"#), ("src", "192.0.2.1"), ("user", "anna b"), ("port", "22"), ("empty", "")]
        );
        assert!(are_most_of("date=2024-01-31 time=10:00:00 devname=\"fw1\" srcip=192.0.2.1"));
        assert!(!are_most_of(
            "a long sentence that has a=1 b=2 c=3 somewhere in its middle and goes on for very much longer than its pairs"
        ));
        let fortigate =
            found("date=2024-01-31 time=10:00:00 devname=\"fw1\" srcip=192.0.2.1 dstip=198.51.100.9 action=\"deny\" user=\"anna\"");
        assert_eq!((fortigate.host, fortigate.source, fortigate.destination), (Some("fw1"), Some("192.0.2.1"), Some("198.51.100.9")));
        assert_eq!((fortigate.action, fortigate.time.unwrap().at.to_string().as_str()), (Some("deny"), "2024-01-31T10:00:00Z"));
    }

    #[test]
    fn cef_and_leef_are_read() {
        let cef_line = r"Jan 31 10:00:00 host CEF:0|Vendor|Prod\|uct|1.0|100|Worm stopped|10|src=10.0.0.1 msg=a \= b and c suser=anna sntdom=CORP dst=192.0.2.1 rt=1706695200000";
        let event = cef(&cef_line[cef_at(cef_line).unwrap()..]);
        assert_eq!((event.source, event.destination, event.action), (Some("10.0.0.1"), Some("192.0.2.1"), Some("Worm stopped")));
        assert_eq!(
            (event.accounts.as_slice(), event.time.unwrap().at.to_string().as_str()),
            (&["CORP\\anna".into()][..], "2024-01-31T10:00:00Z")
        );
        for leef in [
            "LEEF:1.0|V|P|1|login|src=10.0.0.1\tusrName=anna\tdevTime=1706695200000",
            "LEEF:2.0|V|P|1|login|^|src=10.0.0.1^usrName=anna^devTime=1706695200000",
        ] {
            let event = cef(&leef[cef_at(leef).unwrap()..]);
            assert_eq!(
                (event.source, event.action, event.accounts.as_slice()),
                (Some("10.0.0.1"), Some("login"), &["anna".into()][..]),
                "{leef}"
            );
            assert!(event.time.is_some());
        }
        assert_eq!((cef_at("CEF: no"), cef_at("x CEF: 0|a|b|c|d|e|5|")), (None, Some(2)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(line in "[a-z=\"'| \\\\é]{0,60}") {
            let _ = (are_most_of(&line), found(&line), cef(&line), cef_at(&line));
        }
    }
}
