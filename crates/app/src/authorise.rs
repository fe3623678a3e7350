//! Who may do what.

use model::{Actor, Role};
use store::case::Case;
use store::{Tx, case};

use crate::error::{AppError, Result};

/// Refuses an actor whose role is smaller.
pub(crate) fn require(actor: &Actor, role: Role) -> Result<()> {
    if actor.role >= role {
        return Ok(());
    }
    Err(AppError::Forbidden(format!("this needs the role {}; yours is {}", role.label(), actor.role.label())))
}

/// Finds a case for reading.
pub(crate) fn find_case(tx: &mut Tx<'_>, number: &str) -> Result<Case> {
    let number = model::case::parse_case_number(number).ok_or(AppError::NotFound("case"))?;
    case::find(tx, number)?.ok_or(AppError::NotFound("case"))
}

/// Finds a case whose content is to be changed: it must be open.
pub(crate) fn open_case(tx: &mut Tx<'_>, number: &str) -> Result<Case> {
    let case = find_case(tx, number)?;
    require_open(&case)?;
    Ok(case)
}

/// Refuses changes in a case that is closed or cancelled.
pub(crate) fn require_open(case: &Case) -> Result<()> {
    if case.state.is_open() {
        return Ok(());
    }
    let (number, state) = (model::case::case_number(case.number), case.state.label().to_lowercase());
    Err(AppError::State(format!("{number} is {state}: reopen it first. Comments are taken as it is")))
}

/// Refuses to assign, close and reopen to analysts who neither own the case nor contribute to it.
pub(crate) fn require_part(tx: &mut Tx<'_>, actor: &Actor, case: &Case) -> Result<()> {
    let owns = case.assigned_to == actor.name || case.created_by == actor.name;
    if actor.role >= Role::Lead || owns || case::is_contributor(tx, case.id, &actor.name)? {
        return Ok(());
    }
    Err(AppError::Forbidden("only those who own the case or contribute to it, or a lead, may do this".to_owned()))
}
