//! Forms as browsers send them, and what was wrong in them.

use app::AppError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use model::FieldError;
use serde::de::DeserializeOwned;

use crate::body::MAX_JSON;
use crate::error::Failure;

/// A form; fields of one name are a list.
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        Ok(Self(parse(&bytes(request, state).await?)?))
    }
}

/// The body of a form.
pub(super) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    let too_large = |_| AppError::TooLarge { what: "the form".to_owned(), limit: format!("{} MB", MAX_JSON / 1024 / 1024) };
    Ok(Bytes::from_request(request, state).await.map_err(too_large)?)
}

/// The fields of a form.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    Ok(serde_html_form::from_bytes(bytes).map_err(|error| AppError::invalid("", error.to_string()))?)
}

/// What was wrong in a form, by field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(pub(crate) Vec<FieldError>);

impl Errors {
    /// The refusals of a verb that are about fields; every other refusal is handed on.
    pub(crate) fn of(error: AppError) -> Result<Self, Failure> {
        match error {
            AppError::Invalid(errors) => Ok(Self(errors)),
            other => Err(Failure(other)),
        }
    }

    /// What was wrong with a field; empty when nothing.
    pub(crate) fn at(&self, field: &str) -> String {
        let mut found = self.0.iter().filter(|error| {
            let pointer = error.pointer.trim_start_matches('/');
            pointer == field || pointer.rsplit('/').next() == Some(field)
        });
        found.next().map(|error| error.detail.clone()).unwrap_or_default()
    }

    /// Whether nothing was wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each refusal as `(id of its control, sentence)`.
    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let line = |error: &FieldError| {
            let field = error.pointer.rsplit('/').find(|part| !part.is_empty() && part.parse::<u32>().is_err()).unwrap_or_default();
            let label = field.replace('_', " ");
            (format!("f-{field}"), if label.is_empty() { error.detail.clone() } else { format!("{label}: {}", error.detail) })
        };
        self.0.iter().map(line).collect()
    }
}

/// A text field that holds a list: separated by commas or lines.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
