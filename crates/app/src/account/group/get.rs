//! Shows a group.

use model::Actor;
use store::account::group;

use super::super::policy::fold_name;
use super::GroupView;
use crate::App;
use crate::error::{AppError, Result};

/// A group by its name, with its members.
///
/// # Errors
/// When there is none.
pub async fn get(app: &App, actor: &Actor, name: &str) -> Result<GroupView> {
    let name = fold_name(name);
    app.read(actor, move |tx| Ok(group::find(tx, &name)?.ok_or(AppError::NotFound("group"))?.into())).await
}
