//! Withdraws an annotation: it is shown no more, the journal keeps it.

use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use store::{annotation, case};

use super::find_own;
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::operation::bulk::{self, Bulk};
use crate::record::AnnotationView;

/// An annotation that was withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Withdrawn {
    /// The annotation.
    #[serde(flatten)]
    pub annotation: AnnotationView,
    /// The operation, which can be undone.
    pub operation_id: String,
}

/// Withdraws an annotation of one's own; it comes back when the operation is undone.
///
/// # Errors
/// When there is none, it is another's, or its case is not open.
pub async fn withdraw(app: &App, actor: &Actor, id: &str) -> Result<Withdrawn> {
    require(actor, Role::Analyst)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let before = find_own(tx, &who, &id)?;
        let case = case::find_by_id(tx, before.case)?.ok_or(AppError::NotFound("annotation"))?;
        let bulk = Bulk::Withdraw { annotation: before.id, public_id: before.public_id, text: before.text };
        let done = bulk::start(tx, stamp, &case, bulk, vec![before.record], Vec::new())?;
        let annotation = annotation::find(tx, &id)?.ok_or(AppError::NotFound("annotation"))?.into();
        Ok(Withdrawn { annotation, operation_id: done.operation_id })
    })
    .await
}
