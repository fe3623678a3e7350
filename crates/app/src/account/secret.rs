//! What must not be read in logs: passwords and tokens.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::text::sha256_hex;
use serde::{Deserialize, Serialize};

/// How every API token begins, so that a leaked one is recognised.
pub(super) const TOKEN_PREFIX: &str = "vz_";

/// A password or a token. It is shown only to whoever asks with [`Secret::reveal`], or as the answer of a request.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A token that nobody can guess, from 32 random bytes.
    pub(super) fn token(prefix: &str, seed: [u8; 32]) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(seed)))
    }

    /// How it is stored, when it is a token. Passwords are stored by [`Passwords`](super::Passwords).
    pub(super) fn token_hash(&self) -> String {
        token_hash(&self.0)
    }
}

/// How a token is stored: a fast hash is enough for what has 256 random bits.
pub(super) fn token_hash(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl utoipa::PartialSchema for Secret {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Password)))
            .into()
    }
}

impl utoipa::ToSchema for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_readable_where_it_is_printed() {
        let secret = Secret::from("correct horse battery");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.reveal(), "correct horse battery");
    }

    #[test]
    fn tokens_fit_into_headers_and_cookies() {
        let token = Secret::token(TOKEN_PREFIX, [0xff; 32]);
        assert_eq!(token.reveal().len(), 3 + 43);
        assert!(token.reveal().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        assert_ne!(token.token_hash(), Secret::token("", [0xff; 32]).token_hash());
    }
}
