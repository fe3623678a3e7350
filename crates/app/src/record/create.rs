//! Creates a record outside of a case, or finds the one that it is already.

use model::kind::{NewRecord, RecordInput};
use model::{Actor, Fields, Role, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::record::Record;
use store::{Tx, change, journal, record};

use super::known::store_all;
use super::same::{self, Sameness};
use super::{RecordView, announce, find_record, revealed};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// What became of a record that was to be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedRecord {
    /// The record, new or known.
    pub record: RecordView,
    /// False when it was known already; it was left as it is.
    pub created: bool,
    /// Records that may be the same, when it is new and several were found: nothing was joined.
    pub similar: Vec<RecordView>,
}

/// Creates a record in the library. What is known already, by its value, its natural key or (one only) by its names, comes
/// back as it is.
///
/// # Errors
/// When a field is refused, or the actor is a reader.
pub async fn create(app: &App, actor: &Actor, input: RecordInput) -> Result<CreatedRecord> {
    require(actor, Role::Analyst)?;
    let new = read_new(&input, "")?;
    app.change(actor, move |tx, stamp| {
        let mut similar = Vec::new();
        match same::find(tx, std::slice::from_ref(&new), "")?.pop() {
            Some(Sameness::Known { record, .. }) => {
                if !record.library {
                    let revealed = record::reveal(tx, &[(record.id, &new)], "", stamp)?;
                    revealed::tell(tx, stamp, &revealed)?;
                    let record = find_record(tx, &record.public_id)?;
                    announce(tx, stamp, &record)?;
                    journal_creation(tx, stamp, &record)?;
                }
                return Ok(CreatedRecord { record: find_record(tx, &record.public_id)?.into(), created: false, similar });
            }
            Some(Sameness::Several(records)) => similar = records.into_iter().map(RecordView::from).collect(),
            Some(Sameness::New) | None => {}
        }
        let stored = store_all(tx, stamp, std::slice::from_ref(&new), true, "")?;
        let stored = stored.first().ok_or(AppError::NotFound("record"))?;
        let record = record::find_by_rows(tx, &[stored.id])?.pop().ok_or(AppError::NotFound("record"))?;
        if stored.created {
            journal_creation(tx, stamp, &record)?;
            change::announce(tx, stamp, Topic::Records, 0)?;
        }
        Ok(CreatedRecord { record: record.into(), created: stored.created, similar })
    })
    .await
}

/// A record as it comes in, checked; refusals name their place below `at`.
pub(crate) fn read_new(input: &RecordInput, at: &str) -> Result<NewRecord> {
    let mut fields = Fields::new();
    let new = NewRecord::read(input, at, &mut fields);
    fields.finish()?;
    new.ok_or_else(|| AppError::invalid(at, "is not a record"))
}

fn journal_creation(tx: &mut Tx<'_>, stamp: &Stamp, record: &Record) -> Result<()> {
    let details = json!({ "kind": record.kind, "title": record.title });
    journal::append(tx, stamp, &Deed { verb: "record.create", object: &record.public_id, details }, ShownIn::Journal)?;
    Ok(())
}
