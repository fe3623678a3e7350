//! A query template in a language of its own: SQL, SPL, KQL, AQL, LogQL.
//!
//! `$(observable)` stands for the value. Where it stands outside of quotes, a whole literal of the language comes there, with
//! its quotes; between quotes, the value escaped for them. Where a value could be read as anything else, the template is refused:
//! in comments, in names, in kinds of literals that can't hold every text. So a value is never more than a text.

use super::escape::escaped;

/// A query language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// ClickHouse's SQL.
    Sql,
    /// Splunk's search language.
    Spl,
    /// Kusto.
    Kql,
    /// IBM QRadar's AQL.
    Aql,
    /// Grafana Loki's LogQL.
    LogQl,
}

/// How the value is changed before it is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// In lower case.
    Lower,
    /// For LIKE: `%`, `_` and the backslash stand for themselves.
    Like,
    /// For regular expressions: every sign stands for itself.
    Regex,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The value; `within` is the quote that it stands between.
    Value {
        change: Change,
        within: Option<char>,
    },
}

/// A checked template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextTemplate {
    language: Language,
    parts: Vec<Part>,
}

/// Where a scan of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    /// In a literal that can hold a value.
    Literal(char),
    /// In something that can't, and what it is called; it ends with this text.
    Other(&'static str, &'static str),
}

impl Language {
    /// What begins here: the place, and how long its beginning is.
    fn begins(self, rest: &str) -> Option<(Place, usize)> {
        let comment = |end| Place::Other("a comment", end);
        let table: &[(&str, Place)] = match self {
            Self::Sql => &[
                ("'", Place::Literal('\'')),
                ("\"", Place::Other("a name", "\"")),
                ("`", Place::Other("a name", "`")),
                ("--", comment("\n")),
                ("#", comment("\n")),
                ("/*", comment("*/")),
            ],
            Self::Spl => &[
                ("\"", Place::Literal('"')),
                ("'", Place::Other("a name", "'")),
                ("```", comment("```")),
                ("`", Place::Other("a macro", "`")),
            ],
            Self::Kql => &[
                ("@\"", Place::Other("a verbatim text", "\"")),
                ("@'", Place::Other("a verbatim text", "'")),
                ("```", Place::Other("a text of several lines", "```")),
                ("~~~", Place::Other("a text of several lines", "~~~")),
                ("\"", Place::Literal('"')),
                ("'", Place::Literal('\'')),
                ("//", comment("\n")),
            ],
            Self::Aql => &[("'", Place::Literal('\'')), ("\"", Place::Other("a name", "\"")), ("--", comment("\n")), ("/*", comment("*/"))],
            Self::LogQl => &[("\"", Place::Literal('"')), ("`", Place::Other("a raw text", "`")), ("#", comment("\n"))],
        };
        table.iter().find(|(begin, _)| rest.starts_with(begin)).map(|(begin, place)| (*place, begin.len()))
    }

    fn backslash_escapes(self) -> bool {
        self != Self::Aql
    }

    /// The quote of a literal.
    fn quote(self) -> char {
        if matches!(self, Self::Sql | Self::Aql) { '\'' } else { '"' }
    }

    /// The value as it stands between quotes.
    fn escape(self, value: &str) -> Result<String, String> {
        let mut out = String::with_capacity(value.len() + 8);
        for c in value.chars() {
            match (self, c) {
                (Self::Spl, '`') => return Err("a value with ` can't be asked of Splunk: it would be read as a macro".to_owned()),
                (Self::Aql, '\'') => out.push_str("''"),
                (Self::Spl | Self::Aql, c) if c.is_control() => {
                    return Err("a value with control characters can't be asked of this source".to_owned());
                }
                (Self::Aql, c) => out.push(c),
                (_, '\\') => out.push_str("\\\\"),
                (_, '"') => out.push_str("\\\""),
                (Self::Sql | Self::Kql, '\'') => out.push_str("\\'"),
                (_, '\n') => out.push_str("\\n"),
                (_, '\r') => out.push_str("\\r"),
                (_, '\t') => out.push_str("\\t"),
                (_, c) if c.is_control() => return Err("a value with control characters can't be asked of this source".to_owned()),
                (_, c) => out.push(c),
            }
        }
        Ok(out)
    }
}

impl TextTemplate {
    /// # Errors
    /// Why it is no template, in words for the administrator.
    pub(crate) fn parse(language: Language, text: &str) -> Result<Self, String> {
        let mut parts = vec![Part::Text(String::new())];
        let mut place = Place::Code;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some((change, length)) = slot(rest)? {
                let within = match place {
                    Place::Code => None,
                    Place::Literal(quote) => Some(quote),
                    Place::Other(what, _) => return Err(format!("$(observable) must not stand in {what}")),
                };
                parts.push(Part::Value { change, within });
                parts.push(Part::Text(String::new()));
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            // ClickHouse begins texts with `$tag$` too.
            if c == '$' && language == Language::Sql {
                return Err("must not hold `$` but in $(observable)".to_owned());
            }
            let mut width = c.len_utf8();
            match place {
                Place::Code => {
                    if let Some((begun, length)) = language.begins(rest) {
                        (place, width) = (begun, length);
                    }
                }
                Place::Literal(_) if c == '\\' && language.backslash_escapes() => {
                    width += rest.get(1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                    if rest.get(1..).is_some_and(|rest| rest.starts_with("$(")) {
                        return Err("$(observable) must not stand behind a backslash".to_owned());
                    }
                }
                Place::Literal(quote) if c == quote => place = Place::Code,
                Place::Other(_, end) if rest.starts_with(end) => (place, width) = (Place::Code, end.len()),
                Place::Literal(_) | Place::Other(..) => {}
            }
            if let Some(Part::Text(text)) = parts.last_mut() {
                text.push_str(rest.get(..width).unwrap_or_default());
            }
            rest = rest.get(width..).unwrap_or_default();
        }
        match place {
            Place::Code | Place::Other(_, "\n") => {}
            Place::Literal(quote) => return Err(format!("has a text that does not end: {quote} is missing")),
            Place::Other(what, end) => return Err(format!("has {what} that does not end: {end} is missing")),
        }
        if !parts.iter().any(|part| matches!(part, Part::Value { .. })) {
            return Err("must hold $(observable), where the value goes".to_owned());
        }
        Ok(Self { language, parts })
    }

    /// The query for a value.
    ///
    /// # Errors
    /// Why this value can't be asked for in the language, in words.
    pub(crate) fn render(&self, value: &str) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value { change, within } => {
                    let literal = self.language.escape(&changed(value, *change))?;
                    match within {
                        Some(_) => out.push_str(&literal),
                        None => {
                            let quote = self.language.quote();
                            out.push(quote);
                            out.push_str(&literal);
                            out.push(quote);
                        }
                    }
                }
            }
        }
        Ok(out)
    }
}

/// The slot that begins here, and how long it is.
fn slot(rest: &str) -> Result<Option<(Change, usize)>, String> {
    if !rest.starts_with("$(") {
        return Ok(None);
    }
    let inner = rest.get(2..).and_then(|rest| rest.split(')').next()).unwrap_or_default();
    let change = match inner {
        "observable" => Change::None,
        "observable:lower" => Change::Lower,
        "observable:like" => Change::Like,
        "observable:regex" => Change::Regex,
        _ => return Err("knows $(observable), $(observable:lower), $(observable:like) and $(observable:regex) only".to_owned()),
    };
    Ok(Some((change, inner.len() + 3)))
}

fn changed(value: &str, change: Change) -> String {
    let special: fn(char) -> bool = match change {
        Change::None => return value.to_owned(),
        Change::Lower => return value.to_lowercase(),
        Change::Like => |c| matches!(c, '%' | '_' | '\\'),
        Change::Regex => |c| c.is_ascii_punctuation(),
    };
    escaped(value, special)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Language; 5] = [Language::Sql, Language::Spl, Language::Kql, Language::Aql, Language::LogQl];

    fn render(language: Language, template: &str, value: &str) -> String {
        TextTemplate::parse(language, template).unwrap().render(value).unwrap()
    }

    #[test]
    fn a_value_is_one_literal() {
        let value = r#"a'b"c\d"#;
        assert_eq!(render(Language::Sql, "position(m, $(observable)) > 0", value), r#"position(m, 'a\'b\"c\\d') > 0"#);
        assert_eq!(render(Language::Spl, "index=x $(observable)", value), r#"index=x "a'b\"c\\d""#);
        assert_eq!(render(Language::Kql, "T | where * has $(observable)", value), r#"T | where * has "a\'b\"c\\d""#);
        assert_eq!(render(Language::Aql, "x ILIKE '%$(observable)%'", value), r#"x ILIKE '%a''b"c\d%'"#);
        assert_eq!(render(Language::LogQl, "{a=\"b\"} |= $(observable)", value), r#"{a="b"} |= "a'b\"c\\d""#);
        assert_eq!(render(Language::Sql, "m LIKE '%$(observable:like)%'", r"50%_\"), r"m LIKE '%50\\%\\_\\\\%'");
        assert_eq!(render(Language::LogQl, "{} |~ \"(?i)$(observable:regex)\"", "a.b"), r#"{} |~ "(?i)a\\.b""#);
        assert_eq!(
            render(Language::Kql, "// it's \"odd\"\nT | where x == '$(observable:lower)'", "AB"),
            "// it's \"odd\"\nT | where x == 'ab'"
        );
    }

    #[test]
    fn what_could_be_broken_out_of_is_refused() {
        for (language, template, why) in [
            (Language::Sql, "a = 1", "must hold"),
            (Language::Sql, "a = 'b $(observable)", "does not end"),
            (Language::Sql, "a = 1 -- $(observable)", "a comment"),
            (Language::Sql, "a /* $(observable) */", "a comment"),
            (Language::Sql, "`$(observable)` = 1", "a name"),
            (Language::Sql, "a = $x$ $(observable) $x$", "must not hold `$`"),
            (Language::Sql, r"a = '\$(observable)'", "behind a backslash"),
            (Language::Spl, "`m($(observable))`", "a macro"),
            (Language::Spl, "'$(observable)'=1", "a name"),
            (Language::Kql, "@\"$(observable)\"", "a verbatim text"),
            (Language::Kql, "```$(observable)```", "several lines"),
            (Language::LogQl, "{} |= `$(observable)`", "a raw text"),
            (Language::LogQl, "{} |= $(value)", "knows"),
        ] {
            let refused = TextTemplate::parse(language, template).unwrap_err();
            assert!(refused.contains(why), "{template}: {refused}");
        }
        assert!(TextTemplate::parse(Language::Spl, "$(observable)").unwrap().render("a`b").is_err());
        assert!(TextTemplate::parse(Language::Aql, "$(observable)").unwrap().render("a\nb").is_err());
    }

    /// A literal of a language, read back: its text, and what follows it.
    fn literal(language: Language, text: &str) -> (String, &str) {
        let mut chars = text.char_indices().peekable();
        let quote = chars.next().unwrap().1;
        assert_eq!(quote, language.quote());
        let mut out = String::new();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                if language == Language::Aql && chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                    out.push(quote);
                    continue;
                }
                return (out, &text[at + 1..]);
            }
            if c != '\\' || language == Language::Aql {
                out.push(c);
                continue;
            }
            out.push(match chars.next().unwrap().1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            });
        }
        panic!("the literal does not end: {text}")
    }

    proptest! {
        #[test]
        fn no_value_ends_its_literal(value in "(?s).{0,40}") {
            for language in ALL {
                let template = TextTemplate::parse(language, "$(observable) AND x").unwrap();
                // What can't be written is refused, never bent.
                if let Ok(rendered) = template.render(&value) {
                    prop_assert_eq!(literal(language, &rendered), (value.clone(), " AND x"));
                }
            }
        }

        #[test]
        fn neither_do_those_made_of_what_ends_literals(value in r#"['"\\`$()%*\n;|/#-]{0,12}"#) {
            for language in ALL {
                let template = TextTemplate::parse(language, "$(observable) AND x").unwrap();
                if let Ok(rendered) = template.render(&value) {
                    prop_assert_eq!(literal(language, &rendered), (value.clone(), " AND x"));
                }
            }
        }
    }
}
