//! A question, asked of a segment (which events may it be?) and of an event (is it one?).

use regex::Regex;
use tantivy::SegmentReader;
use tantivy::columnar::StrColumn;

use crate::docs::Docs;
use crate::document::{ACCOUNT, EventFields, HOST};
use crate::error::{LogError, index_io};
use crate::lookup::lookup_docs;
use crate::needle::{Checker, Spelling};
use crate::query::Query;

/// A [`Query`], ready to be asked.
pub(crate) enum Ask {
    All,
    Value(Box<Spelling>, Checker<'static>),
    Host(NameTest),
    Account(NameTest),
    And(Vec<Ask>),
    Or(Vec<Ask>),
    Not(Box<Ask>),
}

/// Events of a segment that may be meant, and whether all of them are.
pub(crate) struct Candidates {
    pub(crate) docs: Docs,
    pub(crate) exact: bool,
}

impl Ask {
    /// A value that can't be looked up is held by no event.
    pub(crate) fn new(query: &Query) -> Self {
        match query {
            Query::All => Self::All,
            Query::Value { kind, value } => match Spelling::new(value, *kind) {
                Ok(spelling) => {
                    let checker = Checker::new(&spelling).into_owned();
                    Self::Value(Box::new(spelling), checker)
                }
                Err(_) => Self::Not(Box::new(Self::All)),
            },
            Query::Host(name) => Self::Host(NameTest::host(name)),
            Query::Account(name) => Self::Account(NameTest::account(name)),
            Query::And(all) => Self::And(all.iter().map(Self::new).collect()),
            Query::Or(all) => Self::Or(all.iter().map(Self::new).collect()),
            Query::Not(query) => Self::Not(Box::new(Self::new(query))),
        }
    }

    /// What the index alone says.
    pub(crate) fn candidates(&self, segment: &SegmentReader, fields: &EventFields) -> Result<Candidates, LogError> {
        let size = segment.max_doc();
        Ok(match self {
            Self::All => Candidates { docs: Docs::all(size), exact: true },
            Self::Value(spelling, _) => {
                let (mut found, mut unsure) = (Vec::new(), Vec::new());
                let index = segment.inverted_index(fields.tokens)?;
                lookup_docs(&index, &spelling.lookup, &mut found, &mut unsure)?;
                let exact = unsure.is_empty();
                let mut docs = Docs::none(size);
                found.into_iter().chain(unsure).for_each(|doc| docs.insert(doc));
                Candidates { docs, exact }
            }
            Self::Host(test) => Candidates { docs: named(segment.fast_fields().str(HOST)?.as_ref(), test, size)?, exact: true },
            Self::Account(test) => Candidates { docs: named(segment.fast_fields().str(ACCOUNT)?.as_ref(), test, size)?, exact: true },
            Self::And(all) => {
                let mut both = Candidates { docs: Docs::all(size), exact: true };
                for ask in all {
                    let other = ask.candidates(segment, fields)?;
                    both.docs.and(&other.docs);
                    both.exact &= other.exact;
                }
                both
            }
            Self::Or(all) => {
                let mut any = Candidates { docs: Docs::none(size), exact: true };
                for ask in all {
                    let other = ask.candidates(segment, fields)?;
                    any.docs.or(&other.docs);
                    any.exact &= other.exact;
                }
                any
            }
            Self::Not(ask) => {
                let other = ask.candidates(segment, fields)?;
                // Of those that only may be meant, some are not: each has to be asked.
                let docs = if other.exact { other.docs.not() } else { Docs::all(size) };
                Candidates { docs, exact: other.exact }
            }
        })
    }

    /// Whether an event is meant, by its text in lower case, its machine and its accounts.
    pub(crate) fn meets(&self, lower: &str, host: Option<&str>, accounts: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Value(spelling, checker) => spelling.occurs_in(checker, lower),
            Self::Host(test) => host.is_some_and(|host| test.meets(host)),
            Self::Account(test) => accounts.iter().any(|account| test.meets(account)),
            Self::And(all) => all.iter().all(|ask| ask.meets(lower, host, accounts)),
            Self::Or(all) => all.iter().any(|ask| ask.meets(lower, host, accounts)),
            Self::Not(ask) => !ask.meets(lower, host, accounts),
        }
    }
}

/// Compares names of machines or accounts.
pub(crate) enum NameTest {
    /// This name in lower case, alone or continued by this sign: `ws-7` is `WS-7.corp.example` too.
    Begins(String, char),
    /// This name in lower case, alone or behind this sign: `anna` is `CORP\anna` too.
    Ends(String, char),
    /// This form.
    Form(Regex),
    /// No name is.
    Nothing,
}

impl NameTest {
    fn host(name: &str) -> Self {
        Self::form(name).unwrap_or_else(|| Self::Begins(name.to_lowercase(), '.'))
    }

    fn account(name: &str) -> Self {
        Self::form(name).unwrap_or_else(|| Self::Ends(name.to_lowercase(), '\\'))
    }

    fn form(name: &str) -> Option<Self> {
        if !name.contains(['*', '?']) {
            return None;
        }
        let pattern = regex::escape(&name.to_lowercase()).replace(r"\*", ".*").replace(r"\?", ".");
        Some(Regex::new(&format!("^(?s:{pattern})$")).map_or(Self::Nothing, Self::Form))
    }

    fn meets(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        match self {
            Self::Begins(wanted, sign) => name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(*sign)),
            Self::Ends(wanted, sign) => name.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with(*sign)),
            Self::Form(form) => form.is_match(&name),
            Self::Nothing => false,
        }
    }
}

/// The events whose column holds a name that is meant.
fn named(column: Option<&StrColumn>, test: &NameTest, size: u32) -> Result<Docs, LogError> {
    let mut docs = Docs::none(size);
    let Some(column) = column else { return Ok(docs) };
    let mut wanted = Docs::none(column.num_terms() as u32);
    let mut any = false;
    let mut names = column.dictionary().stream().map_err(index_io)?;
    while names.advance() {
        if std::str::from_utf8(names.key()).is_ok_and(|name| test.meets(name)) {
            wanted.insert(names.term_ord() as u32);
            any = true;
        }
    }
    if any {
        for doc in 0..size {
            if column.term_ords(doc).any(|place| wanted.holds(place as u32)) {
                docs.insert(doc);
            }
        }
    }
    Ok(docs)
}
