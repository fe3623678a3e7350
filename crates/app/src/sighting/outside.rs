//! An outside source's part of a sightings search, on a thread of its own.

use std::sync::Arc;

use connect::siem::{Answer, AskError, Asked, Connection, Held};
use logs::SourceCoverage;
use model::Scope;
use model::observable::ObservableType;
use model::sighting::UrlMatch;
use store::sighting;
use store::source::Source;

use super::judge::{self, Judge};
use super::run::Together;
use super::{CoverageView, coverage, needle};
use crate::job::Stop;
use crate::source::open;

/// Observables that are read at once.
const PAGE: i64 = 500;
/// After so many questions in a row that got no answer, a source is not asked for the rest.
const FAILURES: u32 = 2;

/// An observable as outside sources are asked for it.
pub(crate) fn asked(id: i64, category: &str, value: &str, urls: UrlMatch) -> Asked {
    let needle = needle::needle(id, category, value, urls);
    // Networks and wildcards are no texts that others could look for.
    let texts = needle.alternatives.into_iter().filter(|other| !needle::is_wide(other.kind)).map(|other| other.value);
    let part = (category == ObservableType::Url.as_str()).then(|| needle::part_of_url(value, urls)).flatten().map(|part| part.value);
    Asked { id, of_type: category.to_owned(), value: needle.value, spellings: texts.collect(), part }
}

/// Asks a source for every observable of a search. That it fails is part of the answer; an error here is the job's.
pub(super) fn ask(together: &Together<'_>, source: &Source) -> Result<(), Stop> {
    let mut asking = Asking { together, source, failures: 0, given_up: None, worst: None };
    match open(together.app, source, Arc::clone(&together.cancelled)) {
        Ok(connection) => asking.all(Some(&connection))?,
        Err(error) => {
            asking.given_up = Some(AskError::Refused(format!("the source can't be asked as it is set up: {error}")));
            asking.all(None)?;
        }
    }
    asking.note()
}

struct Asking<'a, 'b> {
    together: &'a Together<'b>,
    source: &'a Source,
    /// Questions in a row without an answer.
    failures: u32,
    /// Why it is not asked any more.
    given_up: Option<AskError>,
    /// An error of the source as a whole, for its own page.
    worst: Option<AskError>,
}

impl Asking<'_, '_> {
    fn all(&mut self, connection: Option<&Connection>) -> Result<(), Stop> {
        let coverage = self.coverage(connection)?;
        let mut after = 0;
        loop {
            self.together.work.check()?;
            let search = self.together.plan.search.id;
            let needles = self.together.app.store.read_blocking(Scope::System, move |tx| sighting::needles(tx, search, after, PAGE))?;
            let Some(last) = needles.last() else { return Ok(()) };
            after = last.record;
            let size = connection.map_or(PAGE as usize, Connection::batch);
            for batch in needles.chunks(size) {
                self.together.work.check()?;
                self.batch(connection, batch, &coverage)?;
            }
        }
    }

    fn coverage(&mut self, connection: Option<&Connection>) -> Result<Coverage, Stop> {
        let window = self.together.plan.window;
        let told = match (connection, &self.given_up) {
            (Some(connection), None) => connection.coverage(window),
            (_, why) => Err(why.clone().unwrap_or(AskError::Cancelled)),
        };
        let known = match told {
            Ok(_) if self.source.external => {
                let told = coverage::unknown(&self.source.name, "what others told; it covers no days of ours");
                Coverage { view: CoverageView { covered: true, ..told }, error: None }
            }
            Ok(held) => Coverage { view: coverage::of(&self.source.name, window, Some(&as_held(held))), error: None },
            Err(AskError::Cancelled) => {
                self.together.work.check()?;
                return Err(Stop::Cancelled);
            }
            Err(error) => {
                let view = coverage::unknown(&self.source.name, &format!("not known: {error}"));
                if error.is_of_source() {
                    self.given_up = Some(error.clone());
                }
                // That it can't tell is no fault of it.
                if !matches!(error, AskError::Refused(_)) {
                    self.worst = Some(error.clone());
                }
                Coverage { view, error: Some(error) }
            }
        };
        self.together.tell_coverage(known.view.clone())?;
        Ok(known)
    }

    fn batch(&mut self, connection: Option<&Connection>, batch: &[sighting::Needle], coverage: &Coverage) -> Result<(), Stop> {
        let asked: Vec<Asked> = batch.iter().map(|n| asked(n.record, &n.category, &n.value, self.together.plan.search.urls)).collect();
        let answers: Vec<Result<Answer, AskError>> = match (connection, &self.given_up) {
            (Some(connection), None) => connection.ask(&asked, self.together.plan.window),
            (_, why) => {
                let why = why.clone().unwrap_or(AskError::Cancelled);
                batch.iter().map(|_| Err(why.clone())).collect()
            }
        };
        if answers.iter().any(|answer| matches!(answer, Err(AskError::Cancelled))) {
            self.together.work.check()?;
            return Err(Stop::Cancelled);
        }
        self.count_failures(&answers);
        let settings = connection.map(Connection::settings);
        let mut results = Vec::with_capacity(batch.len());
        for ((stored, asked), answer) in batch.iter().zip(&asked).zip(answers) {
            let plan = self.together.plan;
            let judge = Judge { source: self.source, settings, window: plan.window, urls: plan.search.urls, coverage };
            let judged = judge::result(&judge, stored, asked, answer)?;
            if !self.source.external {
                self.together.names(stored.record, std::iter::once((judged.hosts.as_slice(), judged.accounts.as_slice())));
            }
            results.push(judged.result);
        }
        self.together.keep(batch, results)?;
        self.together.progress(batch.len() as u64);
        Ok(())
    }

    fn count_failures(&mut self, answers: &[Result<Answer, AskError>]) {
        let failed = answers.iter().find_map(|answer| answer.as_ref().err().filter(|error| error.is_of_source()));
        match failed {
            Some(error) if answers.iter().all(Result::is_err) => {
                self.failures += 1;
                self.worst = Some(error.clone());
                let for_good = matches!(error, AskError::Status { .. } | AskError::Redirect(_));
                if for_good || self.failures >= FAILURES {
                    self.given_up = Some(error.clone());
                }
            }
            _ => self.failures = 0,
        }
    }

    /// Notes with the source when it was asked and how that went. Every reader sees it, whoever may know of the case: what was
    /// asked for and what the source said of it stand in the search alone.
    fn note(&self) -> Result<(), Stop> {
        let (id, now) = (self.source.id, self.together.app.now());
        let error = self.worst.as_ref().map_or_else(String::new, AskError::kind);
        self.together.app.store.write_blocking(Scope::System, move |tx| store::source::asked(tx, id, &error, now))?;
        Ok(())
    }
}

/// What a source has in the window, or why that is not known.
pub(super) struct Coverage {
    pub(super) view: CoverageView,
    pub(super) error: Option<AskError>,
}

fn as_held(held: Held) -> SourceCoverage {
    SourceCoverage {
        source: 0,
        first: held.first,
        last: held.last,
        per_day: held.per_day,
        events: held.events,
        without_time: held.without_time,
        raw_bytes: 0,
        disk_bytes: 0,
        gone: Vec::new(),
        gone_without_day: None,
    }
}
