//! The rule *Match* for one event that is not in the index: what other systems say that they found.

use std::ops::Range;

use crate::marks::marks;
use crate::needle::{Checker, Spelling};
use crate::request::{Needle, NeedleKind};
use crate::tokens::whole_tokens;

/// How an event holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holds {
    /// As it is written.
    pub exact: bool,
    /// In this or another spelling.
    pub normalised: bool,
    /// It names a domain below; domains only.
    pub below: bool,
}

/// A value, ready to be compared with many events.
pub struct Comparison {
    exact: Option<Spelling>,
    others: Vec<Spelling>,
    /// `.evil.example`, lower-cased; empty when domains below do not count.
    below: String,
}

impl Comparison {
    /// The comparison of a value. A spelling that can stand nowhere is held by no event.
    #[must_use]
    pub fn new(needle: &Needle) -> Self {
        let below = match needle.kind {
            NeedleKind::Domain { .. } => format!(".{}", needle.value.to_lowercase()),
            _ => String::new(),
        };
        let others = needle.alternatives.iter().filter_map(|other| Spelling::new(&other.value, other.kind).ok()).collect();
        Self { exact: Spelling::new(&needle.value, needle.kind).ok(), others, below }
    }

    /// How an event holds the value; `text` is its decoded values, joined by line feeds.
    #[must_use]
    pub fn with(&self, text: &str) -> Holds {
        let lower = text.to_lowercase();
        let exact = self.exact.as_ref().is_some_and(|spelling| occurs(spelling, &lower));
        let normalised = exact || self.others.iter().any(|spelling| occurs(spelling, &lower));
        let below =
            !self.below.is_empty() && whole_tokens(&lower).any(|token| token.len() > self.below.len() && token.ends_with(&self.below));
        Holds { exact, normalised, below }
    }

    /// Where the value stands in a raw event, in any spelling: byte ranges, ascending, not overlapping.
    #[must_use]
    pub fn places(&self, raw: &str) -> Vec<Range<usize>> {
        marks(raw, &self.exact.iter().chain(&self.others).collect::<Vec<_>>())
    }
}

fn occurs(spelling: &Spelling, lower: &str) -> bool {
    spelling.occurs_in(&Checker::new(spelling), lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Alternative;

    fn holds(kind: NeedleKind, value: &str, alternatives: &[&str], text: &str) -> (bool, bool, bool) {
        let kind_of = |other: &str| if other.contains('/') { NeedleKind::Network } else { kind };
        let alternatives = alternatives.iter().map(|other| Alternative { kind: kind_of(other), value: (*other).to_owned() }).collect();
        let found = Comparison::new(&Needle { id: 1, kind, value: value.to_owned(), alternatives }).with(text);
        (found.exact, found.normalised, found.below)
    }

    #[test]
    fn an_event_is_held_against_the_rule_of_the_index() {
        let plain = NeedleKind::Plain;
        let domain = NeedleKind::Domain { with_subdomains: true };
        assert_eq!(holds(plain, "10.0.5.1", &[], "from 10.0.5.1:80"), (true, true, false));
        assert_eq!(holds(plain, "10.0.5.1", &[], "from 10.0.5.13"), (false, false, false));
        assert_eq!(holds(plain, r"C:\A\b.exe", &[], r"run c:\a\B.exe.mui"), (false, false, false));
        assert_eq!(holds(NeedleKind::Url, "http://e.example/a", &[], "GET http://e.example/a/b"), (false, false, false));
        assert_eq!(holds(plain, "00:11", &["00-11"], "mac 00-11"), (false, true, false));
        assert_eq!(holds(plain, "10.0.0.0/8", &["10.0.0.0/8"], "from 10.9.8.7:80"), (false, true, false));
        assert_eq!(holds(domain, "evil.example", &[], "www.Evil.example."), (false, false, true));
        assert_eq!(holds(domain, "evil.example", &[], "notevil.example"), (false, false, false));
        assert_eq!(holds(domain, "evil.example", &[], ".evil.example. x"), (true, true, false));
    }
}
