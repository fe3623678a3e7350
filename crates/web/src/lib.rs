//! Two doors to the same verbs: `ui/` writes HTML, `api/` writes JSON. They never import each other.

mod assets;
mod body;
mod download;
mod error;
mod health;
mod intake;
mod live;
mod metrics;
mod openapi;
mod params;
mod router;
mod security;
mod upload;
mod visitor;

mod api;
mod ui;

pub use live::Stopping;
pub use router::{Route, RouteDoor, router, routes};
pub use visitor::LocalActor;

use app::App;

/// What both doors are given.
#[derive(Clone)]
pub struct Web {
    /// The verbs.
    pub app: App,
    /// Whether cookies are only sent over TLS: behind a proxy that ends it.
    pub secure_cookies: bool,
}
