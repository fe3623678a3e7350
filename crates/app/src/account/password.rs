//! Passwords: Argon2id, off the async threads, a few at a time.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use store::account::PasswordHash;
use tokio::sync::Semaphore;

use super::Secret;
use crate::App;
use crate::error::{AppError, Result};

/// How many passwords are worked on at once. Each takes the memory of [`PasswordCost`]: without a bound, a flood of logins
/// would take all there is.
const AT_ONCE: usize = 4;

/// What a password costs to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// What OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
    pub const OWASP: Self = Self { memory: 19_456, passes: 2 };
    /// The least that Argon2 takes: for tests only.
    pub const LEAST: Self = Self { memory: 8, passes: 1 };

    fn argon2(self) -> Result<Argon2<'static>> {
        let params = Params::new(self.memory, self.passes, 1, None).map_err(|error| failed(&error))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// Makes and checks stored passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    cost: PasswordCost,
    gate: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        Self { cost, gate: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce(Argon2<'static>) -> Result<T> + Send + 'static) -> Result<T> {
        let argon2 = self.cost.argon2()?;
        let permit = Arc::clone(&self.gate).acquire_owned().await.map_err(|error| failed(&error))?;
        let worked = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, also when nobody waits for it any more.
            let _permit = permit;
            work(argon2)
        });
        worked.await.map_err(|error| failed(&error))?
    }
}

impl App {
    /// Sets what passwords cost from now on; those that are stored keep their own.
    #[must_use]
    pub fn with_password_cost(mut self, cost: PasswordCost) -> Self {
        self.passwords = Passwords::new(cost);
        self
    }

    /// A password as it is stored.
    pub(super) async fn hash_password(&self, password: &Secret) -> Result<PasswordHash> {
        let (password, seed) = (password.clone(), self.world.seed());
        let salt: Vec<u8> = seed.iter().copied().take(16).collect();
        self.passwords.work(move |argon2| hash(&argon2, &password, &salt)).await
    }

    /// Whether this is the password. It takes as long when there is none to compare with.
    pub(super) async fn is_password(&self, password: &Secret, stored: Option<&PasswordHash>) -> Result<bool> {
        let password = password.clone();
        let stored = stored.filter(|stored| !stored.0.is_empty()).cloned();
        let work = move |argon2: Argon2<'static>| match stored {
            Some(stored) => verify(&argon2, &password, &stored),
            None => hash(&argon2, &password, &[0; 16]).map(|_| false),
        };
        self.passwords.work(work).await
    }
}

fn hash(argon2: &Argon2<'_>, password: &Secret, salt: &[u8]) -> Result<PasswordHash> {
    let hash = argon2.hash_password_with_salt(password.reveal().as_bytes(), salt).map_err(|error| failed(&error))?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(argon2: &Argon2<'_>, password: &Secret, stored: &PasswordHash) -> Result<bool> {
    match argon2.verify_password(password.reveal().as_bytes(), stored.0.as_str()) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &dyn std::fmt::Display) -> AppError {
    AppError::Internal(format!("a password could not be worked on: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_password_keeps_its_own_cost() {
        let owasp = PasswordCost::OWASP.argon2().expect("OWASP's parameters are taken");
        let cheap = PasswordCost::LEAST.argon2().expect("the least parameters are taken");
        let password = Secret::from("correct horse battery staple");
        let stored = hash(&owasp, &password, b"sixteen bytes...").expect("it is hashed");
        assert!(stored.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.0);
        assert!(verify(&cheap, &password, &stored).expect("it is checked"));
        assert!(!verify(&cheap, &Secret::from("correct horse battery stapler"), &stored).expect("it is checked"));
    }

    #[test]
    fn what_is_no_hash_is_an_error_not_a_wrong_password() {
        let cheap = PasswordCost::LEAST.argon2().expect("the least parameters are taken");
        assert!(verify(&cheap, &Secret::from("x"), &PasswordHash("plain".to_owned())).is_err());
    }
}
