//! Clock and randomness, handed in.

use model::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait Entropy: Send + Sync {
    /// Fills a seed with bytes that nobody can guess.
    fn seed(&self) -> [u8; 32];
}

/// Both.
pub trait World: Clock + Entropy {}

impl<T: Clock + Entropy> World for T {}

/// The machine's own clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemWorld;

impl Clock for SystemWorld {
    #[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

impl Entropy for SystemWorld {
    #[allow(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "the one place where randomness is drawn; a system without any can't be used safely"
    )]
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the operating system gives random bytes");
        seed
    }
}
