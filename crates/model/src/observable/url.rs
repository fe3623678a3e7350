//! URLs: what has one meaning gets one spelling; path, query and fragment stay byte for byte as they were written,
//! since they are compared with logs and served by machines that tell spellings apart.

use super::network;

/// The parts of a URL (RFC 3986, section 3), each without its delimiters except `tail`, which starts with its own.
pub(super) struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    tail: &'a str,
}

/// Ports that say nothing when they are written (IANA's registry).
const DEFAULT_PORTS: &[(&str, u16)] = &[("http", 80), ("https", 443), ("ftp", 21), ("ws", 80), ("wss", 443), ("ssh", 22), ("sftp", 22)];

/// Splits a URL at its delimiters; nothing is decoded.
pub(super) fn split(value: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = value.split_once("://")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    // In `[2001:db8::1]:80` only what follows the bracket is a port.
    // A bare IPv6 address is no URL's host by the RFC, but people write it, and it can only mean one thing.
    if place.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(Parts { scheme, user, host: place, port: None, tail });
    }
    let (host, port) = match place.rfind(']') {
        Some(bracket) => {
            let (host, after) = place.split_at(bracket + 1);
            (host, after.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    Some(Parts { scheme, user, host, port, tail })
}

/// The normal form.
pub(super) fn normal(value: &str) -> Option<String> {
    if value.contains(char::is_whitespace) {
        return None;
    }
    let parts = split(value)?;
    let scheme = parts.scheme.to_ascii_lowercase();
    let scheme_right = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.len() <= 32
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_right {
        return None;
    }
    let host = network::url_host(parts.host)?;
    let port = match parts.port {
        None | Some("") => None,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse::<u16>().ok()?),
        Some(_) => return None,
    };
    let default = DEFAULT_PORTS.iter().find(|(s, _)| *s == scheme).map(|(_, p)| *p);
    let user = parts.user.map(|u| format!("{u}@")).unwrap_or_default();
    let port = port.filter(|p| Some(*p) != default).map(|p| format!(":{p}")).unwrap_or_default();
    Some(format!("{scheme}://{user}{host}{port}{}", parts.tail))
}

/// The host of a URL in normal form.
#[must_use]
pub fn host(value: &str) -> Option<&str> {
    split(value).map(|parts| parts.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_one_meaning_changes() {
        for (given, right) in [
            ("HTTP://Evil.Example:80/A%2f/../b?Q=%C3#F", "http://evil.example/A%2f/../b?Q=%C3#F"),
            ("https://evil.example:8443", "https://evil.example:8443"),
            ("https://evil.example:443/", "https://evil.example/"),
            ("tcp://192.0.2.1:80/x", "tcp://192.0.2.1:80/x"),
            ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
            ("http://user:Pass@EVIL.example/", "http://user:Pass@evil.example/"),
            ("http://bücher.example/ü", "http://xn--bcher-kva.example/ü"),
            ("http://evil.example?x", "http://evil.example?x"),
            ("http://2001:DB8::1/x", "http://[2001:db8::1]/x"),
        ] {
            assert_eq!(normal(given).as_deref(), Some(right), "{given}");
        }
        for bad in
            ["evil.example", "http://", "http://a b/", "://x", "http://evil.example:port/", "http://evil.example:99999/", "1http://x/"]
        {
            assert_eq!(normal(bad), None, "{bad}");
        }
        assert_eq!(host("http://u@evil.example:8/x"), Some("evil.example"));
    }
}
