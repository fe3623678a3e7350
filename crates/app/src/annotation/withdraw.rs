//! Withdraws an annotation: it is shown no more, the journal keeps it.

use model::case::case_number;
use model::{Actor, Role};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{annotation, change, journal};

use super::find_own;
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::record::AnnotationView;

/// Withdraws an annotation of one's own.
///
/// # Errors
/// When there is none, it is another's, or its case is not open.
pub async fn withdraw(app: &App, actor: &Actor, id: &str) -> Result<AnnotationView> {
    require(actor, Role::Analyst)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let before = find_own(tx, &who, &id)?;
        annotation::withdraw(tx, before.id, stamp)?;
        let details = json!({ "annotation": before.public_id, "record": before.record_public_id, "text": before.text });
        let deed = Deed { verb: "annotation.withdraw", object: &case_number(before.case_number), details };
        journal::append(tx, stamp, &deed, ShownIn::Case(before.case))?;
        change::announce(tx, stamp, Topic::Artifacts, before.case)?;
        Ok(annotation::find(tx, &id)?.ok_or(AppError::NotFound("annotation"))?.into())
    })
    .await
}
