//! Lets an administrator into a restricted case, where everybody in it sees that it was done.

use model::actor::Door;
use model::case::{case_number, parse_case_number};
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{case, change, journal};

use super::CaseView;
use super::create::MAX_SHORT;
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// Why a restricted case is entered.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakGlass {
    /// For the journal, and for everybody in the case.
    pub reason: String,
}

/// Enters a restricted case whose number the administrator was told.
///
/// This is the one way in, and the one verb that finds a case which its actor may not know of. It tells an administrator
/// that a number is a restricted case's only by entering it, which is journalled and shown in the case: nobody looks around
/// unseen. A number without a case is answered like everywhere.
///
/// # Errors
/// When the actor is no administrator with an account, gives no reason, may read the case already, or there is none.
pub async fn break_glass(app: &App, actor: &Actor, number: &str, input: BreakGlass) -> Result<CaseView> {
    require(actor, Role::Admin)?;
    if actor.door == Door::Operator {
        return Err(AppError::State("an operator has no account that could be let in; sign in as an administrator".to_owned()));
    }
    let mut fields = Fields::new();
    let reason = fields.line("/reason", &input.reason, MAX_SHORT);
    fields.finish()?;
    let number = parse_case_number(number).ok_or(AppError::NotFound("case"))?;
    let who = actor.clone();
    app.change(actor, move |tx, stamp| {
        if case::find(tx, number)?.is_some() {
            return Err(AppError::State(format!("you may read {} already; there is no glass to break", case_number(number))));
        }
        let case = case::find_behind_glass(tx, number)?.ok_or(AppError::NotFound("case"))?;
        case::let_in(tx, case.id, &who.name)?;
        let deed = Deed { verb: "case.break_glass", object: &case_number(number), details: json!({ "reason": reason }) };
        journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
        change::announce(tx, stamp, Topic::Case, case.id)?;
        CaseView::load(tx, case)
    })
    .await
}
