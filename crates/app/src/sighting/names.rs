//! Machines and accounts in the hits: of a result, and over a whole search.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use model::Scope;
use model::kind::{account_keys, host_keys};
use store::sighting::{self, Named, SeenName};

use super::run::Together;
use super::view::{StoredName, StoredNames};
use crate::job::Stop;
use crate::logs::NameCount;

/// Machines and accounts kept of each result.
const NAMES_OF_RESULT: usize = 100;
/// Machines and accounts kept of a search.
const NAMES_OF_SEARCH: usize = 1_000;

/// Machines and accounts of each observable and source that are found again from a configuration item or user.
const NAMES_INDEXED: usize = 1_000;
/// Names stored in one transaction.
const NAMES_CHUNK: usize = 2_000;

fn seen_name(what: Named, record: i64, (name, count): &(String, u64)) -> SeenName {
    let name = clean(name);
    let keys = if what == Named::Host { host_keys(&name) } else { account_keys(&name) };
    SeenName { what, keys, name, record, count: number(*count) }
}

pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// U+0000 stands in no text of the store.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The names of a result, and how many there are.
pub(super) fn names(held: &[(String, u64)]) -> (Vec<NameCount>, i64) {
    let kept = held.iter().take(NAMES_OF_RESULT).map(|(name, count)| NameCount { name: clean(name), count: number(*count) });
    (kept.collect(), held.len() as i64)
}

/// Names over all observables and sources: hits, and the observables' rows.
#[derive(Default)]
pub(super) struct Names(HashMap<String, (i64, HashSet<i64>)>);

impl Names {
    fn add(&mut self, record: i64, names: &[(String, u64)]) {
        for (name, count) in names {
            let known = match self.0.get_mut(name) {
                Some(known) => known,
                None => self.0.entry(name.clone()).or_default(),
            };
            known.0 = known.0.saturating_add(number(*count));
            known.1.insert(record);
        }
    }

    /// The names with most hits.
    pub(super) fn most(self) -> StoredNames {
        let total = self.0.len() as i64;
        let names =
            self.0.into_iter().map(|(name, (count, seen))| StoredName { name: clean(&name), count, observables: seen.len() as i64 });
        let mut names: Vec<StoredName> = names.collect();
        names.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        names.truncate(NAMES_OF_SEARCH);
        StoredNames { total, names }
    }
}

impl Together<'_> {
    /// Adds the machines and accounts in the hits of one observable.
    pub(super) fn names<'n>(&self, record: i64, held: impl Iterator<Item = (&'n [(String, u64)], &'n [(String, u64)])>) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (hosts, accounts) in held {
            names.0.add(record, hosts);
            names.1.add(record, accounts);
            let hosts = hosts.iter().take(NAMES_INDEXED).map(|named| seen_name(Named::Host, record, named));
            seen.extend(hosts.chain(accounts.iter().take(NAMES_INDEXED).map(|named| seen_name(Named::Account, record, named))));
        }
    }

    /// Stores the names that were seen until now, so that configuration items and users can tell where they were seen.
    pub(super) fn keep_names(&self) -> Result<(), Stop> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let search = self.plan.search.id;
        for chunk in seen.chunks(NAMES_CHUNK) {
            self.work.check()?;
            let chunk = chunk.to_vec();
            self.app.store.write_step(Scope::System, move |tx| sighting::add_names(tx, search, &chunk))?;
        }
        Ok(())
    }
}
