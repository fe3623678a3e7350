//! Which of some records are in a case already, and how they stand there.

use std::collections::HashMap;

use model::Actor;
use model::artifact::Status;
use serde::{Deserialize, Serialize};
use store::{artifact, record};

use crate::App;
use crate::authorise::find_case;
use crate::error::{AppError, Result};

/// The most records that are asked about at once.
const MAX_RECORDS: usize = 10_000;

/// A record that is in the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StandingView {
    /// The record's id.
    pub record_id: String,
    /// Whether it counts there.
    pub status: Status,
}

/// Those of the records that are in the case. What the actor may not know of is left out, as if it were not there.
///
/// # Errors
/// When there is no case that the actor may know of, or too many records are asked about.
pub async fn standing(app: &App, actor: &Actor, number: &str, record_ids: Vec<String>) -> Result<Vec<StandingView>> {
    if record_ids.len() > MAX_RECORDS {
        return Err(AppError::TooLarge { what: "the list of records".to_owned(), limit: format!("{MAX_RECORDS} records") });
    }
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        let found = record::find_all(tx, &record_ids)?;
        let rows: Vec<i64> = found.iter().map(|record| record.id).collect();
        let statuses: HashMap<i64, Status> = artifact::statuses(tx, case.id, &rows)?.into_iter().collect();
        let view = |record: record::Record| {
            let status = *statuses.get(&record.id)?;
            Some(StandingView { record_id: record.public_id, status })
        };
        Ok(found.into_iter().filter_map(view).collect())
    })
    .await
}
