//! Says who is in a group.

use model::actor::Door;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::account::{self, group};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal};

use super::super::policy::fold_name;
use super::GroupView;
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};

/// The most members of one group.
const MAX_MEMBERS: usize = 1_000;

/// Who is in a group from now on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MembersInput {
    /// Login names.
    pub members: Vec<String>,
}

/// Makes these accounts, and no others, the members of a group.
///
/// # Errors
/// When there is no such group or account, the actor is no administrator, or would so enter a restricted case.
pub async fn set_members(app: &App, actor: &Actor, name: &str, input: MembersInput) -> Result<GroupView> {
    require(actor, Role::Admin)?;
    let mut fields = Fields::new();
    let members = folded_names(&mut fields, &input.members);
    fields.finish()?;
    let (who, name) = (actor.clone(), fold_name(name));
    app.change(actor, move |tx, stamp| {
        let before = group::find(tx, &name)?.ok_or(AppError::NotFound("group"))?;
        check_members(tx, &members, &before.members)?;
        let added: Vec<&String> = members.iter().filter(|name| !before.members.contains(name)).collect();
        let removed: Vec<&String> = before.members.iter().filter(|name| !members.contains(name)).collect();
        if added.is_empty() && removed.is_empty() {
            return Ok(before.into());
        }
        if who.door != Door::Operator && added.contains(&&who.name) && group::opens_restricted(tx, before.id)? {
            return Err(AppError::Forbidden(format!(
                "`{name}` is let into a restricted case, and nobody lets themselves in: ask another administrator"
            )));
        }
        group::set_members(tx, before.id, &members)?;
        let details = json!({ "added": added, "removed": removed });
        journal::append(tx, stamp, &Deed { verb: "group.members", object: &format!("group:{name}"), details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::People, 0)?;
        Ok(GroupView { name: name.clone(), members: members.clone() })
    })
    .await
}

/// Login names, folded, sorted, each once.
pub(super) fn folded_names(fields: &mut Fields, given: &[String]) -> Vec<String> {
    if given.len() > MAX_MEMBERS {
        fields.refuse("/members", format!("has {} entries; at most {MAX_MEMBERS} are allowed", given.len()));
        return Vec::new();
    }
    let mut names: Vec<String> = given.iter().map(|name| fold_name(name)).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

/// Refuses names without an account, and of disabled accounts unless they are in the group already.
pub(super) fn check_members(tx: &mut Tx<'_>, names: &[String], already: &[String]) -> Result<()> {
    let known = account::known_names(tx, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut fields = Fields::new();
    for name in names.iter().filter(|name| !known.contains(*name) && !already.contains(name)) {
        fields.refuse("/members", format!("there is no account `{}`", model::text::shorten(name, 64)));
    }
    Ok(fields.finish()?)
}
