//! JSON bodies, read so that every refusal names its place.

use app::AppError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use model::actor::Idempotency;
use model::{Actor, FieldError};
use serde::de::{DeserializeOwned, Deserializer, Visitor as Visits};

use crate::error::Failure;
use crate::visitor::Visitor;

/// The largest JSON body. A hundred thousand observables take about 5 MB.
pub(crate) const MAX_JSON: usize = 32 * 1024 * 1024;

/// A call of a verb with a JSON body, by someone who is signed in.
pub(crate) struct Call<T> {
    pub(crate) actor: Actor,
    pub(crate) input: T,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Call<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
        let mut actor = visitor.0.ok_or_else(|| AppError::Unauthenticated("sign in, or send a token".to_owned()))?;
        let key = idempotency_key(request.headers())?;
        let route = format!("{} {}", request.method(), request.uri().path());
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_large())?;
        if let Some(key) = key {
            actor.idempotency = Some(Idempotency { route, key, body_hash: model::text::sha256_hex(&bytes) });
        }
        Ok(Self { actor, input: read(&bytes)? })
    }
}

fn too_large() -> AppError {
    AppError::TooLarge { what: "the request".to_owned(), limit: format!("{} MB", MAX_JSON / 1024 / 1024) }
}

/// Takes an object for a struct, and no list: serde would take the items of one for the fields, in their order, and an empty
/// one for all of them left out.
struct ByName<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByName<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visits<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visits<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Reads JSON; the error names the place.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(ByName(&mut json)).map_err(|error| {
        let pointer = pointer(error.path());
        AppError::Invalid(vec![FieldError { pointer, detail: error.into_inner().to_string() }])
    })?;
    json.end().map_err(|error| AppError::invalid("", error.to_string()))?;
    Ok(value)
}

/// A place as JSON pointers write it.
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The request's `Idempotency-Key`. One that can't be kept is refused: who sends it relies on it.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, AppError> {
    let Some(value) = headers.get("idempotency-key").filter(|value| !value.is_empty()) else { return Ok(None) };
    if value.len() > 200 {
        return Err(AppError::invalid("/idempotency-key", "is longer than 200 characters"));
    }
    match value.to_str() {
        Ok(key) => Ok(Some(key.to_owned())),
        Err(_) => Err(AppError::invalid("/idempotency-key", "must be of printable ASCII characters")),
    }
}

/// The version that the caller saw, from `If-Match`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, AppError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_start_matches("W/").trim_matches('"');
    if text == "*" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| AppError::invalid("/if-match", "is not an ETag of this object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape is read")]
    struct Item {
        value: String,
    }

    #[test]
    fn refusals_name_their_place() {
        let error = read::<Vec<Item>>(br#"[{"value":"a"},{"value":7}]"#).err();
        let Some(AppError::Invalid(errors)) = error else { panic!("not refused") };
        assert_eq!(errors[0].pointer, "/1/value");
        let error = read::<Vec<Item>>(br#"[{"value":"a","vlaue":"b"}]"#).err();
        let Some(AppError::Invalid(errors)) = error else { panic!("not refused") };
        assert_eq!(errors[0].pointer, "/0/vlaue");
        assert!(read::<Vec<Item>>(b"[] x").is_err());
        assert!(read::<Item>(br#"["a"]"#).is_err());
        assert_eq!(read::<Item>(br#"{"value":"a"}"#).map(|item| item.value).ok().as_deref(), Some("a"));
    }
}
