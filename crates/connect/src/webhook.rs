//! Messages to webhooks, signed after [Standard Webhooks](https://www.standardwebhooks.com): a receiver that knows the secret
//! can tell that a message is ours, whole, and how old it is.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::{FieldError, Fields, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use sha2::Sha256;
use url::Url;

use crate::address::{address, check_way};
use crate::siem::{Way, raised, told};

/// How every secret begins.
const SECRET_PREFIX: &str = "whsec_";
/// How long a receiver may take, in seconds, unless told.
pub const USUAL_TIMEOUT: u32 = 15;
/// How long it may take at most.
pub const LONGEST_TIMEOUT: u32 = 60;

/// A secret of 32 bytes that nobody can guess, as it is shown once.
#[must_use]
pub fn new_secret(bytes: [u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// The `webhook-signature` of a message: one signature for each secret, the newest first. A secret that is none signs nothing.
#[must_use]
pub fn signature(secrets: &[String], id: &str, at: Timestamp, body: &str) -> String {
    let text = format!("{id}.{}.{body}", seconds(at));
    let signed = secrets.iter().filter_map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(text.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

/// Where a webhook is and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Its address.
    pub url: String,
    /// Certificates (PEM) of own authorities, trusted beside those of the system; may be empty.
    pub ca: String,
    /// A proxy; may be empty.
    pub proxy: String,
    /// How long it may take, in seconds; 0 for what is usual.
    pub timeout_seconds: u32,
}

/// A message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its id, the same at every try.
    pub id: &'a str,
    /// When it is sent.
    pub at: Timestamp,
    /// Its JSON.
    pub body: &'a str,
}

/// What a receiver answered. Its body is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// After how many seconds it wants to be asked again.
    pub retry_after: Option<i64>,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It took too long.
    #[error("no answer within {0} seconds")]
    Timeout(u32),
    /// It could not be reached, or the connection broke.
    #[error("it could not be reached: {0}")]
    Network(String),
    /// The server was asked to stop meanwhile.
    #[error("it was not waited for")]
    Cancelled,
}

/// A way to a receiver.
pub struct Sender {
    url: Url,
    way: Way,
    timeout: u32,
    cancelled: Arc<AtomicBool>,
}

impl Sender {
    /// A way to a receiver; nothing is sent.
    ///
    /// # Errors
    /// What of it can't be used, each place named.
    pub fn new(receiver: &Receiver, cancelled: Arc<AtomicBool>) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new();
        let timeout = if receiver.timeout_seconds == 0 { USUAL_TIMEOUT } else { receiver.timeout_seconds };
        if timeout > LONGEST_TIMEOUT {
            fields.refuse("/timeout_seconds", format!("must be at most {LONGEST_TIMEOUT}"));
        }
        let url = address(&mut fields, "/url", &receiver.url, true);
        check_way(&mut fields, &receiver.ca, &receiver.proxy);
        let way = Way::new(u64::from(timeout.min(LONGEST_TIMEOUT)), &receiver.ca, &receiver.proxy, HeaderMap::new(), &mut fields);
        fields.finish()?;
        match (url, way) {
            (Some(url), Some(way)) => Ok(Self { url, way, timeout, cancelled }),
            _ => Err(vec![FieldError { pointer: "/url".to_owned(), detail: "can't be used".to_owned() }]),
        }
    }

    /// Sends a message, and waits for the status that comes back. Redirects are not followed.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, message: &Message<'_>, secrets: &[String]) -> Result<Answered, SendError> {
        let request = self
            .way
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", seconds(message.at))
            .header("webhook-signature", signature(secrets, message.id, message.at, message.body))
            .body(message.body.to_owned());
        self.way.runtime.block_on(async {
            tokio::select! {
                answer = request.send() => {
                    let answer = answer.map_err(|error| self.failed(&error))?;
                    let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
                    Ok(Answered { status: answer.status().as_u16(), retry_after: after.filter(|seconds| *seconds > 0) })
                }
                () = raised(&self.cancelled) => Err(SendError::Cancelled),
            }
        })
    }

    /// The address may hold a secret of the receiver's, so no message names it.
    fn failed(&self, error: &reqwest::Error) -> SendError {
        if error.is_timeout() {
            return SendError::Timeout(self.timeout);
        }
        let (mut last, mut cause) = (String::new(), std::error::Error::source(error));
        while let Some(inner) = cause {
            last = inner.to_string();
            cause = inner.source();
        }
        SendError::Network(told(&last))
    }
}

/// The host of an address, with its port: what can be shown of it.
#[must_use]
pub fn host(url: &str) -> String {
    let Ok(url) = url.trim().parse::<Url>() else { return String::new() };
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let at = Timestamp(1_614_265_330_000_000);
        let signed = signature(std::slice::from_ref(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signature(&[new_secret([7; 32]), secret, "no secret".to_owned()], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, "{}");
        assert_eq!(both.split(' ').count(), 2);
    }

    #[test]
    fn what_is_no_address_of_a_receiver_is_refused() {
        let refused = |url: &str| {
            let receiver = Receiver { url: url.to_owned(), ..Receiver::default() };
            Sender::new(&receiver, Arc::default()).err().map(|refused| refused[0].pointer.clone())
        };
        for url in
            ["", "hooks.example/x", "ftp://hooks.example", "https://u:p@hooks.example", "https://hooks.example/#x", "file:///etc/passwd"]
        {
            assert_eq!(refused(url).as_deref(), Some("/url"), "{url}");
        }
        assert_eq!(refused("https://hooks.example/x?key=1"), None);
        let reached = |ca: &str, proxy: &str| {
            let receiver =
                Receiver { url: "https://hooks.example".to_owned(), ca: ca.to_owned(), proxy: proxy.to_owned(), ..Receiver::default() };
            Sender::new(&receiver, Arc::default()).err().map(|refused| refused[0].pointer.clone())
        };
        assert_eq!(reached("", "http://proxy:3128"), None);
        for proxy in ["http://user:secret@proxy:3128", "socks5://proxy:1080", "proxy:3128"] {
            assert_eq!(reached("", proxy).as_deref(), Some("/proxy"), "{proxy}");
        }
        assert_eq!(reached(&"x".repeat(200_001), "").as_deref(), Some("/ca"));
        assert_eq!(host("https://hooks.example:8443/x?key=1"), "hooks.example:8443");
    }
}
