//! The only outbound network: another Vizsla, for commands that go through a server; outside sources of sightings
//! ([`siem`]); and webhooks ([`webhook`]).
//!
//! TLS is rustls with ring; certificates are checked against the system's roots by way of the platform verifier.

mod address;
mod server;
pub mod siem;
pub mod webhook;

pub use server::{Answer, ConnectError, Content, Saved, Server};
