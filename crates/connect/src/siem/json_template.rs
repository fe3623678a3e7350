//! A query template that is JSON: it is parsed before the value comes in, so that a value can only ever be part of a text.

use serde_json::Value as Json;

use super::escape::escaped;

/// What stands for the observable.
pub(crate) const SLOT: &str = "$(observable)";

/// How a text is escaped where a query language reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It is taken as it is.
    Plain,
    /// Lucene's query language, in which the value stands between quotes.
    Lucene,
    /// `*` and `?` stand for other text.
    Wildcard,
    /// A Lucene regular expression.
    Regex,
}

/// A checked template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonTemplate(Json);

impl JsonTemplate {
    /// # Errors
    /// Why it is no template, in words for the administrator.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        if !json.is_object() {
            return Err("must be a JSON object: one query of the product's query language".to_owned());
        }
        let mut slots = 0;
        check(&json, &[], &mut slots)?;
        if slots == 0 {
            return Err(format!("must hold {SLOT}, where the value goes"));
        }
        Ok(Self(json))
    }

    /// The query for a value.
    pub(crate) fn render(&self, value: &str) -> Json {
        fill(&self.0, &[], value)
    }
}

fn check<'a>(json: &'a Json, path: &[&'a str], slots: &mut usize) -> Result<(), String> {
    match json {
        Json::Object(fields) => {
            for (name, inner) in fields {
                if name.contains("$(") {
                    return Err(format!("{SLOT} must not stand in a name"));
                }
                let mut path = path.to_vec();
                path.push(name);
                check(inner, &path, slots)?;
            }
        }
        Json::Array(items) => {
            for item in items {
                check(item, path, slots)?;
            }
        }
        Json::String(text) => {
            let here = text.matches(SLOT).count();
            *slots += here;
            if text.matches("$(").count() != here {
                return Err(format!("knows {SLOT} only"));
            }
            if here > 0 && path.iter().any(|name| name.contains("script")) {
                return Err(format!("{SLOT} must not stand in a script"));
            }
            if here > 0 && reading(path) == Reading::Lucene && !between_quotes(text) {
                return Err(format!("{SLOT} must stand between double quotes in a query string: \\\"{SLOT}\\\""));
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
    Ok(())
}

/// Whether every slot of a query string stands within quotes.
fn between_quotes(text: &str) -> bool {
    let (mut quoted, mut rest) = (false, text);
    while let Some(c) = rest.chars().next() {
        if rest.starts_with(SLOT) && !quoted {
            return false;
        }
        let mut width = c.len_utf8();
        if c == '\\' {
            width += rest.get(1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        } else if c == '"' {
            quoted = !quoted;
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    !quoted
}

fn reading(path: &[&str]) -> Reading {
    let within = |name: &str| path.contains(&name);
    if within("query_string") || within("simple_query_string") {
        Reading::Lucene
    } else if within("wildcard") {
        Reading::Wildcard
    } else if within("regexp") {
        Reading::Regex
    } else {
        Reading::Plain
    }
}

fn fill<'a>(json: &'a Json, path: &[&'a str], value: &str) -> Json {
    match json {
        Json::Object(fields) => {
            let filled = fields.iter().map(|(name, inner)| {
                let mut path = path.to_vec();
                path.push(name);
                (name.clone(), fill(inner, &path, value))
            });
            Json::Object(filled.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(|item| fill(item, path, value)).collect()),
        Json::String(text) if text.contains(SLOT) => Json::String(text.replace(SLOT, &escape(value, reading(path)))),
        other => other.clone(),
    }
}

fn escape(value: &str, reading: Reading) -> String {
    let special: fn(char) -> bool = match reading {
        Reading::Plain => return value.to_owned(),
        Reading::Lucene => |c| c == '"' || c == '\\',
        Reading::Wildcard => |c| matches!(c, '*' | '?' | '\\'),
        Reading::Regex => |c| c.is_ascii_punctuation(),
    };
    escaped(value, special)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const HOSTILE: &[&str] = &[
        r#""}},{"match_all":{}}"#,
        r#"\"}}, "script": {"source": "x"}"#,
        "evil.example\" OR *:*",
        r"c:\a\b*?.exe",
        "a\nb\u{0}c",
        "$(observable)",
    ];

    #[test]
    fn a_value_is_never_more_than_a_text() {
        let template =
            JsonTemplate::parse(r#"{"bool":{"should":[{"term":{"a":"$(observable)"}},{"match":{"b":{"query":"x $(observable)"}}}]}}"#)
                .unwrap();
        for value in HOSTILE {
            let expected = json!({"bool":{"should":[{"term":{"a":value}},{"match":{"b":{"query":format!("x {value}")}}}]}});
            assert_eq!(template.render(value), expected);
        }
    }

    /// A phrase of Lucene's query language, read back: its text, and what follows it.
    fn phrase(text: &str) -> (String, &str) {
        let mut out = String::new();
        let mut chars = text.char_indices();
        assert_eq!(chars.next().map(|(_, c)| c), Some('"'));
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                '"' => return (out, &text[at + 1..]),
                _ => out.push(c),
            }
        }
        panic!("the phrase does not end: {text}")
    }

    proptest! {
        #[test]
        fn a_value_in_a_query_string_stays_within_its_quotes(value in ".*") {
            let template = JsonTemplate::parse(r#"{"query_string":{"query":"\"$(observable)\" AND x"}}"#).unwrap();
            let rendered = template.render(&value);
            let text = rendered.pointer("/query_string/query").and_then(Json::as_str).unwrap();
            prop_assert_eq!(phrase(text), (value, " AND x"));
        }
    }

    #[test]
    fn values_stand_for_themselves_in_patterns() {
        let of = |template: &str, pointer: &str, value: &str| {
            JsonTemplate::parse(template).unwrap().render(value).pointer(pointer).unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(of(r#"{"wildcard":{"f":"*$(observable)*"}}"#, "/wildcard/f", r"a*\b"), r"*a\*\\b*");
        assert_eq!(of(r#"{"regexp":{"f":{"value":"$(observable)"}}}"#, "/regexp/f/value", "a.b|c"), r"a\.b\|c");
    }

    #[test]
    fn what_could_be_broken_out_of_is_refused() {
        for (template, why) in [
            ("", "is no JSON"),
            ("[]", "must be a JSON object"),
            ("{}", "must hold"),
            (r#"{"$(observable)":1,"a":"$(observable)"}"#, "in a name"),
            (r#"{"script":{"source":"$(observable)"}}"#, "in a script"),
            (r#"{"script_score":{"script":{"params":{"a":"$(observable)"}}}}"#, "in a script"),
            (r#"{"query_string":{"query":"$(observable)"}}"#, "double quotes"),
            (r#"{"query_string":{"query":"\"a\" $(observable) \"b\""}}"#, "double quotes"),
            (r#"{"query_string":{"query":"\\\"$(observable)\\\""}}"#, "double quotes"),
            (r#"{"term":{"a":"$(value) $(observable)"}}"#, "knows"),
        ] {
            let refused = JsonTemplate::parse(template).unwrap_err();
            assert!(refused.contains(why), "{template}: {refused}");
        }
    }
}
