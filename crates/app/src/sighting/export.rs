//! Exports the answer of a search: what was seen, what was not, what was covered, and what was asked.

use formats::export::answer::{AnswerFormat, AnswerHead, AnswerRow, AnswerWriter, Covered};
use model::case::{case_number, parse_search_number, search_number};
use model::sighting::{Outcome, OutcomeFilter};
use model::{Actor, Fields, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::case::{self, Case};
use store::journal::{Deed, ShownIn};
use store::sighting::{self, ResultFilter, Search, SightingResult};
use store::{Tx, journal};

use super::SightingSummary;
use super::compare::coverage;
use super::get::find;
use super::view::Detail;
use crate::App;
use crate::error::{AppError, Result};
use crate::export::{Export, read_patiently, spawn};
use crate::logs::NameCount;
use crate::record::RecordView;

/// Results of one transaction.
const CHUNK: u32 = 500;
/// Searches that leave with a case.
const SEARCHES: u32 = 1_000;

/// How an answer is exported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerExportQuery {
    /// `csv`, `json` or `markdown`.
    pub format: String,
    /// Whether observables are written so that nobody clicks them; `csv` and `markdown` only.
    pub defang: bool,
}

/// Exports a search's answer, most events first. Readers may, what they may read.
///
/// # Errors
/// When a word is unknown, there is no search that the actor may know of, or it has not ended.
pub async fn export(app: &App, actor: &Actor, sight_number: &str, query: AnswerExportQuery) -> Result<Export> {
    let mut fields = Fields::new();
    let format = fields.keep("/format", query.format.parse::<AnswerFormat>());
    if query.defang && format.is_some_and(|format| !format.may_defang()) {
        fields.refuse("/defang", "JSON holds values as they are, for programs; csv and markdown can be defanged");
    }
    fields.finish()?;
    let format = format.ok_or_else(|| AppError::invalid("/format", "is missing"))?;
    let (number, now, by) = (sight_number.to_owned(), app.now(), actor.name.clone());
    let (search, count, head) = app
        .read(actor, move |tx| {
            let search = find(tx, &number)?;
            if !search.state.is_ended() {
                return Err(AppError::State(format!("{} has not ended yet: export it then", search_number(search.number))));
            }
            let count = search.observables;
            let case = case::find_by_id(tx, search.case)?.ok_or(AppError::NotFound("sightings search"))?;
            let counts = sighting::totals(tx, &[search.id])?.remove(&search.id).unwrap_or_default();
            Ok((search.id, count, head(&case, &search, &counts, (now, &by))))
        })
        .await?;
    let details = json!({ "search": head.search, "format": format.as_str(), "defang": query.defang, "count": count, "tlp": head.tlp });
    told(app, actor, head.search.clone(), details).await?;
    let file_name = format!("{}.{}", head.search, format.ending());
    let (app, actor) = (app.clone(), actor.clone());
    Ok(spawn(file_name, format.media_type(), usize::try_from(count).unwrap_or_default(), move |out| {
        let number = head.search.clone();
        let mut writer = AnswerWriter::begin(format, query.defang, head, out)?;
        let mut cursor = None;
        loop {
            let filter = ResultFilter { search, outcome: OutcomeFilter::All, earlier: None, q: String::new(), cursor, limit: CHUNK };
            let number = number.clone();
            let (results, next) = read_patiently(&app, &actor, move |tx| {
                // Whoever is shut out meanwhile gets no more.
                let number = parse_search_number(&number).ok_or(AppError::NotFound("sightings search"))?;
                sighting::find(tx, number)?.ok_or(AppError::NotFound("sightings search"))?;
                Ok(sighting::result_page(tx, &filter)?)
            })?;
            for result in results {
                writer.row(&row(result))?;
            }
            let Some(next) = next else { break };
            cursor = Some(next);
        }
        writer.end()?;
        Ok(())
    }))
}

/// Journals the export.
async fn told(app: &App, actor: &Actor, search: String, details: Json) -> Result<()> {
    app.change(actor, move |tx: &mut Tx<'_>, stamp| {
        // Between the reading and this, the actor may have been shut out.
        let search = find(tx, &search)?;
        let object = case_number(search.case_number);
        journal::append(tx, stamp, &Deed { verb: "sighting.export", object: &object, details: &details }, ShownIn::Case(search.case))?;
        Ok(())
    })
    .await
}

/// A case's newest searches that have ended, as they leave with it.
pub(crate) fn searches(tx: &mut Tx<'_>, case: i64, stamp: (Timestamp, &str)) -> Result<Vec<AnswerHead>> {
    let mut searches = sighting::list(tx, case, i64::MAX, SEARCHES)?;
    searches.retain(|search| search.state.is_ended());
    let rows: Vec<i64> = searches.iter().map(|search| search.id).collect();
    let counts = sighting::totals(tx, &rows)?;
    let case = case::find_by_id(tx, case)?.ok_or(AppError::NotFound("case"))?;
    let none = Vec::new();
    Ok(searches.iter().map(|search| head(&case, search, counts.get(&search.id).unwrap_or(&none), stamp)).collect())
}

fn head(case: &Case, search: &Search, counts: &[(Outcome, i64)], (at, by): (Timestamp, &str)) -> AnswerHead {
    let totals = SightingSummary::of(search.clone(), counts).totals;
    let totals = [
        ("seen", totals.seen),
        ("not seen", totals.not_seen),
        ("without coverage", totals.no_coverage),
        ("failed", totals.failed),
        ("not searched", totals.pending),
    ];
    AnswerHead {
        exported_at: at,
        exported_by: by.to_owned(),
        search: search_number(search.number),
        case: case_number(search.case_number),
        case_name: case.name.clone(),
        tlp: case.tlp,
        window: search.window_text.clone(),
        from: search.window_from.set(),
        to: search.window_to.set(),
        state: search.state.as_str().to_owned(),
        error: search.error.clone(),
        created_by: search.created_by.clone(),
        created_at: search.created_at,
        finished_at: search.finished_at.set(),
        totals: totals.into_iter().filter(|(_, count)| *count > 0).map(|(outcome, count)| (outcome.to_owned(), count)).collect(),
        coverage: covered(search),
    }
}

/// What each source had in a search's window.
fn covered(search: &Search) -> Vec<Covered> {
    let view = |held: super::CoverageView| Covered {
        source: held.source,
        covered: held.covered,
        text: held.text,
        gaps: held.gaps.into_iter().map(|gap| (gap.from, gap.to)).collect(),
    };
    coverage(search).into_iter().map(view).collect()
}

fn row(result: SightingResult) -> AnswerRow {
    let detail: Detail = serde_json::from_str(&result.found.detail).unwrap_or_default();
    let names = |names: Vec<NameCount>| names.into_iter().map(|name| (name.name, name.count)).collect();
    let found = result.found;
    let value = result.record.title.clone();
    let record = RecordView::from(result.record);
    AnswerRow {
        id: record.id,
        r#type: record.category,
        value,
        defanged: record.display,
        finding: record.finding.as_str().to_owned(),
        source: found.source,
        external: found.external,
        outcome: found.outcome,
        count: found.count,
        count_is_exact: found.count_is_exact,
        count_normalised: found.count_normalised,
        with_subdomains: found.with_subdomains,
        first_seen: found.first_at.set(),
        last_seen: found.last_at.set(),
        coverage: detail.coverage,
        hosts: names(detail.hosts),
        hosts_total: detail.hosts_total,
        accounts: names(detail.accounts),
        accounts_total: detail.accounts_total,
        histogram: detail.histogram.into_iter().map(|day| (day.day, day.count)).collect(),
        samples: detail.samples.into_iter().filter_map(|sample| serde_json::to_value(sample).ok()).collect(),
        query: detail.query,
        error: found.error,
    }
}
