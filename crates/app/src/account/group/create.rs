//! Creates a group.

use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::group;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{change, journal};

use super::super::policy::new_name;
use super::GroupView;
use super::members::{check_members, folded_names};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// A new group.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupInput {
    /// What it is called: 2 to 64 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub name: String,
    /// Login names.
    pub members: Vec<String>,
}

/// Creates a group.
///
/// # Errors
/// When the input is wrong, the name is taken, or the actor is no administrator.
pub async fn create(app: &App, actor: &Actor, input: GroupInput) -> Result<GroupView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let name = new_name(&mut fields, "/name", &input.name);
    let members = folded_names(&mut fields, &input.members);
    fields.finish()?;
    app.change(actor, move |tx, stamp| {
        if group::find(tx, &name)?.is_some() {
            return Err(AppError::invalid("/name", format!("there is a group `{name}` already")));
        }
        check_members(tx, &members, &[])?;
        let id = group::insert(tx, &name)?;
        group::set_members(tx, id, &members)?;
        journal::append(
            tx,
            stamp,
            &Deed { verb: "group.create", object: &format!("group:{name}"), details: json!({ "members": members }) },
            ShownIn::Journal,
        )?;
        change::announce(tx, stamp, Topic::People, 0)?;
        Ok(GroupView { name: name.clone(), members: members.clone() })
    })
    .await
}
