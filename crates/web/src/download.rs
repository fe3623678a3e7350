//! Files on their way out: each chunk is sent as it is written, none waits for the whole.

use app::export::Export;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;

/// An export as a file to be saved. An export that breaks off breaks the connection off, so that nobody takes a part for
/// the whole.
pub(crate) fn attachment(export: Export) -> Response {
    let mut chunks = export.chunks;
    // Asked again after the end, as compressors do, it is at its end still.
    let chunks = poll_fn(move |context| {
        chunks.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map_err(|_| std::io::Error::other("the export broke off"))))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = export.file_name.chars().map(plain).collect();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(export.media_type));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
