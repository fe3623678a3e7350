//! A clock that can be set, and randomness that is the same every time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Stamp, Timestamp};

/// 2026-01-05T09:00:00Z, a Monday.
const START: i64 = 1_767_603_600_000_000;
/// How far the clock goes each time it is read: what happens later has a later time.
const TICK: i64 = 1_000;

/// The time and randomness of a test: cheap to clone, shared by whoever holds it.
#[derive(Debug, Clone)]
pub struct TestWorld(Arc<State>);

#[derive(Debug)]
struct State {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl Default for TestWorld {
    fn default() -> Self {
        Self(Arc::new(State { now: AtomicI64::new(START), drawn: AtomicU64::new(1) }))
    }
}

impl TestWorld {
    /// A world that begins on a Monday morning.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time. Each reading is a millisecond after the one before.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp(self.0.now.fetch_add(TICK, Ordering::SeqCst))
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.now.store(now.micros(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        self.0.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A seed that no other call gets.
    #[must_use]
    pub fn draw(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        for (place, byte) in seed.iter_mut().zip(self.0.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes()) {
            *place = byte;
        }
        seed
    }

    /// The circumstances of a change that happens now.
    #[must_use]
    pub fn stamp(&self, actor: &str) -> Stamp {
        Stamp { at: self.time(), actor: actor.to_owned(), seed: self.draw() }
    }
}

#[cfg(feature = "app")]
impl app::Clock for TestWorld {
    fn now(&self) -> Timestamp {
        self.time()
    }
}

#[cfg(feature = "app")]
impl app::Entropy for TestWorld {
    fn seed(&self) -> [u8; 32] {
        self.draw()
    }
}
