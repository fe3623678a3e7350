//! Accounts: the logins of people and machines, how they come in, and what hangs on them.
//!
//! Whatever holds a password or makes a token is carried out without its idempotency key: the key's row would keep a fast
//! hash of the one, or the other itself.

mod actor;
mod attempt;
mod change_password;
mod create;
mod get;
mod list;
mod login;
mod logout;
mod password;
mod people;
mod policy;
mod preference;
mod profile;
mod secret;
mod setup;
mod tidy;
mod update;
mod view;

pub mod group;
pub mod token;

pub use actor::{session_actor, still_in_session, still_with_token, token_actor};
pub use change_password::{PasswordChange, change_password};
pub use create::{AccountInput, create};
pub use get::get;
pub use list::{AccountQuery, list};
pub use login::{SessionView, login};
pub use logout::logout;
pub use password::PasswordCost;
pub(crate) use password::Passwords;
pub use people::{PersonView, people};
pub use preference::{preference, set_preference};
pub(crate) use profile::Chosen;
pub use profile::{ProfilePatch, ProfileView, Theme, profile, update_profile};
pub use secret::Secret;
pub use setup::{SetupInput, create_first, needs_setup, setup, setup_token};
pub use tidy::tidy;
pub use update::{AccountPatch, update};
pub use view::AccountView;

use model::{Actor, Scope};
use store::Tx;
use store::account::{self, Account};

use crate::error::{AppError, Result};

/// What somebody who has not signed in may see: nothing that a case holds.
const NOBODY: Scope = Scope::Viewer(0);

/// The actor, without its idempotency key.
pub(crate) fn once(actor: &Actor) -> Actor {
    Actor { idempotency: None, ..actor.clone() }
}

/// The account with a name.
fn find(tx: &mut Tx<'_>, name: &str) -> Result<Account> {
    account::find(tx, name)?.ok_or(AppError::NotFound("account"))
}

/// The actor's own account.
fn find_own(tx: &mut Tx<'_>, actor: &Actor) -> Result<Account> {
    if actor.account == 0 {
        return Err(AppError::State("an operator has no account of its own; sign in, or use a token".to_owned()));
    }
    account::find_by_id(tx, actor.account)?.ok_or(AppError::NotFound("account"))
}
