//! A walk over a JSON event that builds no tree: its values as text, and the fields that are known.

use std::ops::Range;

use jiter::{Jiter, JiterError, Peek};

use super::MAX_DEPTH;
use super::fields::{Role, role};

/// Why a walk ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotWalked {
    NotJson,
    TooDeep,
}

impl From<JiterError> for NotWalked {
    fn from(_: JiterError) -> Self {
        Self::NotJson
    }
}

/// What a walk found; reused from event to event.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The values joined by line feeds.
    pub(super) text: String,
    /// Known fields and where in `text` their values stand, in the order of the event.
    pub(super) known: Vec<(Role, Range<usize>)>,
    path: String,
    leaves: usize,
    /// Only the text is wanted; paths and known fields are not looked at.
    text_only: bool,
}

/// Walks `raw`; `walked` is emptied first.
pub(super) fn walk(raw: &str, walked: &mut Walked) -> Result<(), NotWalked> {
    match walk_once(raw, walked) {
        Err(NotWalked::NotJson) => match without_lone_surrogates(raw) {
            Some(mended) => walk_once(&mended, walked),
            None => Err(NotWalked::NotJson),
        },
        other => other,
    }
}

fn walk_once(raw: &str, walked: &mut Walked) -> Result<(), NotWalked> {
    walked.text.clear();
    walked.known.clear();
    walked.path.clear();
    walked.leaves = 0;
    let mut jiter = Jiter::new(raw.as_bytes());
    let peek = jiter.peek()?;
    value(&mut jiter, peek, walked, 0)?;
    Ok(jiter.finish()?)
}

fn value(jiter: &mut Jiter<'_>, peek: Peek, walked: &mut Walked, depth: usize) -> Result<(), NotWalked> {
    if depth > MAX_DEPTH {
        return Err(NotWalked::TooDeep);
    }
    match peek {
        Peek::String => leaf(walked, jiter.known_str()?),
        Peek::Object => {
            let base = walked.path.len();
            let mut more = enter(walked, jiter.known_object()?);
            while more {
                let peek = jiter.peek()?;
                value(jiter, peek, walked, depth + 1)?;
                walked.path.truncate(base);
                more = enter(walked, jiter.next_key()?);
            }
        }
        Peek::Array => {
            let mut next = jiter.known_array()?;
            while let Some(peek) = next {
                value(jiter, peek, walked, depth + 1)?;
                next = jiter.array_step()?;
            }
        }
        Peek::True | Peek::False => {
            jiter.known_bool(peek)?;
        }
        Peek::Null => jiter.known_null()?,
        _ => {
            let written = jiter.known_number_bytes(peek)?;
            leaf(walked, std::str::from_utf8(written).map_err(|_| NotWalked::NotJson)?);
        }
    }
    Ok(())
}

/// Appends a key to the path; false when there is none.
fn enter(walked: &mut Walked, key: Option<&str>) -> bool {
    let Some(key) = key else { return false };
    if walked.text_only {
        return true;
    }
    if walked.path.is_empty() {
        // What Elasticsearch and Splunk wrap each event of an export in.
        if key == "_source" || key == "result" {
            return true;
        }
    } else {
        walked.path.push('.');
    }
    walked.path.push_str(key);
    true
}

fn leaf(walked: &mut Walked, value: &str) {
    if walked.leaves > 0 {
        walked.text.push('\n');
    }
    walked.leaves += 1;
    let start = walked.text.len();
    walked.text.push_str(value);
    if walked.text_only {
        return;
    }
    if let Some(role) = role(&walked.path) {
        walked.known.push((role, start..walked.text.len()));
    }
}

/// Appends the values of a JSON text, or the text itself where it is not JSON.
pub(super) fn values(raw: &str, out: &mut String) {
    // The caller's buffer is mostly empty and large enough from the event before.
    let before = if out.is_empty() { None } else { Some(out.clone()) };
    let mut walked = Walked { text: std::mem::take(out), text_only: true, ..Walked::default() };
    if walk(raw, &mut walked).is_err() {
        walked.text.clear();
        walked.text.push_str(raw);
    }
    *out = walked.text;
    if let Some(before) = before {
        out.insert_str(0, &before);
    }
}

/// Replaces escapes of half a character, which cut-off log messages hold, by U+FFFD. `None` when there are none.
///
/// Each keeps its six bytes, so that offsets stay.
fn without_lone_surrogates(raw: &str) -> Option<String> {
    let bytes = raw.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let escape = bytes.get(at..at + 6)?;
        let digits = escape.strip_prefix(b"\\u").and_then(|d| std::str::from_utf8(d).ok())?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if b != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                if let Some(gap) = mended.get_or_insert_with(|| bytes.to_vec()).get_mut(at..at + 6) {
                    gap.copy_from_slice(b"\\ufffd");
                }
                at += 6;
            }
            _ => at += 2,
        }
    }
    mended.and_then(|bytes| String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Result<String, NotWalked> {
        let mut walked = Walked::default();
        walk(raw, &mut walked).map(|()| walked.text)
    }

    #[test]
    fn values_are_decoded_and_numbers_stay_as_written() {
        let raw =
            r#"{"k":"a\\b\u00e9\n","n":[1.50,-0.0e10,12345678901234567890123],"t":true,"z":null,"o":{"x":"","y":{"q":"{\"in\":1}"}}}"#;
        assert_eq!(text(raw).as_deref(), Ok("a\\bé\n\n1.50\n-0.0e10\n12345678901234567890123\n\n{\"in\":1}"));
        assert_eq!(text("\"alone\"").as_deref(), Ok("alone"));
        for bad in ["", "{", "{}x", "{'a':1}", "[1,]", "{\"a\":\"\u{1}\"}", "nul", "NaN"] {
            assert_eq!(text(bad), Err(NotWalked::NotJson), "{bad}");
        }
    }

    #[test]
    fn half_characters_do_not_cost_the_event() {
        assert_eq!(text(r#"["a\ud83d","\ude00b","\ud83d\ude00","\\ud83d"]"#).as_deref(), Ok("a\u{fffd}\n\u{fffd}b\n😀\n\\ud83d"));
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(text(&nested(MAX_DEPTH)).as_deref(), Ok(""));
        assert_eq!(text(&nested(MAX_DEPTH + 2)), Err(NotWalked::TooDeep));
        assert_eq!(text(&"[".repeat(1 << 20)), Err(NotWalked::TooDeep));
    }

    #[test]
    fn known_fields_are_found_nested_or_dotted() {
        for raw in [r#"{"host":{"name":"pc1"}}"#, r#"{"host.name":"pc1"}"#, r#"{"host":{"os":{"x":1},"name":["pc1"]}}"#] {
            let mut walked = Walked::default();
            walk(raw, &mut walked).unwrap();
            let values: Vec<&str> = walked.known.iter().map(|(_, range)| &walked.text[range.clone()]).collect();
            assert_eq!(values, ["pc1"], "{raw}");
        }
    }
}
