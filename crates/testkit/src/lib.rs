//! What tests of more than one crate stand on: stores and applications of their own on both engines, a clock that can be
//! set, and a look at the end for what tests forget.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't have what it stands on fails, and says why")]

mod each_engine;
mod postgres;
mod service;
mod siem;
mod store;
mod world;

#[cfg(feature = "app")]
mod app;

#[cfg(feature = "app")]
pub use crate::app::TestApp;
pub use crate::each_engine::block_on;
pub use crate::postgres::Postgres;
pub use crate::service::{Reply, Request, Service, exchange};
pub use crate::siem::{ClickHouse, OpenSearch};
pub use crate::store::TestStore;
pub use crate::world::TestWorld;
pub use ::store::Engine;

/// Runs what blocks on a thread of its own, so that async tests can ask for it too.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
