//! In which searches a machine or an account was seen, and with which observables: for the details of a configuration item
//! or user.

use std::collections::HashMap;

use model::case::{case_number, search_number};
use model::list::{COUNT_LIMIT, Page};
use model::{Actor, Kind, Timestamp};
use serde::{Deserialize, Serialize};
use store::record;
use store::sighting::{self, LoggedName, Named, Search};

use super::get::window;
use super::{WindowView, identify};
use crate::App;
use crate::error::{AppError, Result};
use crate::pages::{PageQuery, numbers, page};
use crate::record::RecordView;

/// How many names a record is looked for by.
const NAMES: u32 = 1_000;

/// An observable that a search saw on a machine or with an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SeenWithView {
    /// The search's number.
    pub number: String,
    /// The case's number.
    pub case: String,
    /// The time that the search covers.
    pub window: WindowView,
    /// When the search was started.
    pub created_at: Timestamp,
    /// The observable.
    pub observable: RecordView,
    /// The machine or account as the logs write it.
    pub name: String,
    /// How many records this name may stand for: this one, and others that go by it too.
    pub candidates: usize,
    /// How many events hold the observable and name the machine or account.
    pub count: i64,
    /// When the search saw the observable first, on whatever machine.
    pub first_seen: Option<Timestamp>,
    /// When last.
    pub last_seen: Option<Timestamp>,
}

/// One page of the observables that finished searches, in cases that the actor may know of, saw on a machine (of a configuration
/// item) or with an account (of a user), newest searches first. Of records of other kinds there are none.
///
/// # Errors
/// When there is no record that the actor may know of, or the query is not understood.
pub async fn seen_with(app: &App, actor: &Actor, record_id: &str, query: PageQuery) -> Result<Page<SeenWithView>> {
    let (after, limit) = query.after([i64::MAX, 0, 0, 0])?;
    let record_id = record_id.to_owned();
    app.read(actor, move |tx| {
        let record = record::find(tx, &record_id)?.ok_or(AppError::NotFound("record"))?;
        let what = match record.kind {
            Kind::ConfigurationItem => Named::Host,
            Kind::User => Named::Account,
            _ => return Ok(Page::empty()),
        };
        let names = sighting::names_of(tx, record.id, what, NAMES)?;
        let texts = names.iter().map(|name| name.name.as_str());
        // They come from several cases: what is "in the case" is told by none.
        let candidates = if what == Named::Host { identify::hosts(tx, 0, texts)? } else { identify::accounts(tx, 0, texts)? };
        let of = |name: &LoggedName| candidates.get(&name.name).filter(|all| all.iter().any(|one| one.record_id == record.public_id));
        let meant: HashMap<i64, (String, usize)> =
            names.iter().filter_map(|name| of(name).map(|all| (name.id, (name.name.clone(), all.len())))).collect();
        let meant_rows: Vec<i64> = meant.keys().copied().collect();
        let seen = sighting::seen_with(tx, &meant_rows, after, limit + 1)?;
        let total = sighting::count_seen_with(tx, &meant_rows, COUNT_LIMIT + 1)?;
        let found = page(seen, limit, total, |last| numbers([last.search, last.count, last.record.id, last.name]));
        let mut rows: Vec<i64> = found.items.iter().map(|one| one.search).collect();
        rows.dedup();
        let searches: HashMap<i64, Search> = sighting::find_by_rows(tx, &rows)?.into_iter().map(|search| (search.id, search)).collect();
        let view = |seen: sighting::SeenWith| {
            let (search, (name, candidates)) = (searches.get(&seen.search)?, meant.get(&seen.name)?);
            Some(SeenWithView {
                number: search_number(search.number),
                case: case_number(search.case_number),
                window: window(search),
                created_at: search.created_at,
                observable: seen.record.into(),
                name: name.clone(),
                candidates: *candidates,
                count: seen.count,
                first_seen: seen.first_at.set(),
                last_seen: seen.last_at.set(),
            })
        };
        Ok(found.filter_map(view))
    })
    .await
}
