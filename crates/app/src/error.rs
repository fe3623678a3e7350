//! What a verb can answer instead of a view. Both doors map it once.

use model::FieldError;
use serde::Serialize;
use serde_json::Value as Json;
use store::StoreError;

/// Two people changed the same field.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    /// The field.
    pub field: String,
    /// What is there now.
    pub theirs: Json,
    /// What was to be written.
    pub yours: Json,
}

/// The refusal or failure of a verb.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The input is wrong, each place named.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// Nobody is signed in, or the credentials are not right.
    #[error("{0}")]
    Unauthenticated(String),
    /// The role is too small.
    #[error("{0}")]
    Forbidden(String),
    /// It does not exist, or the actor may not know of it: the two are not told apart.
    #[error("there is no {0} of that name, or you may not see it")]
    NotFound(&'static str),
    /// It can't be done in the state that the object is in.
    #[error("{0}")]
    State(String),
    /// Others changed the same fields meanwhile.
    #[error("someone changed the same fields meanwhile; nothing was overwritten")]
    Conflict {
        /// Field by field.
        conflicts: Vec<Conflict>,
        /// The object as it is now.
        current: Json,
    },
    /// The idempotency key came with another body.
    #[error("this Idempotency-Key came with another request before")]
    KeyReused,
    /// Too many tries.
    #[error("too many tries; wait {seconds} seconds")]
    Throttled {
        /// How long to wait.
        seconds: i64,
    },
    /// More than is taken.
    #[error("{what} is larger than the {limit} that are taken")]
    TooLarge {
        /// What.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// A disk of the server is full; what the system said of it.
    #[error("{0}")]
    Full(String),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Something of ours failed.
    #[error("{0}")]
    Internal(String),
}

fn summary(errors: &[FieldError]) -> String {
    let places: Vec<String> = errors.iter().map(|e| format!("{} {}", e.pointer.trim_start_matches('/'), e.detail)).collect();
    places.join("; ")
}

/// The result of a verb.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl AppError {
    /// One wrong field.
    #[must_use]
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.to_owned(), detail: detail.into() }])
    }
}

impl AppError {
    /// Whether trying again in a moment helps.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy | StoreError::Closed | StoreError::Unreachable(_)))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            // A cursor of another list or order is the caller's mistake.
            StoreError::BadCursor => Self::invalid("/cursor", error.to_string()),
            full if full.is_full() => Self::Full(full.to_string()),
            other => Self::Store(other),
        }
    }
}

impl From<logs::LogError> for AppError {
    fn from(error: logs::LogError) -> Self {
        if error.is_disk_full() { Self::Full(error.to_string()) } else { Self::Internal(error.to_string()) }
    }
}

impl From<Vec<FieldError>> for AppError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}
