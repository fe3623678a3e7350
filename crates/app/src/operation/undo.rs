//! Undoes an operation, where its rows are still as it left them. Undoing an undo is redoing.

use model::operation::{OperationState, OperationVerb, UNDO_SECONDS};
use model::{Actor, Role, Stamp};
use store::case::Case;
use store::operation::Operation;
use store::{Tx, annotation, case, operation};

use super::OperationView;
use super::bulk::{self, Bulk};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};

/// Undoes an operation: open to its author or a lead, for 30 days.
///
/// # Errors
/// When there is none, it is not the actor's, it runs, was undone, or is too old.
pub async fn undo(app: &App, actor: &Actor, id: &str) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    let (id, who) = (id.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let undone = operation::find(tx, &id)?.ok_or(AppError::NotFound("operation"))?;
        if undone.actor != who.name && who.role < Role::Lead {
            return Err(AppError::Forbidden("only whoever did it, or a lead, may undo it".to_owned()));
        }
        check(&undone, stamp)?;
        let number = case::find_by_id(tx, undone.case)?.ok_or(AppError::NotFound("operation"))?.number;
        let case = open_case(tx, &model::case::case_number(number))?;
        let view =
            if of_annotations(tx, &undone)? { undo_annotations(tx, stamp, &case, &undone)? } else { undo_rows(tx, stamp, &case, &undone)? };
        let undo = operation::find(tx, &view.operation_id)?.ok_or(AppError::NotFound("operation"))?;
        operation::mark_undone(tx, undone.id, undo.id)?;
        Ok(view)
    })
    .await
}

fn check(undone: &Operation, stamp: &Stamp) -> Result<()> {
    if undone.state == OperationState::Running {
        return Err(AppError::State("it is still running; wait until it is done".to_owned()));
    }
    if undone.undone_by != 0 {
        return Err(AppError::State("it was undone already".to_owned()));
    }
    if undone.at.plus_seconds(UNDO_SECONDS) < stamp.at {
        return Err(AppError::State("it is more than 30 days old, and can't be undone any more".to_owned()));
    }
    Ok(())
}

/// Whether an operation wrote or withdrew annotations, or undid (or redid) one that did.
fn of_annotations(tx: &mut Tx<'_>, operation: &Operation) -> Result<bool> {
    Ok(matches!(source(tx, operation)?.verb, OperationVerb::Annotate | OperationVerb::Withdraw))
}

/// The operation at the start of a chain of undos.
fn source(tx: &mut Tx<'_>, operation: &Operation) -> Result<Operation> {
    let mut first = operation.clone();
    // Each step is one press of a button; no chain is longer than people are patient.
    while first.undoes != 0 {
        first = operation::find_by_row(tx, first.undoes)?.ok_or(AppError::NotFound("operation"))?;
    }
    Ok(first)
}

fn undo_rows(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, undone: &Operation) -> Result<OperationView> {
    let records = operation::rows(tx, undone.id, 0, i64::MAX)?;
    bulk::start(tx, stamp, case, Bulk::Undo { operation: undone.id }, records, Vec::new())
}

fn undo_annotations(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, undone: &Operation) -> Result<OperationView> {
    let (records, withdrawn) = annotation::as_left_by(tx, undone.id)?;
    let changed_since = (undone.affected - records.len() as i64).max(0);
    let bulk = Bulk::TurnAnnotations { operation: undone.id, back: withdrawn, changed_since };
    bulk::start(tx, stamp, case, bulk, records, Vec::new())
}
