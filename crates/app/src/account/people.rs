//! Whom a case can be assigned to.

use model::list::MAX_LIMIT;
use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use store::account::{self, AccountFilter};

use crate::App;
use crate::error::Result;

/// Somebody with an account, as everybody who is signed in may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonView {
    /// The login name.
    pub name: String,
    /// What people read.
    pub display_name: String,
}

/// The first hundred accounts, by name, that are not disabled and hold each of these keywords.
///
/// # Errors
/// When the keywords are too long.
pub async fn people(app: &App, actor: &Actor, q: &str) -> Result<Vec<PersonView>> {
    let mut fields = Fields::new();
    let q = fields.text("/q", q, 1_000);
    fields.finish()?;
    let filter = AccountFilter { q, roles: Vec::new(), disabled: Some(false), cursor: None, limit: MAX_LIMIT };
    app.read(actor, move |tx| {
        let page = account::list(tx, &filter)?;
        Ok(page.items.into_iter().map(|account| PersonView { name: account.name, display_name: account.display_name }).collect())
    })
    .await
}
