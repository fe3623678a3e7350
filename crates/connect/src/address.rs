//! Addresses, proxies and certificates that an administrator sets: the same rules for sources and for webhooks.

use model::Fields;
use url::Url;

/// The longest address, in characters.
const LONGEST: usize = 2_000;
/// The longest certificates (PEM), in characters.
const CERTIFICATES: usize = 200_000;

/// An address as it is asked. A webhook's may have a query, which often is its key; of others it would be lost.
pub(crate) fn address(fields: &mut Fields, pointer: &str, text: &str, with_query: bool) -> Option<Url> {
    if text.chars().count() > LONGEST {
        fields.refuse(pointer, format!("must be at most {LONGEST} characters"));
        return None;
    }
    match text.trim().parse::<Url>() {
        // They would be left out without a word.
        Ok(_) if text.trim().chars().any(char::is_control) => fields.refuse(pointer, "must be one line"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
            fields.refuse(pointer, "must begin with https:// or http:// and name a host");
        }
        // It would be kept and shown with the settings.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            fields.refuse(pointer, "must not hold a user or password");
        }
        Ok(url) if url.fragment().is_some() => fields.refuse(pointer, "must not hold `#`"),
        Ok(url) if !with_query && url.query().is_some() => fields.refuse(pointer, "must not hold `?`"),
        Ok(url) => return Some(url),
        Err(error) => fields.refuse(pointer, format!("is no address: {error}")),
    }
    None
}

/// Refuses a proxy and certificates that can't be used or kept. Both may be empty.
pub(crate) fn check_way(fields: &mut Fields, ca: &str, proxy: &str) {
    if !proxy.trim().is_empty() {
        address(fields, "/proxy", proxy, false);
    }
    if ca.len() > CERTIFICATES {
        fields.refuse("/ca", format!("must be at most {CERTIFICATES} characters"));
    }
}
