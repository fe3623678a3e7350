//! A file as it is sent: the body itself, or the file of a form with text fields beside it. Kept in memory, so it is for what
//! is read as a whole.

use std::collections::BTreeMap;

use app::AppError;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header;
use model::Actor;
use model::actor::Idempotency;

use crate::body::{MAX_JSON, idempotency_key};
use crate::error::Failure;
use crate::visitor::Visitor;

/// A file that someone who is signed in sends.
pub(crate) struct Upload {
    pub(crate) actor: Actor,
    /// As the request says it.
    pub(crate) content_type: String,
    /// The file's name in a form; empty otherwise.
    pub(crate) file_name: String,
    /// The body, or the file of a form; of several files, the last.
    pub(crate) bytes: Vec<u8>,
    /// The files of a form before the last, with their names.
    pub(crate) before: Vec<(String, Vec<u8>)>,
    /// The text fields of a form.
    pub(crate) fields: BTreeMap<String, String>,
}

impl Upload {
    /// A text field of the form; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// All files of a form, or the body.
    pub(crate) fn files(self) -> Vec<(String, Vec<u8>)> {
        let mut files = self.before;
        if !self.bytes.is_empty() {
            files.push((self.file_name, self.bytes));
        }
        files
    }

    /// The file as text.
    pub(crate) fn text(&self) -> Result<String, AppError> {
        text_of(&self.bytes)
    }
}

/// How much a route takes, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UpTo(usize);

/// What a form holds beside its file, in bytes: names, fields, boundaries.
const BESIDE: usize = 1024 * 1024;

/// Lets a route take files of up to so many bytes, and say so where one is larger.
pub(crate) fn up_to(bytes: usize) -> (DefaultBodyLimit, Extension<UpTo>) {
    (DefaultBodyLimit::max(bytes + BESIDE), Extension(UpTo(bytes)))
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
        let mut actor = visitor.0.ok_or_else(|| AppError::Unauthenticated("sign in, or send a token".to_owned()))?;
        let (key, content_type) = (idempotency_key(request.headers())?, word(&request, header::CONTENT_TYPE.as_str()));
        let route = format!("{} {}", request.method(), request.uri().path());
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_form = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data");
        let (mut files, fields) =
            if is_form { form(request, state).await? } else { (vec![(String::new(), body(request, state).await?)], BTreeMap::new()) };
        let (file_name, bytes) = files.pop().unwrap_or_default();
        if let Some(key) = key {
            actor.idempotency = Some(Idempotency { route, key, body_hash: body_hash(&query, &files, &bytes, &fields) });
        }
        Ok(Self { actor, content_type, file_name, bytes, before: files, fields })
    }
}

/// Two requests with one key are one request when they say the same; the boundary of a form differs each time.
fn body_hash(query: &str, before: &[(String, Vec<u8>)], bytes: &[u8], fields: &BTreeMap<String, String>) -> String {
    let fields = fields.iter().map(|(name, value)| format!("{name}={};{value}", value.len())).collect::<Vec<_>>().join("&");
    let parts = [query.as_bytes(), bytes, fields.as_bytes()].into_iter().chain(before.iter().map(|(_, bytes)| bytes.as_slice()));
    let hashes: Vec<String> = parts.map(model::text::sha256_hex).collect();
    model::text::sha256_hex(hashes.join(" ").as_bytes())
}

/// Bytes as text: UTF-8, or UTF-16 with its mark, as editors save it.
fn text_of(bytes: &[u8]) -> Result<String, AppError> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit).collect();
        String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2))
    };
    let text = if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        wide(rest, u16::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        wide(rest, u16::from_be_bytes)
    } else {
        let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if plain.starts_with(b"%PDF-") || plain.contains(&0) {
            return Err(AppError::invalid("/file", "is not text; copy the text out of the document and paste it"));
        }
        String::from_utf8(plain.to_vec()).ok()
    };
    text.ok_or_else(|| AppError::invalid("/file", "is not UTF-8 text; save it as UTF-8 and send it again"))
}

fn word(request: &Request, name: &str) -> String {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Vec<u8>, AppError> {
    let limit = limit(&request);
    // Not copied: what came in is held by nobody else.
    Bytes::from_request(request, state).await.map(Vec::from).map_err(|_| too_large(limit))
}

type Parts = (Vec<(String, Vec<u8>)>, BTreeMap<String, String>);

async fn form<S: Send + Sync>(request: Request, state: &S) -> Result<Parts, AppError> {
    let unreadable = |error: String| AppError::invalid("", format!("the form can't be read: {error}"));
    let limit = limit(&request);
    let mut form = Multipart::from_request(request, state).await.map_err(|error| unreadable(error.body_text()))?;
    let (mut files, mut fields) = (Vec::new(), BTreeMap::new());
    let refused = |error: axum::extract::multipart::MultipartError| {
        if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { too_large(limit) } else { unreadable(error.body_text()) }
    };
    while let Some(field) = form.next_field().await.map_err(refused)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(given) => {
                let content = field.bytes().await.map_err(refused)?;
                if !content.is_empty() || !given.is_empty() {
                    files.push((given, content.into()));
                }
            }
            None => {
                fields.insert(name, field.text().await.map_err(refused)?);
            }
        }
    }
    Ok((files, fields))
}

/// How much this route takes.
fn limit(request: &Request) -> usize {
    request.extensions().get::<UpTo>().map_or(MAX_JSON, |up_to| up_to.0)
}

fn too_large(limit: usize) -> AppError {
    AppError::TooLarge { what: "the upload".to_owned(), limit: format!("{} MB", limit / 1024 / 1024) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_as_editors_save_it() {
        let read = |bytes: &[u8]| text_of(bytes).map_err(|error| error.to_string());
        assert_eq!(read(b"\xef\xbb\xbfabc").as_deref(), Ok("abc"));
        assert_eq!(read(b"\xff\xfea\x00\xe9\x00").as_deref(), Ok("a\u{e9}"));
        assert_eq!(read(b"\xfe\xff\x00a").as_deref(), Ok("a"));
        for bad in [&b"%PDF-1.7"[..], b"a\0b", b"caf\xe9", b"\xff\xfea", b"\xff\xfe\x00\xd8"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_told_what_its_route_takes() {
        let told = |up_to: Option<UpTo>| {
            let mut request = Request::default();
            up_to.map(|up_to| request.extensions_mut().insert(up_to));
            too_large(limit(&request)).to_string()
        };
        let (_, Extension(large)) = up_to(200 * 1024 * 1024);
        assert!(told(Some(large)).contains("200 MB") && told(None).contains("32 MB"), "{}", told(None));
    }

    #[test]
    fn another_case_in_the_query_is_another_request() {
        let none = BTreeMap::new();
        let text = BTreeMap::from([("text".to_owned(), "a".to_owned())]);
        let hashes = [
            body_hash("case=1", &[], b"x", &none),
            body_hash("case=2", &[], b"x", &none),
            body_hash("case=1", &[], b"x", &text),
            body_hash("case=1", &[(String::new(), b"y".to_vec())], b"x", &none),
        ];
        assert!(hashes.iter().enumerate().all(|(n, hash)| !hashes[..n].contains(hash)));
    }
}
