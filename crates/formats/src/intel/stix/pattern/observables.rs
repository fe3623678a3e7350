//! The observables that a pattern names.

use std::collections::HashSet;

use model::observable::{Observable, ObservableType};

use super::super::cyber;
use super::{Comparison, Literal, Observation, Observed, Operator, Step, Test};

/// The observables that a pattern names: what a property must equal (`=`, `IN`), and the networks that it must lie in
/// (`ISSUBSET`). Not what it must not be (`NOT`, `!=`), nor what is only alike (`LIKE`, `MATCHES`). In the order written, each once;
/// properties that are no observable of ours, and values that are none, are left out.
#[must_use]
pub fn observables(pattern: &Observation) -> Vec<Observable> {
    let mut found = Found::default();
    found.observation(pattern);
    found.list
}

#[derive(Default)]
struct Found {
    list: Vec<Observable>,
    seen: HashSet<Observable>,
}

impl Found {
    /// As deep as parentheses nest, which is limited.
    fn observation(&mut self, observation: &Observation) {
        match &observation.what {
            Observed::One(comparison) => self.comparison(comparison),
            Observed::And(parts) | Observed::Or(parts) | Observed::FollowedBy(parts) => {
                for part in parts {
                    self.observation(part);
                }
            }
        }
    }

    fn comparison(&mut self, comparison: &Comparison) {
        match comparison {
            Comparison::Test(test) => self.test(test),
            Comparison::And(parts) => self.all(parts),
            Comparison::Or(parts) => {
                for part in parts {
                    self.comparison(part);
                }
            }
        }
    }

    /// A name and the folder that it must be in are one path.
    fn all(&mut self, parts: &[Comparison]) {
        let name = parts.iter().find_map(|part| equal(part, &["name"]));
        let folder = parts.iter().find_map(|part| equal(part, &["parent_directory_ref", "path"]));
        let path = name.zip(folder).and_then(|(name, folder)| {
            let between = if folder.contains('\\') { '\\' } else { '/' };
            Observable::new(ObservableType::FilePath, &format!("{}{between}{name}", folder.trim_end_matches(between))).ok()
        });
        let joined = path.is_some();
        self.push(path);
        for part in parts {
            if !joined || equal(part, &["parent_directory_ref", "path"]).is_none() {
                self.comparison(part);
            }
        }
    }

    fn push(&mut self, observable: Option<Observable>) {
        if let Some(observable) = observable
            && self.seen.insert(observable.clone())
        {
            self.list.push(observable);
        }
    }

    fn test(&mut self, test: &Test) {
        if test.negated || !matches!(test.operator, Operator::Equal | Operator::In | Operator::IsSubset) {
            return;
        }
        let keys = keys(test);
        for value in &test.values {
            let text = match value {
                Literal::Text(text) => text.clone(),
                Literal::Int(number) => number.to_string(),
                _ => continue,
            };
            self.push(cyber::observable(&test.path.object, &keys, &text));
        }
    }
}

fn keys(test: &Test) -> Vec<&str> {
    test.path.steps.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect()
}

/// The text that a file's property must equal.
fn equal<'a>(comparison: &'a Comparison, path: &[&str]) -> Option<&'a str> {
    let Comparison::Test(test) = comparison else {
        return None;
    };
    let is_it = test.path.object == "file" && !test.negated && test.operator == Operator::Equal && keys(test) == path;
    match test.values.first() {
        Some(Literal::Text(text)) if is_it => Some(text),
        _ => None,
    }
}
