//! Lists groups.

use model::list::Page;
use model::{Actor, Fields};
use serde::Deserialize;
use store::account::group::{self, GroupFilter};

use super::GroupView;
use crate::App;
use crate::case::{cursor, limit};
use crate::error::Result;

/// What a list of groups shows, by name.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct GroupQuery {
    /// Keywords in the name; each must occur.
    pub q: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of the groups with their members: everybody may know whom letting a group in lets in.
///
/// # Errors
/// When the query is wrong.
pub async fn list(app: &App, actor: &Actor, query: GroupQuery) -> Result<Page<GroupView>> {
    let mut fields = Fields::new();
    let filter = GroupFilter {
        q: fields.text("/q", &query.q, 1_000),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
    };
    fields.finish()?;
    app.read(actor, move |tx| Ok(group::list(tx, &filter)?.map(GroupView::from))).await
}
