//! The verbs of Vizsla, one file each: validate → authorise → change → journal → announce → view, in one transaction.
//!
//! A verb takes the application, the actor and its input, and returns a view: plain data that both doors render. No HTTP
//! type, no template, no SQL text.

mod authorise;
mod change;
mod error;
mod pages;
mod world;

pub mod account;
pub mod annotation;
pub mod artifact;
pub mod bar;
pub mod case;
pub mod export;
pub mod extract;
pub mod import;
pub mod job;
pub mod journal;
pub mod known_good;
pub mod live;
pub mod logs;
pub mod metrics;
pub mod note;
pub mod operation;
pub mod record;
pub mod retention;
pub mod search;
pub mod sighting;
pub mod source;
pub mod technique;
pub mod text;
pub mod watch;
pub mod webhook;

use std::sync::Arc;

pub use error::{AppError, Conflict, Result};
pub use pages::PageQuery;
pub use world::{Clock, Entropy, SystemWorld, World};

use store::Store;

/// The application: cheap to clone, shared by all requests and jobs.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) logs: Arc<logs::LogIndex>,
    pub(crate) world: Arc<dyn World>,
    pub(crate) passwords: account::Passwords,
    pub(crate) known_good: Arc<known_good::Cache>,
    pub(crate) standing: Arc<watch::Cache>,
}

impl App {
    /// An application over an open store and log index.
    #[must_use]
    pub fn new(store: Store, logs: Arc<logs::LogIndex>, world: Arc<dyn World>) -> Self {
        Self {
            store,
            logs,
            world,
            passwords: account::Passwords::new(account::PasswordCost::OWASP),
            known_good: Arc::default(),
            standing: Arc::default(),
        }
    }

    /// Tells whenever changes were committed.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<i64> {
        self.store.changes()
    }

    /// The clock's time.
    #[must_use]
    pub fn now(&self) -> model::Timestamp {
        self.world.now()
    }

    /// A value that nobody can guess, for the scripts of one page (CSP nonce).
    #[must_use]
    pub fn nonce(&self) -> String {
        model::text::hex(&self.world.seed()[..16])
    }
}
