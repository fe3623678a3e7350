//! Patterns over log events: which events take part in what a pattern describes.
//!
//! An event is one observation (STIX 2.1, section 9): what stands in one `[…]` must hold of one event, and parts joined by `AND`
//! and `FOLLOWEDBY` are held by different events. Properties are compared with fields of the event ([`counterpart`]). A property
//! that has none is neither true nor false, and is told ([`Prepared::without_counterpart`]).
//!
//! Text is compared as the log index compares it: upper and lower case are the same, but for `MATCHES`, which says itself.

mod bind;
mod compare;
mod fields;
#[cfg(test)]
mod tests;

pub use bind::{Bound, Moment};
pub use fields::{Facts, Field, counterpart};

use model::Timestamp;

use super::{Comparison, ObjectPath, Observation, Observed, Qualifier, Step};
use bind::Plan;
use compare::Ready;

/// Why a pattern can't be held against events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEvaluated {
    /// A regular expression or a network in it can't be used.
    #[error("{0}")]
    Value(String),
    /// Its parts can be put together in too many ways.
    #[error("the pattern can be met in more than {0} ways, which is more than is tried")]
    TooMany(usize),
}

/// A pattern, ready to be held against events.
#[derive(Debug)]
pub struct Prepared {
    leaves: Vec<Ready>,
    sources: Vec<Comparison>,
    plan: Plan,
    without: Vec<String>,
}

impl Prepared {
    /// Makes a pattern ready.
    ///
    /// # Errors
    /// When something in it can't be used, or it is too large.
    pub fn new(pattern: &Observation) -> Result<Self, NotEvaluated> {
        let mut leaves = Vec::new();
        let plan = Plan::new(pattern, &mut leaves)?;
        let mut without = Vec::new();
        for leaf in &leaves {
            paths(leaf, &mut |path| {
                let text = path_text(path);
                if counterpart(path).is_none() && !without.contains(&text) {
                    without.push(text);
                }
            });
        }
        let ready = leaves.iter().map(Ready::new).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { leaves: ready, sources: leaves, plan, without })
    }

    /// The comparisons that stand in brackets, in the order written: what one event must hold.
    #[must_use]
    pub fn observations(&self) -> &[Comparison] {
        &self.sources
    }

    /// Properties of the pattern that no field of an event tells, as they are written: where it is not met, this does not say that it
    /// did not happen.
    #[must_use]
    pub fn without_counterpart(&self) -> &[String] {
        &self.without
    }

    /// Whether an event holds what stands in one pair of brackets; nothing where that can't be told.
    #[must_use]
    pub fn holds(&self, observation: usize, facts: &Facts) -> Option<bool> {
        self.leaves.get(observation)?.holds(facts)
    }

    /// What takes part in meeting the pattern. `matching` holds for each of [`Prepared::observations`] the events that hold it, by
    /// their place in `moments`.
    #[must_use]
    pub fn bind(&self, moments: &[Moment], matching: &[Vec<usize>]) -> Bound {
        bind::bind(&self.plan, moments, matching)
    }

    /// Whether any part speaks of when things happened: events without a time meet none of those.
    #[must_use]
    pub fn speaks_of_time(&self) -> bool {
        self.plan.speaks_of_time()
    }
}

fn paths(comparison: &Comparison, each: &mut impl FnMut(&ObjectPath)) {
    match comparison {
        Comparison::Test(test) => each(&test.path),
        Comparison::And(parts) | Comparison::Or(parts) => parts.iter().for_each(|part| paths(part, each)),
    }
}

/// A path as it is written: `file:hashes.'SHA-256'`.
fn path_text(path: &ObjectPath) -> String {
    let mut text = format!("{}:", path.object);
    for (at, step) in path.steps.iter().enumerate() {
        match step {
            Step::Key(key) => {
                if at > 0 {
                    text.push('.');
                }
                if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    text.push_str(key)
                } else {
                    text.push_str(&format!("'{key}'"))
                }
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Any => text.push_str("[*]"),
        }
    }
    text
}

/// A moment of a pattern, which checks it when it is read.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Whether an observation is a plain `[…]`.
fn plain(observation: &Observation) -> Option<&Comparison> {
    match &observation.what {
        Observed::One(comparison) if observation.qualifiers.is_empty() => Some(comparison),
        _ => None,
    }
}

/// How often `REPEATS` asks for.
fn repeats(qualifiers: &[Qualifier]) -> impl Iterator<Item = usize> + '_ {
    qualifiers.iter().filter_map(|qualifier| match qualifier {
        Qualifier::Repeats(times) => Some(usize::try_from(*times).unwrap_or(1).max(1)),
        _ => None,
    })
}
