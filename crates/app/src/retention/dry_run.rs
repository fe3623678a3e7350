//! Tells what retention would remove.

use model::{Actor, Role};

use super::{RetentionInput, RetentionPlanView, plan};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// What would go now, by the rules that are set with a change to them; nothing is removed, nothing is set.
///
/// # Errors
/// When a source is unknown, a number is too large, or the actor is no administrator.
pub async fn dry_run(app: &App, actor: &Actor, input: RetentionInput) -> Result<RetentionPlanView> {
    require(actor, Role::Admin)?;
    input.check()?;
    let named = input.clone();
    app.read(actor, move |tx| named.check_names(tx)).await?;
    let (app, scope) = (app.clone(), actor.scope());
    let planned = tokio::task::spawn_blocking(move || plan(&app, &input, scope)).await;
    let planned = planned.map_err(|error| AppError::Internal(error.to_string()))??;
    Ok(RetentionPlanView::from(&planned))
}
