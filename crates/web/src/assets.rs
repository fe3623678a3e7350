//! The built front end, embedded in the binary.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "dist/"]
struct Dist;

/// `app.css` → `app-0A1B2C3D.css`.
static MANIFEST: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let file = Dist::get("manifest.json");
    file.and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default()
});

/// The URL of an asset by its plain name. Names carry their content's hash, so browsers keep them for good.
pub(crate) fn url(name: &str) -> String {
    format!("/assets/{}", MANIFEST.get(name).map_or(name, String::as_str))
}

/// Sends an asset.
pub(crate) async fn get(Path(file): Path<String>) -> Response {
    let plain = MANIFEST.get(&file).cloned();
    let Some(found) = Dist::get(plain.as_ref().unwrap_or(&file)) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match file.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let keep = if plain.is_some() { "no-cache" } else { "public, max-age=31536000, immutable" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], Body::from(found.data.into_owned())).into_response()
}
