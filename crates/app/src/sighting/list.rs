//! Lists a case's sightings searches.

use model::Actor;
use model::list::Page;
use store::sighting;

use super::SightingSummary;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;
use crate::pages::{PageQuery, page, row};

/// One page of a case's searches, newest first.
///
/// # Errors
/// When there is no case that the actor may know of, or the query is not understood.
pub async fn list(app: &App, actor: &Actor, number: &str, query: PageQuery) -> Result<Page<SightingSummary>> {
    let (before, limit) = query.before()?;
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let searches = sighting::list(tx, case.id, before, limit + 1)?;
        let total = sighting::count(tx, case.id)?;
        let rows: Vec<i64> = searches.iter().map(|search| search.id).collect();
        let totals = sighting::totals(tx, &rows)?;
        let counts = |id: i64| totals.get(&id).map(Vec::as_slice).unwrap_or_default();
        let found = page(searches, limit, total, |search| row(search.id));
        Ok(Page { total, total_is_exact: true, ..found.map(|search| SightingSummary::of(search.clone(), counts(search.id))) })
    })
    .await
}

/// How many searches a case has.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn count(app: &App, actor: &Actor, number: &str) -> Result<i64> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        Ok(sighting::count(tx, case.id)?)
    })
    .await
}
