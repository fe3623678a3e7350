//! What every response carries and every request must fulfil.

use app::AppError;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Failure;
use crate::visitor::{self, LocalActor};

/// The nonce of one page's scripts.
#[derive(Clone, Default)]
pub(crate) struct Nonce(pub(crate) String);

/// Gives a page its nonce and every response its headers.
pub(crate) async fn headers(nonce: String, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
    );
    let set = [
        ("content-security-policy", policy.as_str()),
        ("x-content-type-options", "nosniff"),
        // Not "no-referrer": browsers would say `Origin: null` of our own forms.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in set {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    // What is shown is for one person's eyes; only assets say otherwise themselves.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses changes that another site's page sends with this browser's cookie.
///
/// Browsers say where a request comes from (`Sec-Fetch-Site`, and `Origin` for every unsafe method); a request with a
/// token is not a browser's own doing and needs no such word.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let own = request.extensions().get::<LocalActor>().is_some();
    if safe || own || visitor::bearer(headers).is_some() || comes_from_here(headers) {
        return next.run(request).await;
    }
    let message = "this request came from another site, and was not carried out. Open the page here and try again";
    Failure(AppError::Forbidden(message.to_owned())).into_response()
}

fn comes_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        // Without cookies there is nothing to abuse; what comes then signs in, and says its own password.
        None => match (text("origin"), text("host")) {
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host)),
            (None, _) => !headers.contains_key(header::COOKIE),
            (Some(_), None) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_things_with_a_cookie() {
        assert!(comes_from_here(&headers(&[("sec-fetch-site", "same-origin"), ("cookie", "a=b")])));
        assert!(!comes_from_here(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(!comes_from_here(&headers(&[("sec-fetch-site", "none")])));
        assert!(comes_from_here(&headers(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080"), ("cookie", "a=b")])));
        assert!(!comes_from_here(&headers(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8080"), ("cookie", "a=b")])));
        assert!(!comes_from_here(&headers(&[("origin", "null"), ("host", "127.0.0.1:8080")])));
        assert!(!comes_from_here(&headers(&[("cookie", "a=b"), ("host", "127.0.0.1:8080")])));
    }
}
