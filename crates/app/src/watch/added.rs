//! The job that looks through the kept logs for observables that came into a case that watches: by hand, by an import, along
//! with others. What comes in while it works is looked for by the same job, so that much at once is few lookups.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use logs::{LogError, Needle, SearchRequest};
use model::Scope;
use model::sighting::UrlMatch;
use model::time::Window;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{log_source, watch};

use super::tell::{Seen, tell};
use crate::App;
use crate::error::AppError;
use crate::job::{Kind, Lane, Stop, Work, done};
use crate::sighting::{launch_over, needle};

pub(crate) const JOB: Kind = Kind { name: "watch_added", unit: "observables", lane: Lane::Any, run, give_up: super::run::give_up };

/// Observables that are looked up together.
const TOGETHER: i64 = 20_000;

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The case's number.
    pub(super) subject: String,
}

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let case = work.job.case;
    let Some((_, watch)) = app.store.read_blocking(Scope::System, move |tx| super::watching(tx, case))? else {
        return finish(app, work, Vec::new(), BTreeSet::new(), 0, UrlMatch::Whole);
    };
    let (mut seen, mut sources, mut to, mut looked) = (Vec::new(), BTreeSet::new(), watch.looked_to, 0);
    loop {
        work.check()?;
        let (page, last) = app.store.read_blocking(Scope::System, move |tx| watch::added(tx, case, to, TOGETHER))?;
        let Some(last) = last else { break };
        to = last;
        let included = page.iter().filter(|added| added.included).map(|added| &added.needle);
        let needles: Vec<Needle> = included.map(|one| needle(one.record, &one.category, &one.value, watch.urls)).collect();
        let request = SearchRequest { needles: &needles, window: Window::All, sources: None, batch: None, samples: 0 };
        let alive = |_, _| if work.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        match app.logs.search(&request, &alive) {
            Err(LogError::Cancelled) => {
                work.check()?;
                return Err(Stop::Cancelled);
            }
            found => {
                for result in found?.results {
                    seen.push(result.id);
                    sources.insert(result.source);
                }
            }
        }
        looked += page.len() as u64;
        work.progress(looked, looked);
    }
    seen.sort_unstable();
    seen.dedup();
    finish(app, work, seen, sources, to, watch.urls)
}

/// Starts a search of what was seen, tells the case, and notes up to where it was looked, in one transaction.
fn finish(app: &App, work: &Work, seen: Vec<i64>, sources: BTreeSet<i64>, to: i64, urls: UrlMatch) -> Result<(), Stop> {
    let (stamp, job) = (app.stamp(&work.job.created_by), work.job.clone());
    app.store.write_blocking(Scope::System, move |tx| {
        let mut search = None;
        // The case may have been closed meanwhile, or watch no more.
        if let Some((case, _)) = super::watching(tx, job.case)?.filter(|_| !seen.is_empty()) {
            let known = log_source::list(tx)?;
            let names: Vec<String> = known.into_iter().filter(|one| sources.contains(&one.id)).map(|one| one.name).collect();
            let number = launch_over(tx, &stamp, &case, seen.clone(), Window::All, names.clone(), urls)?;
            tell(tx, &stamp, &case, &Seen { observables: seen.len(), sources: &names, file: "", search: &number })?;
            search = Some(number);
        }
        watch::looked(tx, job.case, to)?;
        done(tx, &stamp, &job, &json!({ "search": search, "seen": seen.len() }))?;
        Ok::<_, AppError>(())
    })?;
    Ok(())
}
