//! The lists, compiled: kept until they change, shared by all who ask.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use formats::known_good::{KnownGood, ListLimits, Matcher, Warninglist};
use model::observable::Observable;
use model::text::shorten;
use model::{Actor, Scope};
use store::known_good::{self, List};

use super::load;
use crate::App;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// Lists that a reason names; the others are counted.
const NAMED: usize = 3;
/// Characters of a reason.
const REASON: usize = 400;

/// Our own list, and the lists of others that are asked.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    own: KnownGood,
    others: Matcher,
}

impl Compiled {
    /// Whether there is nothing to be asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.others.is_empty()
    }

    /// Why an observable is known to be good: our own word first, then the names of the lists.
    pub(crate) fn reason(&self, observable: &Observable) -> Option<String> {
        let mut reasons: Vec<&str> = self.own.matches(observable).into_iter().collect();
        let names: Vec<&str> = self.others.names(observable).collect();
        let more = names.len().saturating_sub(NAMED);
        reasons.extend(names.into_iter().take(NAMED));
        if reasons.is_empty() {
            return None;
        }
        let told = reasons.join("; ");
        Some(shorten(&if more > 0 { format!("{told}; and {more} more") } else { told }, REASON))
    }
}

/// The lists as they were compiled last, and of which version they are.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Option<(String, Arc<Compiled>)>>);

impl App {
    /// The lists, compiled if they changed since; and their version.
    pub(crate) async fn known_good(&self, _: &Actor) -> Result<Arc<Compiled>> {
        let app = self.clone();
        on_a_thread(move || Ok(app.known_good_blocking()?.1)).await?
    }

    /// The same, on a thread that may wait.
    pub(crate) fn known_good_blocking(&self) -> Result<(String, Arc<Compiled>)> {
        let version = self.store.read_blocking(Scope::System, |tx| Ok::<_, AppError>(known_good::marking(tx)?.version))?;
        // Held while the lists are compiled: whoever else asks waits for them instead of compiling them too.
        let mut cache = self.known_good.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, compiled)) = cache.as_ref().filter(|(known, _)| *known == version) {
            return Ok((known.clone(), Arc::clone(compiled)));
        }
        let (version, own, lists) = self.store.read_blocking(Scope::System, |tx| {
            Ok::<_, AppError>((known_good::marking(tx)?.version, load(tx)?, known_good::lists(tx, true)?))
        })?;
        let mut others = Vec::with_capacity(lists.len());
        for list in &lists {
            others.push((self.read_list(list)?, list.own_types));
        }
        let others = Matcher::compile(others.iter().map(|(list, own_types)| (list, *own_types)));
        let compiled = Arc::new(Compiled { own, others });
        *cache = Some((version.clone(), Arc::clone(&compiled)));
        Ok((version, compiled))
    }

    fn read_list(&self, list: &List) -> Result<Warninglist> {
        let lost = |why: String| AppError::Internal(format!("the known-good list `{}` can't be read from its file: {why}", list.name));
        let mut bytes = Vec::new();
        self.store.blobs().get(&list.sha256)?.read_to_end(&mut bytes).map_err(|error| lost(error.to_string()))?;
        Warninglist::parse(&bytes, &ListLimits::default()).map_err(|error| lost(error.to_string()))
    }
}
