//! Lists what a sightings search found, negatives among it.

use std::collections::{HashMap, HashSet};

use model::list::Page;
use model::observable::refang;
use model::sighting::{Basis, OutcomeFilter};
use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::sighting::{self, ResultFilter, Search, SightingResult};

use super::compare::{self, SourceChange};
use super::get::find;
use super::identify::{self, Candidates};
use super::view::Detail;
use super::{CandidateView, SeenNameView, SightingResultView, SightingRowView};
use crate::App;
use crate::case::{cursor, limit};
use crate::error::Result;
use crate::logs::NameCount;

/// What a list of results shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResultQuery {
    /// `seen`, `not_seen`, `new` (seen, and not by the earlier search `with`) or `all` (unless told).
    pub outcome: String,
    /// An earlier search of the same case, `SIGHT0001001`: rows then tell what changed since.
    pub with: String,
    /// Keywords in the observable; each must occur. Defanged values are understood.
    pub q: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of results, one for each observable and source, most events first.
///
/// # Errors
/// When the query holds unknown words, or there is no search that the actor may know of.
pub async fn results(app: &App, actor: &Actor, sight_number: &str, query: ResultQuery) -> Result<Page<SightingResultView>> {
    let filter = filter(&query)?;
    let number = sight_number.to_owned();
    app.read(actor, move |tx| {
        let search = find(tx, &number)?;
        let earlier = earlier(tx, &search, &query.with)?;
        let page = sighting::results(tx, &ResultFilter { search: search.id, earlier: earlier.map(|with| with.id), ..filter })?;
        let known = Known::of(tx, search.case, &page.items)?;
        Ok(page.map(|result| known.view(result)))
    })
    .await
}

/// One page of observables with what each source holds of them, most events first.
///
/// # Errors
/// When the query holds unknown words, or there is no search that the actor may know of.
pub async fn rows(app: &App, actor: &Actor, sight_number: &str, query: ResultQuery) -> Result<Page<SightingRowView>> {
    let filter = filter(&query)?;
    let number = sight_number.to_owned();
    app.read(actor, move |tx| {
        let search = find(tx, &number)?;
        let earlier = earlier(tx, &search, &query.with)?;
        let filter = ResultFilter { search: search.id, earlier: earlier.as_ref().map(|with| with.id), ..filter };
        let page = sighting::rows(tx, &filter)?;
        let records: Vec<i64> = page.items.iter().map(|row| row.record.id).collect();
        let results = sighting::results_of(tx, search.id, &records)?;
        let mut changed: HashMap<i64, Vec<SourceChange>> = HashMap::new();
        if let Some(with) = earlier {
            for one in sighting::changes_of(tx, &compare::pair(&search, &with), &records)? {
                let change = SourceChange { source: one.source, change: one.change, then: one.then };
                changed.entry(one.record).or_default().push(change);
            }
        }
        let known = Known::of(tx, search.case, &results)?;
        let mut by_record: HashMap<i64, Vec<SightingResultView>> = HashMap::new();
        for result in results {
            by_record.entry(result.record.id).or_default().push(known.view(result));
        }
        Ok(page.map(|row| SightingRowView {
            sources: by_record.remove(&row.record.id).unwrap_or_default(),
            changes: changed.remove(&row.record.id).unwrap_or_default(),
            outcome: row.outcome,
            hits: row.hits,
            first_seen: row.first_at.set(),
            last_seen: row.last_at.set(),
            observable: row.record.into(),
        }))
    })
    .await
}

fn filter(query: &ResultQuery) -> Result<ResultFilter> {
    let mut fields = Fields::new();
    let outcome = match query.outcome.as_str() {
        "" => None,
        word => fields.keep("/outcome", word.parse::<OutcomeFilter>()),
    };
    let filter = ResultFilter {
        search: 0,
        outcome: outcome.unwrap_or(OutcomeFilter::All),
        earlier: None,
        q: refang(&fields.text("/q", &query.q, 1_000)),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
    };
    if filter.outcome == OutcomeFilter::New && query.with.is_empty() {
        fields.refuse("/with", "name the earlier search since which something is new");
    }
    fields.finish()?;
    Ok(filter)
}

/// The earlier search that is named, if one is.
fn earlier(tx: &mut Tx<'_>, search: &Search, with: &str) -> Result<Option<Search>> {
    if with.is_empty() { Ok(None) } else { compare::named(tx, search, with).map(Some) }
}

/// What is known of the machines and accounts in some results.
pub(super) struct Known {
    details: HashMap<i64, Detail>,
    hosts: Candidates,
    accounts: Candidates,
}

impl Known {
    pub(super) fn of(tx: &mut Tx<'_>, case: i64, results: &[SightingResult]) -> Result<Self> {
        let read = |result: &SightingResult| serde_json::from_str(&result.found.detail).unwrap_or_default();
        let details: HashMap<i64, Detail> = results.iter().map(|result| (result.id, read(result))).collect();
        let names = |of: fn(&Detail) -> &[NameCount]| details.values().flat_map(of).map(|name| name.name.as_str());
        let hosts = identify::hosts(tx, case, names(|detail| &detail.hosts))?;
        let accounts = identify::accounts(tx, case, names(|detail| &detail.accounts))?;
        Ok(Self { details, hosts, accounts })
    }

    pub(super) fn view(&self, result: SightingResult) -> SightingResultView {
        let detail = self.details.get(&result.id).cloned().unwrap_or_default();
        let found = result.found;
        SightingResultView {
            observable: result.record.into(),
            source: found.source,
            outcome: found.outcome,
            count: found.count,
            count_is_exact: found.count_is_exact,
            count_normalised: found.count_normalised,
            with_subdomains: found.with_subdomains,
            basis: detail.basis.unwrap_or(Basis::Exact),
            external: found.external,
            first_seen: found.first_at.set(),
            last_seen: found.last_at.set(),
            histogram: detail.histogram,
            without_time: detail.without_time,
            matched_configuration_items: distinct(&detail.hosts, &self.hosts),
            matched_users: distinct(&detail.accounts, &self.accounts),
            hosts: named(detail.hosts, &self.hosts),
            hosts_total: detail.hosts_total,
            accounts: named(detail.accounts, &self.accounts),
            accounts_total: detail.accounts_total,
            samples: detail.samples,
            query: detail.query,
            link: detail.link,
            error: found.error,
            coverage: detail.coverage,
        }
    }
}

fn named(names: Vec<NameCount>, candidates: &Candidates) -> Vec<SeenNameView> {
    let view = |name: NameCount| SeenNameView {
        candidates: candidates.get(&name.name).cloned().unwrap_or_default(),
        name: name.name,
        count: name.count,
        observables: 1,
    };
    names.into_iter().map(view).collect()
}

fn distinct(names: &[NameCount], candidates: &Candidates) -> Vec<CandidateView> {
    let mut seen = HashSet::new();
    let all = names.iter().filter_map(|name| candidates.get(&name.name)).flatten();
    all.filter(|candidate| seen.insert(candidate.record_id.as_str())).cloned().collect()
}
