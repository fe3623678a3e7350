//! Adds what a search matched to its case: configuration items and users.

use model::Actor;
use model::artifact::OriginKind;
use model::case::{case_number, search_number};
use model::kind::RecordInput;
use serde::{Deserialize, Serialize};

use super::get::find;
use crate::App;
use crate::artifact::{AddArtifacts, Source, add_from};
use crate::error::{AppError, Result};
use crate::operation::OperationView;

/// Which records to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMatched {
    /// Records by their ids, as the search names them.
    #[serde(default)]
    pub record_ids: Vec<String>,
    /// New ones, for machines and accounts that nothing is known of yet.
    #[serde(default)]
    pub records: Vec<RecordInput>,
}

/// Adds records to the search's case, with the search as their origin; one operation, undone as one.
///
/// # Errors
/// When none is named, there is no search that the actor may know of, its case is not open, or the actor is a reader.
pub async fn add_matched(app: &App, actor: &Actor, sight_number: &str, input: AddMatched) -> Result<OperationView> {
    if input.record_ids.is_empty() && input.records.is_empty() {
        return Err(AppError::invalid("/record_ids", "name at least one record"));
    }
    let number = sight_number.to_owned();
    let (case, name) = app
        .read(actor, move |tx| {
            let search = find(tx, &number)?;
            Ok((case_number(search.case_number), search_number(search.number)))
        })
        .await?;
    let origin = Source { kind: OriginKind::Sighting, reference: name.clone(), title: name };
    add_from(app, actor, &case, AddArtifacts { record_ids: input.record_ids, records: input.records, ..AddArtifacts::default() }, origin)
        .await
}
