//! Lists a case's sightings searches.

use model::Actor;
use store::sighting;

use super::SightingSummary;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// How many are shown.
const LIMIT: u32 = 200;

/// A case's newest searches.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn list(app: &App, actor: &Actor, number: &str) -> Result<Vec<SightingSummary>> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let searches = sighting::list(tx, case.id, LIMIT)?;
        let rows: Vec<i64> = searches.iter().map(|search| search.id).collect();
        let totals = sighting::totals(tx, &rows)?;
        let counts = |id: i64| totals.get(&id).map(Vec::as_slice).unwrap_or_default();
        Ok(searches
            .into_iter()
            .map(|search| (counts(search.id), search))
            .map(|(counts, search)| SightingSummary::of(search, counts))
            .collect())
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
