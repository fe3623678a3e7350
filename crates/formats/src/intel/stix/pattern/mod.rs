//! STIX patterns (STIX 2.0 part 5; STIX 2.1, section 9): read whole, and asked which observables they name.
//!
//! The grammar is that of the specification, as OASIS's own validator reads it: key words in capitals, hashes as long as
//! their algorithm says, a qualifier at most once on a simple observation (2.1). Chains of `AND`, `OR` and `FOLLOWEDBY` are
//! one node each, and parentheses nest at most [`DEEPEST`] deep, so that no pattern can exhaust the stack.

pub mod events;
mod hash;
mod lexer;
mod observables;
mod parser;
#[cfg(test)]
mod tests;

pub use observables::observables;

/// The longest pattern, in bytes.
pub const LONGEST: usize = 1024 * 1024;
/// The most comparisons in a pattern.
pub const MOST_TESTS: usize = 20_000;
/// The deepest nesting of parentheses.
pub const DEEPEST: usize = 64;

/// Which language a pattern is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// STIX 2.0: no `EXISTS`; `START` and `STOP` also take text.
    V20,
    /// STIX 2.1.
    V21,
}

/// Why text is no pattern: where it breaks, and what would be right there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What was expected, and what stands there.
    pub message: String,
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 1 {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for PatternError {}

impl PatternError {
    /// An error at a byte of the pattern.
    fn at(pattern: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = pattern.get(..offset).unwrap_or(pattern);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column, message: message.into() }
    }
}

/// An observation expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What must be observed.
    pub what: Observed,
    /// When and how often, in the order written.
    pub qualifiers: Vec<Qualifier>,
}

/// What must be observed.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// `[…]`: one observation that holds this.
    One(Comparison),
    /// All of these.
    And(Vec<Observation>),
    /// Any of these.
    Or(Vec<Observation>),
    /// These, one after the other.
    FollowedBy(Vec<Observation>),
}

/// When and how often something must be observed.
#[derive(Debug, Clone, PartialEq)]
pub enum Qualifier {
    /// `WITHIN n SECONDS`.
    Within(f64),
    /// `REPEATS n TIMES`.
    Repeats(i64),
    /// `START t'…' STOP t'…'`, as written.
    StartStop(String, String),
}

/// A comparison expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// One comparison.
    Test(Test),
    /// All of these.
    And(Vec<Comparison>),
    /// Any of these.
    Or(Vec<Comparison>),
}

/// One comparison: a property, how, and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The property.
    pub path: ObjectPath,
    /// Whether `NOT` stands before the operator.
    pub negated: bool,
    /// How.
    pub operator: Operator,
    /// With what: one value, several for `IN`, none for `EXISTS`.
    pub values: Vec<Literal>,
}

/// A property of an observable, `file:hashes.'SHA-256'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath {
    /// The type of the observable.
    pub object: String,
    /// The way from there; at least one key.
    pub steps: Vec<Step>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.key` or `.'any key'`.
    Key(String),
    /// `[3]`.
    Index(i64),
    /// `[*]`.
    Any,
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=` or `==`.
    Equal,
    /// `!=` or `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `IN (…)`.
    In,
    /// `LIKE`, with `%` and `_`.
    Like,
    /// `MATCHES`, a regular expression.
    Matches,
    /// `ISSUBSET`, of a network.
    IsSubset,
    /// `ISSUPERSET`, of a network.
    IsSuperset,
    /// `EXISTS` (2.1).
    Exists,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `42`.
    Int(i64),
    /// `4.2`.
    Float(f64),
    /// `'text'`, without its escapes.
    Text(String),
    /// `true`.
    Bool(bool),
    /// `t'2026-11-24T09:30:00Z'`, as written.
    Timestamp(String),
    /// `h'ffd8'`, as written.
    Hex(String),
    /// `b'dGVzdA=='`, as written.
    Binary(String),
}

/// Reads a pattern.
///
/// # Errors
/// Where it breaks, and what would be right there; also when it is longer, deeper or has more comparisons than is taken.
pub fn parse(pattern: &str, version: Version) -> Result<Observation, PatternError> {
    if pattern.len() > LONGEST {
        let message = format!("the pattern is {} bytes long; at most {LONGEST} are taken", pattern.len());
        return Err(PatternError { line: 1, column: 1, message });
    }
    parser::parse(pattern, version)
}
