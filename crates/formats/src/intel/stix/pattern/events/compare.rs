//! What stands in one pair of brackets, held against one event.

use std::cmp::Ordering;
use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use super::super::{Comparison, Literal, Operator, Test};
use super::fields::{Facts, Field, counterpart, time};
use super::{NotEvaluated, path_text};

/// The most bytes that a regular expression may take when it is compiled.
const REGEX_BYTES: usize = 1 << 20;

/// A comparison, ready to be held against events.
#[derive(Debug)]
pub(super) enum Ready {
    Test(ReadyTest),
    And(Vec<Ready>),
    Or(Vec<Ready>),
}

#[derive(Debug)]
pub(super) struct ReadyTest {
    /// None where no field tells it.
    field: Option<Field>,
    negated: bool,
    how: How,
}

#[derive(Debug)]
enum How {
    /// Equal to one of these.
    Among(Vec<Literal>),
    /// Different from this.
    Other(Literal),
    /// In this order to this.
    Ordered(Literal, fn(Ordering) -> bool),
    Form(Regex),
    /// A network in this one.
    Within(Network),
    /// A network around this one.
    Around(Network),
    Exists,
}

impl Ready {
    pub(super) fn new(comparison: &Comparison) -> Result<Self, NotEvaluated> {
        let all = |parts: &[Comparison]| parts.iter().map(Self::new).collect::<Result<Vec<_>, _>>();
        Ok(match comparison {
            Comparison::Test(test) => Self::Test(ReadyTest::new(test)?),
            Comparison::And(parts) => Self::And(all(parts)?),
            Comparison::Or(parts) => Self::Or(all(parts)?),
        })
    }

    /// Whether an event holds it; nothing where that can't be told.
    pub(super) fn holds(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::Test(test) => test.holds(facts),
            Self::And(parts) => {
                let mut unknown = false;
                for part in parts {
                    match part.holds(facts) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(true)
            }
            Self::Or(parts) => {
                let mut unknown = false;
                for part in parts {
                    match part.holds(facts) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(false)
            }
        }
    }
}

impl ReadyTest {
    fn new(test: &Test) -> Result<Self, NotEvaluated> {
        let bad = |why: String| NotEvaluated::Value(format!("{}: {why}", path_text(&test.path)));
        let first = || test.values.first().cloned().ok_or_else(|| bad("there is nothing to compare with".to_owned()));
        let text = || first().map(|literal| literal_text(&literal));
        let form = |pattern: &str, any_case: bool| {
            let built = RegexBuilder::new(pattern).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).case_insensitive(any_case).build();
            built.map(How::Form).map_err(|error| bad(format!("its regular expression can't be used: {}", brief(&error.to_string()))))
        };
        let how = match test.operator {
            Operator::Equal | Operator::In => How::Among(test.values.clone()),
            Operator::NotEqual => How::Other(first()?),
            Operator::Less => How::Ordered(first()?, Ordering::is_lt),
            Operator::LessOrEqual => How::Ordered(first()?, Ordering::is_le),
            Operator::Greater => How::Ordered(first()?, Ordering::is_gt),
            Operator::GreaterOrEqual => How::Ordered(first()?, Ordering::is_ge),
            Operator::Like => form(&like(&text()?), true)?,
            Operator::Matches => form(&text()?, false)?,
            Operator::IsSubset => {
                How::Within(Network::read(&text()?).ok_or_else(|| bad("is compared with what is no network".to_owned()))?)
            }
            Operator::IsSuperset => {
                How::Around(Network::read(&text()?).ok_or_else(|| bad("is compared with what is no network".to_owned()))?)
            }
            Operator::Exists => How::Exists,
        };
        Ok(Self { field: counterpart(&test.path), negated: test.negated, how })
    }

    /// True when any value of the property compares so. An event without the property holds no comparison of it, negated or
    /// not, as the specification has it.
    fn holds(&self, facts: &Facts) -> Option<bool> {
        let values = facts.values(self.field.as_ref()?);
        if matches!(self.how, How::Exists) {
            return Some(values.is_empty() == self.negated);
        }
        Some(values.iter().any(|value| self.how.compares(value) != self.negated))
    }
}

impl How {
    fn compares(&self, value: &str) -> bool {
        match self {
            Self::Among(literals) => literals.iter().any(|literal| compare(value, literal) == Some(Ordering::Equal)),
            Self::Other(literal) => compare(value, literal) != Some(Ordering::Equal),
            Self::Ordered(literal, wanted) => compare(value, literal).is_some_and(wanted),
            Self::Form(form) => form.is_match(value),
            Self::Within(network) => Network::read(value).is_some_and(|found| network.holds(&found)),
            Self::Around(network) => Network::read(value).is_some_and(|found| found.holds(network)),
            Self::Exists => true,
        }
    }
}

/// How a value of an event stands to one of the pattern; nothing where they can't be compared.
fn compare(value: &str, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Int(number) => match value.parse::<i64>() {
            Ok(found) => Some(found.cmp(number)),
            Err(_) => hexadecimal(value).map(|found| found.cmp(number)),
        },
        Literal::Float(number) => value.parse::<f64>().ok()?.partial_cmp(number),
        Literal::Bool(wanted) => value.to_ascii_lowercase().parse::<bool>().ok().map(|found| found.cmp(wanted)),
        Literal::Timestamp(wanted) => Some(time(value)?.cmp(&time(wanted)?)),
        Literal::Text(text) => Some(lower(value).cmp(&lower(text))),
        Literal::Hex(text) | Literal::Binary(text) => Some(value.to_lowercase().cmp(&text.to_lowercase())),
    }
}

/// In lower case, and an address as itself when it is written as the network of it alone.
fn lower(text: &str) -> String {
    let whole = text.strip_suffix("/32").filter(|rest| rest.contains('.')).or(text.strip_suffix("/128").filter(|rest| rest.contains(':')));
    let address = whole.unwrap_or(text);
    address.parse::<IpAddr>().map_or_else(|_| text.to_lowercase(), |address| address.to_string())
}

/// Windows writes the numbers of processes as `0x1a4`.
fn hexadecimal(value: &str) -> Option<i64> {
    i64::from_str_radix(value.strip_prefix("0x")?, 16).ok()
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) | Literal::Timestamp(text) | Literal::Hex(text) | Literal::Binary(text) => text.clone(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => number.to_string(),
        Literal::Bool(value) => value.to_string(),
    }
}

/// `%` is any text, `_` one character.
fn like(pattern: &str) -> String {
    let mut form = String::from("^(?s:");
    for c in pattern.chars() {
        match c {
            '%' => form.push_str(".*"),
            '_' => form.push('.'),
            c => form.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    form.push_str(")$");
    form
}

fn brief(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

/// A network, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    v4: bool,
    bits: u128,
    length: u32,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let (v4, bits, whole) = match address.trim().parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (true, u128::from(u32::from(address)) << 96, 32),
            IpAddr::V6(address) => (false, u128::from(address), 128),
        };
        let length = length.map_or(Some(whole), |text| text.trim().parse().ok()).filter(|length| *length <= whole)?;
        Some(Self { v4, bits, length })
    }

    fn holds(&self, other: &Self) -> bool {
        let first = |bits: u128| bits.checked_shr(128 - self.length).unwrap_or_default();
        self.v4 == other.v4 && self.length <= other.length && first(self.bits) == first(other.bits)
    }
}
