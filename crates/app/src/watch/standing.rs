//! What watching cases wait for, kept ready between the files that come in: for each file, what may be in it is told by going
//! through the file's words once, however much waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logs::Standing;
use model::Scope;
use model::sighting::UrlMatch;
use store::log_source::LogFile;
use store::watch;

use crate::App;
use crate::job::{Stop, Work};
use crate::sighting::needle;

/// Observables that are read together.
const TOGETHER: i64 = 20_000;
/// More words than this (about 150 MB) are not kept between files, over all cases; they are read again for each.
const MOST_WORDS: usize = 8_000_000;

/// The cases' values. What is kept of a case may be more than it waits for by now, and never less.
#[derive(Default)]
pub(crate) struct Cache {
    cases: Mutex<HashMap<i64, Kept>>,
}

#[derive(Clone, Default)]
struct Kept {
    case: Arc<Mutex<OfCase>>,
    words: usize,
}

#[derive(Default)]
struct OfCase {
    standing: Standing,
    /// Up to which artifact's row its observables are in it.
    to: i64,
    /// How much of a URL is looked for.
    urls: UrlMatch,
}

impl Cache {
    fn cases(&self) -> MutexGuard<'_, HashMap<i64, Kept>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a case that does not watch any more.
    pub(super) fn forget(&self, case: i64) {
        self.cases().remove(&case);
    }

    /// Keeps a case's values, unless there is no room.
    fn keep(&self, case: i64, kept: Kept) {
        let mut cases = self.cases();
        let others: usize = cases.iter().filter(|(other, _)| **other != case).map(|(_, kept)| kept.words).sum();
        if others + kept.words <= MOST_WORDS {
            cases.insert(case, kept);
        } else {
            cases.remove(&case);
        }
    }
}

/// The rows of a case's observables that may stand in a file, ascending; excluded ones may be among them.
pub(super) fn met(app: &App, work: &Work, (case, urls): (i64, UrlMatch), file: &LogFile) -> Result<Vec<i64>, Stop> {
    let mut kept = app.standing.cases().get(&case).cloned().unwrap_or_default();
    let met = {
        // What was added before a panic is added again: that a value is there twice changes nothing.
        let mut of_case = kept.case.lock().unwrap_or_else(PoisonError::into_inner);
        if of_case.urls != urls {
            *of_case = OfCase { urls, ..OfCase::default() };
        }
        loop {
            work.check()?;
            let after = of_case.to;
            let (page, last) = app.store.read_blocking(Scope::System, move |tx| watch::added(tx, case, after, TOGETHER))?;
            let Some(last) = last else { break };
            for added in &page {
                of_case.standing.add(&needle(added.needle.record, &added.needle.category, &added.needle.value, urls));
            }
            of_case.to = last;
        }
        of_case.standing.settle();
        kept.words = of_case.standing.len();
        app.logs.met(&of_case.standing, file.id)?
    };
    app.standing.keep(case, kept);
    Ok(met)
}
