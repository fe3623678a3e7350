//! When, who, and the randomness of one change: made once, before the transaction, so that a closure that is rerun
//! writes the same again.

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// The circumstances of one change.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// When it happens.
    pub at: Timestamp,
    /// Who does it: a login name, `operator:<os user>` or `system`.
    pub actor: String,
    /// Random bytes from which ids and salts of this change are derived.
    pub seed: [u8; 32],
}

impl Stamp {
    /// A random UUID (version 4 form, RFC 9562 section 5.4) for the `n`th thing of a sort that this change makes.
    #[must_use]
    pub fn uuid(&self, sort: &str, n: usize) -> String {
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&self.derive(&format!("uuid:{sort}:{n}"))[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// The circumstances of one of several parts of a change: same time and actor, ids of its own.
    #[must_use]
    pub fn part(&self, n: usize) -> Self {
        Self { seed: self.derive(&format!("part:{n}")), ..self.clone() }
    }

    /// The salt of the journal entry with this number.
    #[must_use]
    pub fn salt(&self, seq: i64) -> [u8; 16] {
        let mut salt = [0_u8; 16];
        salt.copy_from_slice(&self.derive(&format!("salt:{seq}"))[..16]);
        salt
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.seed).chain_update(purpose.as_bytes()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rerun_makes_the_same_ids_and_two_things_never_share_one() {
        let stamp = Stamp { at: Timestamp(1), actor: "ada".to_owned(), seed: [7; 32] };
        assert_eq!(stamp.uuid("note", 0), stamp.uuid("note", 0));
        assert_ne!(stamp.uuid("note", 0), stamp.uuid("note", 1));
        assert_eq!(stamp.uuid("note", 0).as_bytes()[14], b'4');
        assert_ne!(stamp.salt(1), stamp.salt(2));
        assert_ne!(stamp.part(0).uuid("note", 0), stamp.part(1).uuid("note", 0));
        assert_ne!(stamp.part(0).uuid("note", 0), stamp.uuid("note", 0));
    }
}
