//! Groups of accounts.

mod create;
mod get;
mod list;
mod members;

pub use create::{GroupInput, create};
pub use get::get;
pub use list::{GroupQuery, list};
pub use members::{MembersInput, set_members};

use serde::{Deserialize, Serialize};
use store::account::group::Group;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupView {
    /// What it is called.
    pub name: String,
    /// Login names, in order.
    pub members: Vec<String>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self { name: group.name, members: group.members }
    }
}
