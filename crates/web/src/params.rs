//! What a request says in its address. Every refusal names its place, at both doors.

use app::AppError;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use model::FieldError;
use serde::de::DeserializeOwned;

use crate::body::pointer;
use crate::error::Failure;

/// The query string.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Query<T>(pub(crate) T);

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(read_query(parts.uri.query().unwrap_or_default())?))
    }
}

/// Reads a query string; the error names the field.
fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, AppError> {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    // No text that is kept holds it, and no database compares with it.
    if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        let name = name.replace('\0', "");
        return Err(AppError::invalid(&format!("/{name}"), "must not contain the character U+0000"));
    }
    let fields = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let pointer = pointer(error.path());
        AppError::Invalid(vec![FieldError { pointer, detail: error.into_inner().to_string() }])
    })
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // What can't be anything's name is nothing's name.
        let unknown = || Failure(AppError::NotFound("page"));
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        if raw.iter().any(|(_, value)| value.contains('\0')) {
            return Err(unknown());
        }
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[allow(dead_code, reason = "only its shape is read")]
    struct Wanted {
        q: String,
        limit: Option<u32>,
    }

    #[test]
    fn refusals_name_their_place() {
        for (query, pointer) in [("limit=-1", "/limit"), ("limit=x&q=a", "/limit"), ("nope=1", "/nope"), ("q=a%00b", "/q"), ("%00=1", "/")]
        {
            let Err(AppError::Invalid(errors)) = read_query::<Wanted>(query) else { panic!("{query} was taken") };
            assert_eq!(errors[0].pointer, pointer, "{query}: {errors:?}");
        }
        for query in ["q=a&q=b", "limit=1&limit=2"] {
            assert!(matches!(read_query::<Wanted>(query), Err(AppError::Invalid(_))), "{query}");
        }
        assert_eq!(read_query::<Wanted>("limit=&q=%22").map(|wanted| (wanted.limit, wanted.q)).ok(), Some((None, "\"".to_owned())));
    }
}
