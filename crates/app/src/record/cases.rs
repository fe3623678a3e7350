//! In which cases a record is.

use model::Actor;
use model::artifact::Status;
use model::case::{CaseState, case_number};
use serde::{Deserialize, Serialize};
use store::record;

use super::find_record;
use crate::App;
use crate::error::Result;

/// How many are shown.
const LIMIT: u32 = 500;

/// A case that holds a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordCase {
    /// `SECC0001001`.
    pub number: String,
    /// What the case is called.
    pub name: String,
    /// Where the case stands.
    pub state: CaseState,
    /// Whether the record counts in it.
    pub status: Status,
}

/// The cases that hold a record and that the actor may read, the newest first.
///
/// # Errors
/// When there is no record that the actor may know of.
pub async fn cases(app: &App, actor: &Actor, id: &str) -> Result<Vec<RecordCase>> {
    let id = id.to_owned();
    app.read(actor, move |tx| {
        let record = find_record(tx, &id)?;
        let cases = record::cases(tx, record.id, LIMIT)?;
        let view =
            |one: record::HoldingCase| RecordCase { number: case_number(one.number), name: one.name, state: one.state, status: one.status };
        Ok(cases.into_iter().map(view).collect())
    })
    .await
}
