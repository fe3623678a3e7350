//! What a person asks for when looking through events: `host:ws-7 AND (mimikatz OR "sekurlsa::logonpasswords") -svc_backup`.
//!
//! Words stand side by side for *and*; `OR`, `NOT` (or `-`) and parentheses are understood; `host:` and `account:` name a
//! machine and an account; quotes keep blanks and signs together; `*` and `?` are wildcards; `192.0.2.0/24` is a network.
//! Every word is compared by the rule *Match*: whole words, upper and lower case alike.

use crate::needle::Spelling;
use crate::request::NeedleKind;

/// How deep parentheses may stand in each other.
const MAX_DEPTH: usize = 32;
/// How many words a question may have.
const MAX_WORDS: usize = 256;
/// How many of them may be wildcards and networks, for each of which all words of the index may have to be looked through.
const MAX_WIDE: usize = 16;
/// The longest question, in bytes.
const MAX_BYTES: usize = 16_384;

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Every event.
    All,
    /// Events that hold a value.
    Value {
        /// How it is compared.
        kind: NeedleKind,
        /// The value.
        value: String,
    },
    /// Events of a machine; `*` and `?` are wildcards.
    Host(String),
    /// Events that name an account; `*` and `?` are wildcards.
    Account(String),
    /// Events that all of these want.
    And(Vec<Query>),
    /// Events that any of these wants.
    Or(Vec<Query>),
    /// Events that this does not want.
    Not(Box<Query>),
}

/// Why a question is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why} (at character {at})")]
pub struct QueryError {
    /// The place in the question, in characters counted from 1.
    pub at: usize,
    /// Why, in words for the person who asked.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    And,
    Not,
    /// The field before the colon, if any; the text; whether it was quoted.
    Word(Option<Field>, String, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Host,
    Account,
}

impl Query {
    /// Reads a question. Nothing, or `*`, is every event.
    ///
    /// # Errors
    /// Where and why it is not understood.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_BYTES {
            return Err(QueryError { at: 1, why: format!("the question is longer than {MAX_BYTES} bytes") });
        }
        let tokens = tokens(text)?;
        let end = text.chars().count() + 1;
        let mut parser = Parser { tokens: &tokens, at: 0, end, wide: 0 };
        let query = parser.any(0)?;
        match parser.peek() {
            None => Ok(query),
            Some(_) => Err(parser.error("there is no ( for this )")),
        }
    }

    /// The spellings of all values that are wanted, for marking them.
    pub(crate) fn wanted(&self, out: &mut Vec<Spelling>) {
        match self {
            Self::Value { kind, value } => out.extend(Spelling::new(value, *kind)),
            Self::Host(value) | Self::Account(value) if !value.contains(['*', '?']) => {
                out.extend(Spelling::new(value, NeedleKind::Plain));
            }
            Self::And(all) | Self::Or(all) => all.iter().for_each(|query| query.wanted(out)),
            Self::All | Self::Host(_) | Self::Account(_) | Self::Not(_) => {}
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let place = at + 1;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if matches!(c, '(' | ')') {
            tokens.push((place, if c == '(' { Token::Open } else { Token::Close }));
            at += 1;
            continue;
        }
        if c == '-'
            && chars.get(at + 1).is_some_and(|next| !next.is_whitespace() && *next != '-')
            && at.checked_sub(1).is_none_or(|b| chars.get(b).is_some_and(|b| b.is_whitespace() || *b == '('))
        {
            tokens.push((place, Token::Not));
            at += 1;
            continue;
        }
        let (field, skipped) = field(chars.get(at..).unwrap_or_default());
        at += skipped;
        let (word, quoted) = if chars.get(at) == Some(&'"') {
            let rest = chars.get(at + 1..).unwrap_or_default();
            let Some(length) = rest.iter().position(|c| *c == '"') else {
                return Err(QueryError { at: place, why: "the quote is not closed".to_owned() });
            };
            at += length + 2;
            (rest.iter().take(length).collect::<String>(), true)
        } else {
            let rest = chars.get(at..).unwrap_or_default();
            // Parentheses within a word belong to it while they are closed in it: `Logon(3)`.
            let mut open = 0_usize;
            let ends = |c: &char| {
                match c {
                    '(' => open += 1,
                    ')' if open == 0 => return true,
                    ')' => open -= 1,
                    _ => {}
                }
                c.is_whitespace()
            };
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            at += length;
            (rest.iter().take(length).collect::<String>(), false)
        };
        let token = match (field, word.as_str(), quoted) {
            (None, "AND", false) => Token::And,
            (None, "OR", false) => Token::Or,
            (None, "NOT", false) => Token::Not,
            (Some(_), "", _) => return Err(QueryError { at: place, why: "a name has to follow the colon".to_owned() }),
            _ => Token::Word(field, word, quoted),
        };
        tokens.push((place, token));
        if tokens.len() > MAX_WORDS {
            return Err(QueryError { at: place, why: format!("the question has more than {MAX_WORDS} words") });
        }
    }
    Ok(tokens)
}

/// A field's name and its colon, and how many characters they take.
fn field(chars: &[char]) -> (Option<Field>, usize) {
    const NAMES: &[(&str, Field)] =
        &[("host:", Field::Host), ("machine:", Field::Host), ("account:", Field::Account), ("user:", Field::Account)];
    let found = NAMES.iter().find(|(name, _)| {
        let length = name.chars().count();
        chars.len() >= length && chars.iter().zip(name.chars()).all(|(c, n)| c.eq_ignore_ascii_case(&n))
    });
    found.map_or((None, 0), |(name, field)| (Some(*field), name.len()))
}

struct Parser<'t> {
    tokens: &'t [(usize, Token)],
    at: usize,
    end: usize,
    /// Wildcards and networks until now.
    wide: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn error(&self, why: &str) -> QueryError {
        QueryError { at: self.tokens.get(self.at).map_or(self.end, |(at, _)| *at), why: why.to_owned() }
    }

    fn any(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut all = vec![self.both(depth)?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            if matches!(self.peek(), None | Some(Token::Close | Token::Or)) {
                return Err(self.error("a word has to follow OR"));
            }
            all.push(self.both(depth)?);
        }
        Ok(one_or(all, Query::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut all = Vec::new();
        let mut joined = false;
        loop {
            match self.peek() {
                Some(Token::And) if !all.is_empty() && !joined => {
                    self.at += 1;
                    joined = true;
                    continue;
                }
                Some(Token::And | Token::Or) if all.is_empty() || joined => {
                    return Err(self.error("a word has to stand on both sides; put it in quotes to look for it"));
                }
                None | Some(Token::Close | Token::Or) if joined => return Err(self.error("a word has to follow AND")),
                None | Some(Token::Close | Token::Or) => break,
                _ => all.push(self.one(depth)?),
            }
            joined = false;
        }
        if all.is_empty() && depth > 0 {
            return Err(self.error("there is nothing between the parentheses"));
        }
        Ok(if all.is_empty() { Query::All } else { one_or(all, Query::And) })
    }

    fn one(&mut self, depth: usize) -> Result<Query, QueryError> {
        if depth >= MAX_DEPTH {
            return Err(self.error("parentheses stand too deep in each other"));
        }
        let here = self.at;
        self.at += 1;
        match self.tokens.get(here).map(|(_, token)| token) {
            Some(Token::Not) => match self.peek() {
                Some(Token::Not | Token::Open | Token::Word(..)) => Ok(Query::Not(Box::new(self.one(depth + 1)?))),
                _ => Err(self.error("a word has to follow NOT")),
            },
            Some(Token::Open) => {
                let query = self.any(depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return Err(QueryError {
                        at: self.tokens.get(here).map_or(self.end, |(at, _)| *at),
                        why: "the parenthesis is not closed".to_owned(),
                    });
                }
                self.at += 1;
                Ok(query)
            }
            Some(Token::Word(field, word, quoted)) => {
                let value = word.clone();
                Ok(match field {
                    Some(Field::Host) => Query::Host(value),
                    Some(Field::Account) => Query::Account(value),
                    None if value == "*" && !quoted => Query::All,
                    None => {
                        let kind = kind_of(&value, *quoted);
                        self.wide += usize::from(kind != NeedleKind::Plain);
                        if self.wide > MAX_WIDE {
                            self.at = here;
                            return Err(self.error(&format!("the question has more than {MAX_WIDE} wildcards and networks")));
                        }
                        if let Err(why) = Spelling::new(&value, kind) {
                            self.at = here;
                            return Err(self.error(&format!("“{value}” can't be looked up: {why}")));
                        }
                        Query::Value { kind, value }
                    }
                })
            }
            _ => Err(self.error("a word was expected")),
        }
    }
}

/// How a word is compared: in quotes as it is written.
fn kind_of(word: &str, quoted: bool) -> NeedleKind {
    let is_network = word.split_once('/').is_some_and(|(address, bits)| {
        !bits.is_empty() && bits.chars().all(|c| c.is_ascii_digit()) && address.parse::<std::net::IpAddr>().is_ok()
    });
    match word {
        _ if quoted => NeedleKind::Plain,
        _ if is_network => NeedleKind::Network,
        _ if word.contains(['*', '?']) && !word.contains("://") => NeedleKind::Wildcard,
        _ => NeedleKind::Plain,
    }
}

fn one_or(mut all: Vec<Query>, many: impl FnOnce(Vec<Query>) -> Query) -> Query {
    match all.len() {
        1 => all.pop().unwrap_or(Query::All),
        _ => many(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: &str) -> Query {
        Query::Value { kind: NeedleKind::Plain, value: value.to_owned() }
    }

    #[test]
    fn questions_are_read_as_people_mean_them() {
        assert_eq!(Query::parse("  "), Ok(Query::All));
        assert_eq!(Query::parse("a b"), Query::parse("a AND b"));
        assert_eq!(
            Query::parse("host:ws-7 (mimikatz OR \"x y\") -svc"),
            Ok(Query::And(vec![
                Query::Host("ws-7".into()),
                Query::Or(vec![plain("mimikatz"), plain("x y")]),
                Query::Not(Box::new(plain("svc"))),
            ]))
        );
        assert_eq!(Query::parse("Logon(3)"), Ok(plain("Logon(3)")));
        assert_eq!(Query::parse("http://a.example/x?y"), Ok(plain("http://a.example/x?y")));
        assert_eq!(Query::parse("evil*.exe"), Ok(Query::Value { kind: NeedleKind::Wildcard, value: "evil*.exe".into() }));
        assert_eq!(Query::parse("10.0.0.0/8"), Ok(Query::Value { kind: NeedleKind::Network, value: "10.0.0.0/8".into() }));
        assert_eq!(Query::parse("user:\"CORP\\anna\""), Ok(Query::Account("CORP\\anna".into())));
        assert_eq!(Query::parse("powershell -enc"), Ok(Query::And(vec![plain("powershell"), Query::Not(Box::new(plain("enc")))])));
        assert_eq!(Query::parse("\"-enc\""), Ok(plain("-enc")));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, at) in [
            ("a (b", 3),
            ("a )", 3),
            ("a OR", 5),
            ("AND a", 1),
            ("a AND", 6),
            ("x \"y", 3),
            ("()", 2),
            ("host: a", 1),
            ("a ::", 3),
            ("NOT", 4),
        ] {
            assert_eq!(Query::parse(text).map_err(|e| e.at), Err(at), "{text}");
        }
        assert!(Query::parse(&"(".repeat(10_000)).is_err());
        assert!(Query::parse(&"a ".repeat(1_000)).is_err());
        assert!(Query::parse(&"NOT ".repeat(200)).is_err());
        assert_eq!(Query::parse(&"a* ".repeat(20)).map_err(|e| e.at), Err(49));
    }
}
