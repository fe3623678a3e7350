//! The journal's head, and the walk along its chain.

mod head;
mod verify;

pub use head::{HeadView, head};
pub use verify::{VerificationView, VerifyQuery, verify};
