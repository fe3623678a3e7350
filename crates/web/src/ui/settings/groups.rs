//! Groups, which restricted cases let in together.

use app::account::group::{self, GroupInput, GroupQuery, GroupView, MembersInput};
use app::account::{PersonView, people};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::Page;
use serde::Deserialize;

use super::Done;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::form::lines;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

#[derive(Template)]
#[template(path = "settings/groups.html")]
struct GroupsPage {
    shell: Shell,
    query: Listing,
    groups: Page<GroupView>,
    form: NewForm,
    errors: Errors,
}

/// Which groups.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Listing {
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
    #[serde(flatten)]
    done: Done,
}

impl GroupsPage {
    fn link(&self, name: &str, value: &str) -> String {
        link("/settings/groups", &[("q", &self.query.q)], name, value)
    }
}

/// A new group.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    members: String,
}

pub(crate) async fn list(State(web): State<Web>, mut visit: Visit, Query(query): Query<Listing>) -> Screen {
    let listing = GroupQuery { q: query.q.clone(), cursor: query.cursor.clone(), limit: None };
    let groups = group::list(&web.app, &visit.actor, listing).await?;
    query.done.tell(&mut visit.shell);
    page(&GroupsPage { shell: visit.shell, query, groups, form: NewForm::default(), errors: Errors::default() })
}

pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<NewForm>) -> Screen {
    let input = GroupInput { name: form.name.clone(), members: lines(&form.members) };
    match group::create(&web.app, &visit.actor, input).await {
        Ok(_) => Ok(see("/settings/groups?done=group")),
        Err(error) => {
            let errors = Errors::of(error)?;
            let groups = group::list(&web.app, &visit.actor, GroupQuery::default()).await?;
            let again = GroupsPage { shell: visit.shell, query: Listing::default(), groups, form, errors };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}

#[derive(Template)]
#[template(path = "settings/group.html")]
struct GroupPage {
    shell: Shell,
    group: GroupView,
    members: String,
    people: Vec<PersonView>,
    errors: Errors,
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(name): Path<String>) -> Screen {
    let group = group::get(&web.app, &visit.actor, &name).await?;
    let people = people(&web.app, &visit.actor, "").await?;
    let members = group.members.join("\n");
    page(&GroupPage { shell: visit.shell, group, members, people, errors: Errors::default() })
}

/// Who is in the group from now on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MembersForm {
    #[serde(default)]
    members: String,
}

pub(crate) async fn set_members(State(web): State<Web>, visit: Visit, Path(name): Path<String>, Form(form): Form<MembersForm>) -> Screen {
    let input = MembersInput { members: lines(&form.members) };
    match group::set_members(&web.app, &visit.actor, &name, input).await {
        Ok(_) => Ok(see("/settings/groups?done=group")),
        Err(error) => {
            let errors = Errors::of(error)?;
            let group = group::get(&web.app, &visit.actor, &name).await?;
            let people = people(&web.app, &visit.actor, "").await?;
            let again = GroupPage { shell: visit.shell, group, members: form.members, people, errors };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}
