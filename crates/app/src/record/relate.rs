//! Joins two records.

use model::relationship::RelationshipType;
use model::{Actor, Role, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::case::Case;
use store::change::{self, Topic};
use store::journal::{Deed, ShownIn};
use store::record::Record;
use store::{Tx, journal, record};

use super::find_record;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};
use crate::sighting::about;

/// Two records and how they are joined, read "from … to".
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelationship {
    /// A record's id.
    pub from: String,
    /// How.
    pub r#type: RelationshipType,
    /// Another record's id.
    pub to: String,
    /// The case in which it is done: whoever may not read it does not see the relationship. None for all to see.
    #[serde(default)]
    pub case: Option<String>,
}

/// Two records that are joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RelationshipView {
    /// A record's id.
    pub from: String,
    /// How.
    pub r#type: RelationshipType,
    /// Another record's id.
    pub to: String,
    /// False when they were joined so already.
    pub created: bool,
}

/// Joins two records.
///
/// # Errors
/// When a record is joined with itself, there is no such record or case that the actor may know of, or the actor is a reader.
pub async fn relate(app: &App, actor: &Actor, input: NewRelationship) -> Result<RelationshipView> {
    require(actor, Role::Analyst)?;
    if input.from == input.to {
        return Err(AppError::invalid("/to", "must be another record"));
    }
    app.change(actor, move |tx, stamp| {
        let case = input.case.as_ref().map(|number| open_case(tx, number)).transpose()?;
        let (from, to) = (find_record(tx, &input.from)?, find_record(tx, &input.to)?);
        relate_in(tx, stamp, case.as_ref(), (&from, &input.r#type, &to), "")
    })
    .await
}

/// [`relate`] within a transaction, of two different records. `search` is the number of the sightings search that tells it, or empty.
pub(crate) fn relate_in(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: Option<&Case>,
    (from, how, to): (&Record, &RelationshipType, &Record),
    search: &str,
) -> Result<RelationshipView> {
    let in_case = case.map_or(0, |case| case.id);
    let created = record::insert_relationships(tx, &[(from.id, how.clone(), to.id)], in_case, "", stamp)? > 0;
    if created {
        let mut details = json!({ "type": how, "to": to.public_id, "from_title": from.title, "to_title": to.title });
        about(&mut details, search);
        let shown = case.map_or(ShownIn::Journal, |case| ShownIn::Case(case.id));
        journal::append(tx, stamp, &Deed { verb: "record.relate", object: &from.public_id, details }, shown)?;
        // Without a case, all who may know of both see it; only if both are open are all told that something changed.
        match case {
            Some(case) => change::announce(tx, stamp, Topic::Artifacts, case.id)?,
            None if from.library && to.library => change::announce(tx, stamp, Topic::Records, 0)?,
            None => {}
        }
    }
    Ok(RelationshipView { from: from.public_id.clone(), r#type: how.clone(), to: to.public_id.clone(), created })
}
