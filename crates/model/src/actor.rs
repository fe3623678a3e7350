//! Who acts, what they may do, and what they may know of.

use crate::choice::choice;

choice! {
    /// What an account may do. Each role includes those before it.
    pub enum Role {
        Reader = 1 "reader" "Reader",
        Analyst = 2 "analyst" "Analyst",
        Lead = 3 "lead" "Lead",
        Admin = 4 "admin" "Administrator",
    }
}

/// How an actor came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A browser session.
    Session,
    /// An API token.
    Token,
    /// A command line on the data directory.
    Operator,
}

/// Whoever asks for something: the first parameter of every verb.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account's row, or 0 for an operator.
    pub account: i64,
    /// The login name, or `operator:<os user>`. Written into cases, notes and the journal.
    pub name: String,
    /// What the actor may do; for a token the lesser of the token's and the account's role.
    pub role: Role,
    /// How the actor came in.
    pub door: Door,
    /// The request's idempotency key, when it has one.
    pub idempotency: Option<Idempotency>,
}

/// A request that may be sent twice and must be carried out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Method and path.
    pub route: String,
    /// The caller's key.
    pub key: String,
    /// SHA-256 of the body: the same key with another body is refused.
    pub body_hash: String,
}

impl Actor {
    /// An operator on the data directory: an administrator who is in no restricted case.
    #[must_use]
    pub fn operator(os_user: &str) -> Self {
        Self { account: 0, name: format!("operator:{os_user}"), role: Role::Admin, door: Door::Operator, idempotency: None }
    }

    /// What this actor may know of.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::Viewer(self.account)
    }
}

/// What a read or write may see. The store applies it inside every statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything: for jobs, verification and backup only.
    System,
    /// What the account with this row may see.
    Viewer(i64),
}
