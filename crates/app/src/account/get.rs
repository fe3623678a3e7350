//! Shows an account.

use model::{Actor, Role};

use super::policy::fold_name;
use super::{AccountView, find};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// An account by its name: any to administrators, one's own to everybody.
///
/// # Errors
/// When there is none, or the actor may not see it.
pub async fn get(app: &App, actor: &Actor, name: &str) -> Result<AccountView> {
    let name = fold_name(name);
    if name != actor.name {
        require(actor, Role::Admin)?;
    }
    app.read(actor, move |tx| Ok(find(tx, &name)?.into())).await
}
