//! The one mapping from a verb's refusal to HTTP: problem+json (RFC 9457) at one door, a page at the other.

use std::sync::Arc;

use app::AppError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::FieldError;
use serde::Serialize;

/// A refused or failed request. It travels in the response's extensions to the middleware that knows the door.
pub(crate) struct Failure(pub(crate) AppError);

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        if let AppError::Throttled { seconds } = &self.0
            && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response.extensions_mut().insert(Arc::new(self.0));
        response
    }
}

/// The status of an error.
pub(crate) fn status(error: &AppError) -> StatusCode {
    match error {
        AppError::Invalid(_) | AppError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        AppError::Forbidden(_) => StatusCode::FORBIDDEN,
        AppError::NotFound(_) => StatusCode::NOT_FOUND,
        AppError::State(_) => StatusCode::CONFLICT,
        AppError::Conflict { .. } => StatusCode::PRECONDITION_FAILED,
        AppError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        AppError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        AppError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        error if error.is_busy() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What people are told: of failures inside, only that there was one; the log has the rest.
pub(crate) fn detail(error: &AppError) -> String {
    match status(error) {
        StatusCode::INTERNAL_SERVER_ERROR => "something failed inside Vizsla; nothing was changed. The server's log says what".to_owned(),
        StatusCode::INSUFFICIENT_STORAGE => {
            "the server's disk is full; nothing was changed. Whoever runs the server makes room, then try again".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// What sort of problem: `/problems/invalid`, …
    pub(crate) r#type: String,
    /// In two words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened, what was kept, what to do.
    pub(crate) detail: String,
    /// Refused fields, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
    /// Fields that someone else changed meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conflicts: Option<serde_json::Value>,
    /// The object as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<serde_json::Value>,
}

/// The refusal of a method, with the header that says which are taken.
pub(crate) fn method_not_allowed(refusal: Response) -> Response {
    let status = refusal.status();
    let problem = Problem {
        r#type: "/problems/method-not-allowed".to_owned(),
        title: "method not allowed".to_owned(),
        status: status.as_u16(),
        detail: "this address does not take that method; the header Allow says which it takes".to_owned(),
        errors: Vec::new(),
        conflicts: None,
        current: None,
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    if let Some(allow) = refusal.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

/// An error as a problem document.
pub(crate) fn problem(error: &AppError) -> Response {
    let status = status(error);
    let word = match error {
        AppError::Invalid(_) => "invalid",
        AppError::KeyReused => "idempotency-key-reused",
        AppError::Unauthenticated(_) => "unauthenticated",
        AppError::Forbidden(_) => "forbidden",
        AppError::NotFound(_) => "not-found",
        AppError::State(_) => "wrong-state",
        AppError::Conflict { .. } => "conflict",
        AppError::Throttled { .. } => "throttled",
        AppError::TooLarge { .. } => "too-large",
        AppError::Full(_) => "disk-full",
        _ if status == StatusCode::SERVICE_UNAVAILABLE => "busy",
        _ => "internal",
    };
    let (conflicts, current) = match error {
        AppError::Conflict { conflicts, current } => (serde_json::to_value(conflicts).ok(), Some(current.clone())),
        _ => (None, None),
    };
    let errors = if let AppError::Invalid(errors) = error { errors.clone() } else { Vec::new() };
    let problem = Problem {
        r#type: format!("/problems/{word}"),
        title: word.replace('-', " "),
        status: status.as_u16(),
        detail: detail(error),
        errors,
        conflicts,
        current,
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        let error = AppError::Full("/var/lib/vizsla/vizsla.db: no space left".to_owned());
        assert_eq!((status(&error), problem(&error).status()), (StatusCode::INSUFFICIENT_STORAGE, StatusCode::INSUFFICIENT_STORAGE));
        assert!(detail(&error).contains("disk is full") && !detail(&error).contains("/var/lib"), "{}", detail(&error));
    }
}
