//! Shows a sightings search.

use model::Actor;
use model::Timestamp;
use model::case::{case_number, parse_search_number, search_number};
use model::sighting::Outcome;
use store::sighting::{self, Search};
use store::{Tx, job};

use super::compare::compared_with;
use super::view::StoredNames;
use super::{EarlierView, SightingSummary, SightingTotals, SightingView, WindowView, identify};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::JobView;

/// A search by its number.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, sight_number: &str) -> Result<SightingView> {
    let (number, now) = (sight_number.to_owned(), app.now());
    app.read(actor, move |tx| {
        let search = find(tx, &number)?;
        SightingView::load(tx, search, now)
    })
    .await
}

/// Finds a search whose case the viewer may know of.
pub(super) fn find(tx: &mut Tx<'_>, number: &str) -> Result<Search> {
    let number = parse_search_number(number).ok_or(AppError::NotFound("sightings search"))?;
    sighting::find(tx, number)?.ok_or(AppError::NotFound("sightings search"))
}

pub(super) fn window(search: &Search) -> WindowView {
    WindowView { text: search.window_text.clone(), from: search.window_from.set(), to: search.window_to.set(), all_data: search.all_data }
}

pub(super) fn sources(search: &Search) -> Vec<String> {
    serde_json::from_str(&search.sources).unwrap_or_default()
}

fn totals(search: &Search, counts: &[(Outcome, i64)]) -> SightingTotals {
    let of = |wanted: Outcome| counts.iter().filter(|(outcome, _)| *outcome == wanted).map(|(_, count)| count).sum();
    SightingTotals {
        observables: search.observables,
        patterns: search.patterns,
        seen: of(Outcome::Seen),
        not_seen: of(Outcome::NotSeen),
        no_coverage: of(Outcome::NoCoverage),
        failed: of(Outcome::Failed),
        // Of a large search, not all are written down yet.
        pending: search.observables
            - counts.iter().filter(|(outcome, _)| *outcome != Outcome::Pending).map(|(_, count)| count).sum::<i64>(),
    }
}

impl SightingView {
    /// A search with its totals, its job, and what is known of the machines and accounts in its hits.
    pub(super) fn load(tx: &mut Tx<'_>, search: Search, now: Timestamp) -> Result<Self> {
        let counts = sighting::totals(tx, &[search.id])?.remove(&search.id).unwrap_or_default();
        let hosts: StoredNames = serde_json::from_str(&search.hosts).unwrap_or_default();
        let accounts: StoredNames = serde_json::from_str(&search.accounts).unwrap_or_default();
        let known_hosts = identify::hosts(tx, search.case, hosts.names.iter().map(|name| name.name.as_str()))?;
        let known_accounts = identify::accounts(tx, search.case, accounts.names.iter().map(|name| name.name.as_str()))?;
        let (matched_hosts, unmatched_hosts) = identify::split(hosts.names, known_hosts);
        let (matched_accounts, unmatched_accounts) = identify::split(accounts.names, known_accounts);
        let job = job::find_by_row(tx, search.job)?.map(|job| JobView::of(job, now));
        let earlier = sighting::earlier(tx, &search, 1)?.into_iter().next();
        let new = match earlier.as_ref().filter(|_| search.state.is_ended()) {
            Some(earlier) => compared_with(tx, &search, earlier)?.new,
            None => 0,
        };
        Ok(Self {
            number: search_number(search.number),
            case: case_number(search.case_number),
            state: search.state,
            window: window(&search),
            sources: sources(&search),
            urls: search.urls,
            totals: totals(&search, &counts),
            coverage: serde_json::from_str(&search.coverage).unwrap_or_default(),
            matched_hosts,
            unmatched_hosts,
            hosts_total: hosts.total,
            matched_accounts,
            unmatched_accounts,
            accounts_total: accounts.total,
            error: search.error,
            created_by: search.created_by,
            created_at: search.created_at,
            finished_at: search.finished_at.set(),
            job,
            earlier: earlier.as_ref().map(EarlierView::of),
            new,
        })
    }
}

impl SightingSummary {
    pub(super) fn of(search: Search, counts: &[(Outcome, i64)]) -> Self {
        Self {
            number: search_number(search.number),
            case: case_number(search.case_number),
            state: search.state,
            window: window(&search),
            sources: sources(&search),
            urls: search.urls,
            totals: totals(&search, counts),
            error: search.error,
            created_by: search.created_by,
            created_at: search.created_at,
            finished_at: search.finished_at.set(),
        }
    }
}
