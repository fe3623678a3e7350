//! One way in which all sources are asked: with a time limit, a size limit, own certificates, a proxy, no redirects, patience
//! with those that limit, and an end as soon as someone cancels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::Fields;
use model::sighting::SourceKind;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::Value as Json;
use url::Url;

use super::answer::{AskError, told};
use super::settings::Settings;

/// The largest answer, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// The most that an answer may hold, in values; an object counts for some. In memory each takes ten times its text and more.
const MOST_VALUES: usize = 8_000_000;
/// Values that an object counts for.
const OBJECT: usize = 6;
/// The longest refusal whose reason is looked for, in bytes.
const REFUSAL: usize = 64 * 1024;
/// Shorter secrets may stand in a text by chance.
const SECRET: usize = 8;
/// How often a source that limits is asked.
const TRIES: u32 = 3;
/// The longest wait before it is asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How soon a question ends after someone cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) post: bool,
    /// Below the source's address, or a full address.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Content type and text.
    pub(crate) body: Option<(&'static str, String)>,
}

impl Call {
    pub(crate) fn post(path: impl Into<String>, content_type: &'static str, body: String) -> Self {
        Self { post: true, path: path.into(), body: Some((content_type, body)), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }
}

/// A client with time limits that asks what it is given and nobody else, and what drives it.
pub(crate) struct Way {
    pub(crate) client: reqwest::Client,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl Way {
    /// Redirects are not followed; a proxy is one that was set, never one of the environment.
    ///
    /// # Errors
    /// What can't be used, into `fields`.
    pub(crate) fn new(timeout: u64, ca: &str, proxy: &str, headers: HeaderMap, fields: &mut Fields) -> Option<Self> {
        // A second installation of the same provider is refused, and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(timeout.min(10)))
            .timeout(Duration::from_secs(timeout))
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers)
            .user_agent(concat!("vizsla/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if !ca.trim().is_empty() {
            let certificates = fields.keep("/ca", reqwest::Certificate::from_pem_bundle(ca.as_bytes()))?;
            if certificates.is_empty() {
                fields.refuse("/ca", "holds no certificate: expected -----BEGIN CERTIFICATE-----");
                return None;
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if !proxy.trim().is_empty() {
            builder = builder.proxy(fields.keep("/proxy", reqwest::Proxy::all(proxy.trim()))?);
        }
        let client = fields.keep("/url", builder.build())?;
        let runtime = fields.keep("/url", tokio::runtime::Builder::new_current_thread().enable_all().build())?;
        Some(Self { client, runtime })
    }
}

/// A source as HTTP sees it.
pub(crate) struct Http {
    base: Url,
    way: Way,
    /// What no message may tell, however the source repeats it.
    secrets: Vec<String>,
    timeout: u64,
    /// Waits are this much shorter than they would be: 1 outside of tests.
    backoff: Duration,
    cancelled: Arc<AtomicBool>,
}

impl Http {
    /// # Errors
    /// What in the settings can't be used, into `fields`.
    pub(crate) fn new(
        kind: SourceKind,
        settings: &Settings,
        base: Url,
        secret: &str,
        cancelled: Arc<AtomicBool>,
        fields: &mut Fields,
    ) -> Option<Self> {
        let timeout = u64::from(settings.timeout_seconds);
        let way = Way::new(timeout, &settings.ca, &settings.proxy, credentials(kind, settings, secret, fields)?, fields)?;
        let secrets = [secret.to_owned(), basic(settings, secret)].into_iter().filter(|_| secret.len() >= SECRET).collect();
        Some(Self { base, way, secrets, timeout, backoff: Duration::from_secs(1), cancelled })
    }

    /// The full address of a call.
    pub(crate) fn address(&self, call: &Call) -> Result<Url, AskError> {
        let wrong = |error: url::ParseError| AskError::Refused(format!("the address of the question is wrong: {error}"));
        let mut url = if call.path.starts_with("https://") || call.path.starts_with("http://") {
            call.path.parse::<Url>().map_err(wrong)?
        } else {
            // The source may live below a path of its own.
            let base = self.base.as_str().trim_end_matches('/');
            format!("{base}/{}", call.path.trim_start_matches('/')).parse::<Url>().map_err(wrong)?
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// Asks, and asks again where the source says that it is asked too much.
    pub(crate) fn bytes(&self, call: &Call) -> Result<Vec<u8>, AskError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (status, after, body) = self.once(call)?;
            match status {
                200..=299 if values(&body) > MOST_VALUES => {
                    return Err(AskError::Malformed(
                        "it holds more values than are taken; ask for fewer observables or events at once".to_owned(),
                    ));
                }
                200..=299 => return Ok(body),
                300..=399 => return Err(AskError::Redirect(told(&self.origin(&after)))),
                429 | 503 if tries < TRIES => self.wait(wait(&after, tries, self.backoff))?,
                429 | 503 => return Err(AskError::Limited { status, tries, detail: self.reason(&body) }),
                _ => return Err(AskError::Status { status, detail: self.reason(&body) }),
            }
        }
    }

    /// The same, as JSON.
    pub(crate) fn json(&self, call: &Call) -> Result<Json, AskError> {
        parse(&self.bytes(call)?)
    }

    /// Waits, unless someone cancels.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), AskError> {
        self.way.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(time) => Ok(()),
                () = raised(&self.cancelled) => Err(AskError::Cancelled),
            }
        })
    }

    fn once(&self, call: &Call) -> Result<(u16, String, Vec<u8>), AskError> {
        let url = self.address(call)?;
        let mut request = if call.post { self.way.client.post(url) } else { self.way.client.get(url) };
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some((content_type, body)) = &call.body {
            request = request.header(CONTENT_TYPE, *content_type).body(body.clone());
        }
        self.way.runtime.block_on(async {
            tokio::select! {
                answer = self.read(request) => answer,
                () = raised(&self.cancelled) => Err(AskError::Cancelled),
            }
        })
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Result<(u16, String, Vec<u8>), AskError> {
        let mut answer = request.send().await.map_err(|error| self.failed(error))?;
        let status = answer.status().as_u16();
        let header = |name: HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let after = if (300..400).contains(&status) { header(LOCATION) } else { header(RETRY_AFTER) };
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(AskError::TooLarge(LARGEST / 1024 / 1024));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, after, body))
    }

    /// Why the source refused, without the secret, which some repeat.
    fn reason(&self, body: &[u8]) -> String {
        let mut said = reason(body);
        for secret in &self.secrets {
            said = said.replace(secret.as_str(), "[secret]");
        }
        told(&said)
    }

    /// Where a redirect leads: scheme, host and port. Its path and query may hold what was asked for.
    fn origin(&self, location: &str) -> String {
        let to = self.base.join(location).map(|url| url.origin());
        to.ok().filter(url::Origin::is_tuple).map(|origin| origin.ascii_serialization()).unwrap_or_default()
    }

    /// The address of a question holds what was asked for, so no message names it.
    fn failed(&self, error: reqwest::Error) -> AskError {
        if error.is_timeout() {
            return AskError::Timeout(self.timeout);
        }
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        AskError::Network(told(&text))
    }
}

/// Waits until a flag is raised.
pub(crate) async fn raised(flag: &AtomicBool) {
    while !flag.load(Ordering::Relaxed) {
        tokio::time::sleep(LOOK).await;
    }
}

pub(crate) fn parse(body: &[u8]) -> Result<Json, AskError> {
    serde_json::from_slice(body).map_err(|error| AskError::Malformed(format!("it is no JSON: {error}")))
}

/// How many values JSON holds, about: what it takes in memory. Objects take more than others.
fn values(json: &[u8]) -> usize {
    let (mut values, mut quoted, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b',' | b'[' | b'\n' => values += 1,
            b'{' => values += OBJECT,
            _ => {}
        }
    }
    values
}

/// How long to wait: as the source says, or longer each time.
fn wait(after: &str, tries: u32, backoff: Duration) -> Duration {
    let told = after.trim().parse::<u64>().ok().map(Duration::from_secs);
    told.unwrap_or(backoff * 2_u32.pow(tries - 1)).min(LONGEST_WAIT)
}

/// What a refusal says: the reason in the JSON that most products send, or its text.
fn reason(body: &[u8]) -> String {
    let json = if body.len() <= REFUSAL { serde_json::from_slice::<Json>(body).ok() } else { None };
    let Some(json) = json else {
        return String::from_utf8_lossy(body.get(..4_000).unwrap_or(body)).into_owned();
    };
    let texts = [
        json.pointer("/error/root_cause/0/reason"),
        json.pointer("/error/reason"),
        json.pointer("/error/innererror/message"),
        json.pointer("/error/message"),
        json.pointer("/error_description"),
        json.pointer("/messages/0/text"),
        json.pointer("/message"),
        json.pointer("/description"),
        json.pointer("/error"),
    ];
    texts.into_iter().flatten().find_map(Json::as_str).map_or_else(|| json.to_string(), str::to_owned)
}

/// User and password as HTTP sends them.
fn basic(settings: &Settings, secret: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{}:{secret}", settings.user))
}

/// The headers that say who Vizsla is. They go with every question to this source, and nowhere else.
fn credentials(kind: SourceKind, settings: &Settings, secret: &str, fields: &mut Fields) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, text: &str, fields: &mut Fields| match HeaderValue::from_str(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Err(_) => fields.refuse("/secret", "must be one line of plain characters"),
    };
    match settings.auth.as_str() {
        "basic" => {
            put(AUTHORIZATION, &format!("Basic {}", basic(settings, secret)), fields);
        }
        "bearer" => put(AUTHORIZATION, &format!("Bearer {secret}"), fields),
        "api_key" => {
            let name = fields.keep("/key_header", HeaderName::from_bytes(settings.key_header.as_bytes()))?;
            let elastic = matches!(kind, SourceKind::Elasticsearch | SourceKind::OpenSearch | SourceKind::Quickwit);
            let scheme = if elastic && name == AUTHORIZATION { "ApiKey " } else { "" };
            put(name, &format!("{scheme}{secret}"), fields);
        }
        _ => {}
    }
    Some(headers)
}
