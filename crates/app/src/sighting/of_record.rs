//! What searches found of a record, for its details.

use std::collections::HashMap;

use model::Actor;
use model::case::{case_number, search_number};
use model::list::{COUNT_LIMIT, Page};
use store::record;
use store::sighting::{self, Search};

use super::RecordSightingView;
use super::get::window;
use super::results::Known;
use crate::App;
use crate::error::{AppError, Result};
use crate::pages::{PageQuery, numbers, page};

/// One page of what finished searches, in cases that the actor may know of, found of a record, newest searches first.
///
/// # Errors
/// When there is no record that the actor may know of, or the query is not understood.
pub async fn of_record(app: &App, actor: &Actor, record_id: &str, query: PageQuery) -> Result<Page<RecordSightingView>> {
    let (after, limit) = query.after([i64::MAX, 0, 0])?;
    let record_id = record_id.to_owned();
    app.read(actor, move |tx| {
        let record = record::find(tx, &record_id)?.ok_or(AppError::NotFound("record"))?;
        let results = sighting::of_record(tx, record.id, after, limit + 1)?;
        let total = sighting::count_of_record(tx, record.id, COUNT_LIMIT + 1)?;
        let found = page(results, limit, total, |last| numbers([last.search, last.found.hits(), last.id]));
        let mut rows: Vec<i64> = found.items.iter().map(|result| result.search).collect();
        rows.dedup();
        let searches: HashMap<i64, Search> = sighting::find_by_rows(tx, &rows)?.into_iter().map(|search| (search.id, search)).collect();
        // They come from several cases: what is "in the case" is told by none.
        let known = Known::of(tx, 0, &found.items)?;
        let view = |result: sighting::SightingResult| {
            let search = searches.get(&result.search)?;
            Some(RecordSightingView {
                number: search_number(search.number),
                case: case_number(search.case_number),
                window: window(search),
                created_at: search.created_at,
                result: known.view(result),
            })
        };
        Ok(found.filter_map(view))
    })
    .await
}
