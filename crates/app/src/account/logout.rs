//! Signs out.

use model::Actor;
use serde_json::json;
use store::account::session;
use store::journal::{self, Deed, ShownIn};

use super::secret::token_hash;
use crate::App;
use crate::error::Result;

/// Ends the actor's session with this token. One that has ended already is no error.
///
/// # Errors
/// When the store fails.
pub async fn logout(app: &App, actor: &Actor, token: &str) -> Result<()> {
    let (account, token_hash) = (actor.account, token_hash(token));
    app.change(actor, move |tx, stamp| {
        let own = session::find(tx, &token_hash)?.filter(|session| session.account.id == account);
        if let Some(session) = own {
            session::delete(tx, &token_hash)?;
            let deed = Deed { verb: "account.logout", object: &session.account.name, details: json!({}) };
            journal::append(tx, stamp, &deed, ShownIn::Journal)?;
        }
        Ok(())
    })
    .await
}
