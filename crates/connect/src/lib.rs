//! The only outbound network. For now: another Vizsla, for commands that go through a server.
//!
//! TLS is rustls with ring; certificates are checked against the system's roots by way of the platform verifier.

mod server;

pub use server::{Answer, ConnectError, Content, Saved, Server};
