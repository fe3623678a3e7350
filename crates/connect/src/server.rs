//! A Vizsla server as a client sees it: requests with a token, raw answers.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use url::Url;

/// What could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one.
    #[error("VIZSLA_URL is not an address like http://127.0.0.1:8080: {0}")]
    Address(String),
    /// A plain address outside this machine would send the token in the clear.
    #[error("{0} is not https: a token must not go over a network in the clear")]
    Insecure(Url),
    /// The server could not be reached, or the connection broke.
    #[error("the server could not be asked: {0}")]
    Network(String),
    /// A file to be sent could not be read.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Content {
    /// None.
    Empty,
    /// JSON text.
    Json(String),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// A file, streamed.
    File(PathBuf),
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A server and a token for it.
#[derive(Clone)]
pub struct Server {
    base: Url,
    token: String,
    client: reqwest::Client,
}

impl Server {
    /// A server by its address. Plain http is taken on this machine only.
    ///
    /// # Errors
    /// When the address is not one, or plain and elsewhere.
    pub fn new(address: &str, token: &str) -> Result<Self, ConnectError> {
        let base: Url = address.parse().map_err(|error: url::ParseError| ConnectError::Address(error.to_string()))?;
        let here = base.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
        match base.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => return Err(ConnectError::Insecure(base)),
            other => return Err(ConnectError::Address(format!("{other} is neither http nor https"))),
        }
        // A second installation of the same provider is refused, and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ConnectError::Network(error.to_string()))?;
        Ok(Self { base, token: token.to_owned(), client })
    }

    /// Sends a request for a path of the API, with its query.
    ///
    /// # Errors
    /// When the server can't be reached or a file can't be read. A refusal is an answer.
    pub async fn send(&self, method: &str, path_and_query: &str, content: Content) -> Result<Answer, ConnectError> {
        let url = self.base.join(path_and_query).map_err(|error| ConnectError::Address(error.to_string()))?;
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| ConnectError::Address(error.to_string()))?;
        let request = self.client.request(method, url).header(AUTHORIZATION, format!("Bearer {}", self.token));
        let request = match content {
            Content::Empty => request,
            Content::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text),
            Content::Bytes(bytes) => request.body(bytes),
            Content::File(path) => {
                let file =
                    tokio::fs::File::open(&path).await.map_err(|error| ConnectError::File { path: path.display().to_string(), error })?;
                request.body(reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file)))
            }
        };
        let answer = request.send().await.map_err(told)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(told)?.to_vec();
        Ok(Answer { status, body })
    }
}

/// What became of a file that was asked for.
#[derive(Debug, Clone)]
pub enum Saved {
    /// It was written to its end.
    Whole,
    /// The server refused; nothing was written.
    Refused(Answer),
}

impl Server {
    /// Asks for a file and writes it as it comes.
    ///
    /// # Errors
    /// When the server can't be reached, the file breaks off, or it can't be written.
    pub async fn save(&self, path_and_query: &str, out: &mut (impl Write + Send)) -> Result<Saved, ConnectError> {
        let url = self.base.join(path_and_query).map_err(|error| ConnectError::Address(error.to_string()))?;
        let request = self.client.get(url).header(AUTHORIZATION, format!("Bearer {}", self.token));
        let mut answer = request.send().await.map_err(told)?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            return Ok(Saved::Refused(Answer { status, body: answer.bytes().await.map_err(told)?.to_vec() }));
        }
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            out.write_all(&chunk).map_err(|error| ConnectError::File { path: "the output".to_owned(), error })?;
        }
        Ok(Saved::Whole)
    }
}

/// An error with its causes: "connection refused" is what a person needs to read.
fn told(error: reqwest::Error) -> ConnectError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    ConnectError::Network(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_goes_over_a_network_in_the_clear() {
        assert!(Server::new("http://127.0.0.1:8080", "vz_x").is_ok());
        assert!(Server::new("https://vizsla.example", "vz_x").is_ok());
        assert!(matches!(Server::new("http://vizsla.example", "vz_x"), Err(ConnectError::Insecure(_))));
        assert!(matches!(Server::new("ftp://vizsla.example", "vz_x"), Err(ConnectError::Address(_))));
        assert!(matches!(Server::new("vizsla", "vz_x"), Err(ConnectError::Address(_))));
    }
}
