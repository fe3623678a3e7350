//! The grammar of patterns (STIX 2.1, section 9 and appendix B). Recursion is as deep as parentheses nest, which is limited.

use super::lexer::{Lexer, Sort, Token, is_timestamp};
use super::{
    Comparison, DEEPEST, Literal, MOST_TESTS, ObjectPath, Observation, Observed, Operator, PatternError, Qualifier, Step, Test, Version,
    hash,
};

/// The most times that a qualifier may follow: a pattern of nothing else is not one.
const MOST_QUALIFIERS: usize = 100;

struct Parser<'a> {
    pattern: &'a str,
    lexer: Lexer<'a>,
    next: Token<'a>,
    version: Version,
    depth: usize,
    tests: usize,
}

pub(super) fn parse(pattern: &str, version: Version) -> Result<Observation, PatternError> {
    let mut lexer = Lexer::new(pattern, version);
    let next = lexer.next()?;
    let mut parser = Parser { pattern, lexer, next, version, depth: 0, tests: 0 };
    let observation = parser.observations()?;
    match parser.next.sort {
        Sort::End => Ok(observation),
        _ => Err(parser.expected("`AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end of the pattern")),
    }
}

/// One node of several, or the one itself.
fn joined<T>(mut parts: Vec<T>, many: impl FnOnce(Vec<T>) -> T) -> T {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    many(parts)
}

fn plain(what: Observed) -> Observation {
    Observation { what, qualifiers: Vec::new() }
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, PatternError> {
        let following = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, following))
    }

    fn is_sign(&self, sign: char) -> bool {
        self.next.sort == Sort::Sign(sign)
    }

    fn is_keyword(&self, word: &str) -> bool {
        matches!(self.next.sort, Sort::Keyword(found) if found == word)
    }

    /// Takes the next token if it is this word.
    fn take_keyword(&mut self, word: &str) -> Result<bool, PatternError> {
        let is = self.is_keyword(word);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn demand_sign(&mut self, sign: char) -> Result<(), PatternError> {
        if !self.is_sign(sign) {
            return Err(self.expected(&format!("`{sign}`")));
        }
        self.advance().map(drop)
    }

    fn demand_keyword(&mut self, word: &str) -> Result<(), PatternError> {
        if self.take_keyword(word)? { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> PatternError {
        PatternError::at(self.pattern, offset, message)
    }

    fn expected(&self, what: &str) -> PatternError {
        let found = match self.next.sort {
            Sort::End => "the end of the pattern".to_owned(),
            _ => {
                let text = self.pattern.get(self.next.start..self.next.end).unwrap_or_default();
                format!("`{}`", model::text::shorten(text, 40).escape_debug())
            }
        };
        self.error(self.next.start, format!("expected {what}, found {found}"))
    }

    fn deeper(&mut self) -> Result<(), PatternError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(self.next.start, format!("parentheses nest deeper than {DEEPEST}")));
        }
        Ok(())
    }

    /// `a FOLLOWEDBY b`, which binds least.
    fn observations(&mut self) -> Result<Observation, PatternError> {
        let mut parts = vec![self.observation_or()?];
        while self.take_keyword("FOLLOWEDBY")? {
            parts.push(self.observation_or()?);
        }
        Ok(joined(parts, |parts| plain(Observed::FollowedBy(parts))))
    }

    fn observation_or(&mut self) -> Result<Observation, PatternError> {
        let mut parts = vec![self.observation_and()?];
        while self.take_keyword("OR")? {
            parts.push(self.observation_and()?);
        }
        Ok(joined(parts, |parts| plain(Observed::Or(parts))))
    }

    fn observation_and(&mut self) -> Result<Observation, PatternError> {
        let mut parts = vec![self.observation()?];
        while self.take_keyword("AND")? {
            parts.push(self.observation()?);
        }
        Ok(joined(parts, |parts| plain(Observed::And(parts))))
    }

    /// `[…]` or `(…)`, with its qualifiers.
    fn observation(&mut self) -> Result<Observation, PatternError> {
        let simple = self.is_sign('[');
        let mut observation = if simple {
            self.advance()?;
            let comparison = self.comparison_or()?;
            self.demand_sign(']')?;
            plain(Observed::One(comparison))
        } else if self.is_sign('(') {
            self.deeper()?;
            self.advance()?;
            let inner = self.observations()?;
            self.demand_sign(')')?;
            self.depth -= 1;
            inner
        } else {
            return Err(self.expected("`[` or `(`: a pattern compares inside of square brackets"));
        };
        while let Some(qualifier) = self.qualifier()? {
            if observation.qualifiers.len() >= MOST_QUALIFIERS {
                return Err(self.error(self.next.start, format!("more than {MOST_QUALIFIERS} qualifiers follow each other")));
            }
            observation.qualifiers.push(qualifier);
        }
        if simple && self.version == Version::V21 {
            self.once_each(&observation.qualifiers)?;
        }
        Ok(observation)
    }

    /// STIX 2.1, section 9.4: each qualifier at most once on an observation.
    fn once_each(&self, qualifiers: &[Qualifier]) -> Result<(), PatternError> {
        for (n, qualifier) in qualifiers.iter().enumerate() {
            let same = |other: &Qualifier| std::mem::discriminant(other) == std::mem::discriminant(qualifier);
            if qualifiers.iter().skip(n + 1).any(same) {
                let word = match qualifier {
                    Qualifier::Within(_) => "WITHIN",
                    Qualifier::Repeats(_) => "REPEATS",
                    Qualifier::StartStop(..) => "START … STOP",
                };
                return Err(self.error(self.next.start, format!("expected `{word}` only once on an observation")));
            }
        }
        Ok(())
    }

    fn qualifier(&mut self) -> Result<Option<Qualifier>, PatternError> {
        if self.take_keyword("WITHIN")? {
            let seconds = match self.next.sort {
                Sort::Literal(Literal::Int(seconds)) => seconds as f64,
                Sort::Literal(Literal::Float(seconds)) => seconds,
                _ => 0.0,
            };
            if seconds <= 0.0 {
                return Err(self.expected("a number of seconds above 0"));
            }
            self.advance()?;
            self.demand_keyword("SECONDS")?;
            return Ok(Some(Qualifier::Within(seconds)));
        }
        if self.take_keyword("REPEATS")? {
            let Sort::Literal(Literal::Int(times @ 1..)) = self.next.sort else {
                return Err(self.expected("a whole number above 0"));
            };
            self.advance()?;
            self.demand_keyword("TIMES")?;
            return Ok(Some(Qualifier::Repeats(times)));
        }
        if self.take_keyword("START")? {
            let start = self.moment()?;
            self.demand_keyword("STOP")?;
            let stop = self.moment()?;
            return Ok(Some(Qualifier::StartStop(start, stop)));
        }
        Ok(None)
    }

    fn moment(&mut self) -> Result<String, PatternError> {
        let text = match &self.next.sort {
            Sort::Literal(Literal::Timestamp(text)) => Some(text.clone()),
            Sort::Literal(Literal::Text(text)) if self.version == Version::V20 && is_timestamp(text) => Some(text.clone()),
            _ => None,
        };
        let text = text.ok_or_else(|| self.expected("a time like t'2026-11-24T09:30:00Z'"))?;
        self.advance()?;
        Ok(text)
    }

    fn comparison_or(&mut self) -> Result<Comparison, PatternError> {
        let mut parts = vec![self.comparison_and()?];
        while self.take_keyword("OR")? {
            parts.push(self.comparison_and()?);
        }
        Ok(joined(parts, Comparison::Or))
    }

    fn comparison_and(&mut self) -> Result<Comparison, PatternError> {
        let mut parts = vec![self.comparison()?];
        while self.take_keyword("AND")? {
            parts.push(self.comparison()?);
        }
        Ok(joined(parts, Comparison::And))
    }

    fn comparison(&mut self) -> Result<Comparison, PatternError> {
        if self.is_sign('(') {
            self.deeper()?;
            self.advance()?;
            let inner = self.comparison_or()?;
            self.demand_sign(')')?;
            self.depth -= 1;
            return Ok(inner);
        }
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(self.error(self.next.start, format!("more than {MOST_TESTS} comparisons")));
        }
        if self.take_keyword("EXISTS")? {
            let path = self.path()?;
            return Ok(Comparison::Test(Test { path, negated: false, operator: Operator::Exists, values: Vec::new() }));
        }
        let path = self.path()?;
        let negated = self.take_keyword("NOT")?;
        let operator = self.operator()?;
        let values = if operator == Operator::In { self.set(&path)? } else { vec![self.value(operator, &path)?] };
        Ok(Comparison::Test(Test { path, negated, operator, values }))
    }

    fn operator(&mut self) -> Result<Operator, PatternError> {
        let operator = match self.next.sort {
            Sort::Compare(operator) => operator,
            Sort::Keyword("IN") => Operator::In,
            Sort::Keyword("LIKE") => Operator::Like,
            Sort::Keyword("MATCHES") => Operator::Matches,
            Sort::Keyword("ISSUBSET") => Operator::IsSubset,
            Sort::Keyword("ISSUPERSET") => Operator::IsSuperset,
            _ => return Err(self.expected("`=`, `!=`, `<`, `>`, `IN`, `LIKE`, `MATCHES`, `ISSUBSET` or `ISSUPERSET`")),
        };
        self.advance()?;
        Ok(operator)
    }

    fn path(&mut self) -> Result<ObjectPath, PatternError> {
        let object = match self.next.sort {
            Sort::Word(word) | Sort::Hyphenated(word) => word.to_owned(),
            _ => return Err(self.expected("a property like `file:name`")),
        };
        self.advance()?;
        self.demand_sign(':')?;
        let mut steps = vec![self.key()?];
        loop {
            if self.is_sign('.') {
                self.advance()?;
                steps.push(self.key()?);
            } else if self.is_sign('[') {
                self.advance()?;
                steps.push(match self.next.sort {
                    Sort::Sign('*') => Step::Any,
                    Sort::Literal(Literal::Int(index)) => Step::Index(index),
                    _ => return Err(self.expected("`*` or a place in the list")),
                });
                self.advance()?;
                self.demand_sign(']')?;
            } else {
                return Ok(ObjectPath { object, steps });
            }
        }
    }

    fn key(&mut self) -> Result<Step, PatternError> {
        let key = match &self.next.sort {
            Sort::Word(word) => (*word).to_owned(),
            Sort::Literal(Literal::Text(text)) => text.clone(),
            Sort::Hyphenated(_) => return Err(self.expected("a property's name: one with hyphens stands in quotes")),
            _ => return Err(self.expected("a property's name")),
        };
        self.advance()?;
        Ok(Step::Key(key))
    }

    fn value(&mut self, operator: Operator, path: &ObjectPath) -> Result<Literal, PatternError> {
        use Operator as O;
        let text_only = matches!(operator, O::Like | O::Matches | O::IsSubset | O::IsSuperset);
        let ordered = matches!(operator, O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual);
        let value = match &self.next.sort {
            Sort::Literal(Literal::Text(text)) if text_only => Literal::Text(text.clone()),
            _ if text_only => return Err(self.expected("text in quotes")),
            Sort::Literal(Literal::Bool(_)) if ordered => return Err(self.expected("a value that has an order")),
            Sort::Literal(value) => value.clone(),
            _ => return Err(self.expected("a value: text stands in quotes")),
        };
        if !text_only && let Some(message) = hash::wrong(path, &value) {
            return Err(self.error(self.next.start, message));
        }
        self.advance()?;
        Ok(value)
    }

    fn set(&mut self, path: &ObjectPath) -> Result<Vec<Literal>, PatternError> {
        self.demand_sign('(')?;
        let mut values = Vec::new();
        if self.is_sign(')') {
            self.advance()?;
            return Ok(values);
        }
        loop {
            values.push(self.value(Operator::In, path)?);
            if self.is_sign(',') {
                self.advance()?;
            } else {
                self.demand_sign(')')?;
                return Ok(values);
            }
        }
    }
}
