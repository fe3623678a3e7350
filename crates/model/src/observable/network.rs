//! Addresses and names on networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ObservableType;

/// An address or network, and its family as it comes out.
pub(super) fn address(value: &str) -> Option<(ObservableType, String)> {
    let (bare, length) = match value.split_once('/') {
        Some((bare, length)) if length.bytes().all(|b| b.is_ascii_digit()) => (bare, Some(length.parse::<u8>().ok()?)),
        Some(_) => return None,
        None => (value, None),
    };
    let bare = bare.trim_start_matches('[').trim_end_matches(']');
    // A zone (RFC 4007, `fe80::1%eth0`) means something on one machine only.
    let bare = bare.split('%').next().unwrap_or(bare);
    match bare.parse().ok()? {
        IpAddr::V4(v4) => network_v4(v4, length.unwrap_or(32)),
        IpAddr::V6(v6) => {
            let length = length.unwrap_or(128);
            match v6.to_ipv4_mapped() {
                Some(v4) if length >= 96 => network_v4(v4, length - 96),
                _ => network_v6(v6, length),
            }
        }
    }
}

fn network_v4(ip: Ipv4Addr, length: u8) -> Option<(ObservableType, String)> {
    let text = match length {
        32 => ip.to_string(),
        0..32 => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            format!("{}/{length}", Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        _ => return None,
    };
    Some((ObservableType::Ipv4Addr, text))
}

/// Text as RFC 5952 recommends, which is what the standard library writes.
fn network_v6(ip: Ipv6Addr, length: u8) -> Option<(ObservableType, String)> {
    let text = match length {
        128 => ip.to_string(),
        0..128 => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            format!("{}/{length}", Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
        _ => return None,
    };
    Some((ObservableType::Ipv6Addr, text))
}

/// A DNS name of two labels or more: A-labels (IDNA, UTS 46), lower case, no trailing dot.
pub(super) fn domain(value: &str) -> Option<String> {
    let name = dns_name(value)?;
    let last = name.rsplit('.').next()?;
    (name.contains('.') && !last.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// A computer's name: one label (NetBIOS or DNS) or more, lower case.
pub(super) fn hostname(value: &str) -> Option<String> {
    let name = dns_name(value.trim_start_matches('\\'))?;
    name.parse::<Ipv4Addr>().is_err().then_some(name)
}

/// Labels of letters, digits, `-` and `_` (which real names hold), of 63 characters at most, 253 in all (RFC 1035, section 2.3.4).
fn dns_name(value: &str) -> Option<String> {
    let bare = value.strip_suffix('.').unwrap_or(value);
    let lower = if bare.is_ascii() {
        bare.to_ascii_lowercase()
    } else {
        // UTS 46 maps full-width letters and ideographic full stops; its result may end in a dot again.
        let ascii = idna::domain_to_ascii(bare).ok()?;
        ascii.strip_suffix('.').unwrap_or(&ascii).to_owned()
    };
    let label = |l: &str| (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (lower.len() <= 253 && lower.split('.').all(label)).then_some(lower)
}

/// Top-level names outside the public suffix list that lead somewhere: overlay networks, alternative roots, local
/// networks, and the reserved ones of RFC 2606, which are taken and marked.
const OTHER_ROOTS: &[&str] =
    &["onion", "i2p", "bit", "lib", "bazar", "coin", "emc", "eth", "crypto", "local", "lan", "example", "test", "invalid"];

/// Whether a domain name in normal form is one that can exist: below a suffix of the public suffix list, or below one of
/// a few other roots. The name of a provider that gives out names below its own (`duckdns.org`) counts too.
#[must_use]
pub fn has_known_suffix(name: &str) -> bool {
    let Some((stem, last)) = name.rsplit_once('.') else { return false };
    if OTHER_ROOTS.contains(&last) {
        return !stem.is_empty();
    }
    let is_provider = || psl::suffix(name.as_bytes()).is_some_and(|s| s.typ() == Some(psl::Type::Private));
    psl::domain(name.as_bytes()).is_some_and(|d| d.suffix().is_known()) || is_provider()
}

/// The host of a URL in normal form: an address (IPv6 in brackets) or a name.
pub(super) fn url_host(value: &str) -> Option<String> {
    if let Some(inner) = value.strip_prefix('[') {
        let ip: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(ip.to_ipv4_mapped().map_or_else(|| format!("[{ip}]"), |v4| v4.to_string()));
    }
    if let Ok(ip) = value.parse::<IpAddr>() {
        return match ip {
            IpAddr::V4(v4) => Some(v4.to_string()),
            IpAddr::V6(v6) => url_host(&format!("[{v6}]")),
        };
    }
    dns_name(value)
}

/// The address that stands as the host of a URL.
pub(super) fn ip_of_host(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// `local@domain` (RFC 5321, section 4.1.2): the domain in normal form, the local part as written.
pub(super) fn email(value: &str) -> Option<String> {
    let bare = value.trim_start_matches('<').trim_end_matches('>');
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
    let (local, host) = bare.rsplit_once('@')?;
    let right = (1..=64).contains(&local.chars().count())
        && !local.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\' | '[' | ']'))
        && !local.starts_with("mailto:");
    if !right {
        return None;
    }
    Some(format!("{local}@{}", dns_name(host)?))
}

/// A message id (RFC 5322, section 3.6.4) without its angle brackets.
pub(super) fn message_id(value: &str) -> Option<String> {
    let bare = value.trim_matches(['<', '>']).trim();
    (!bare.is_empty() && !bare.contains(char::is_whitespace)).then(|| bare.to_owned())
}

/// EUI-48 in any of its spellings, with colons and in lower case (RFC 7042, section 2.1).
pub(super) fn mac(value: &str) -> Option<String> {
    let lengths: Vec<usize> = value.split([':', '-', '.']).map(str::len).collect();
    let shaped = matches!(lengths.as_slice(), [2, 2, 2, 2, 2, 2] | [4, 4, 4] | [12]);
    let separators: Vec<char> = value.chars().filter(|c| !c.is_ascii_hexdigit()).collect();
    let alike = separators.windows(2).all(|w| w.first() == w.last());
    let digits: String = value.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect();
    if !shaped || !alike || digits.len() != 12 {
        return None;
    }
    let pairs: Vec<&str> = (0..6).filter_map(|i| digits.get(2 * i..2 * i + 2)).collect();
    Some(pairs.join(":"))
}

/// `AS64500`; also as a bare number, and in the dotted form of RFC 5396.
pub(super) fn autonomous_system(value: &str) -> Option<String> {
    let upper = value.to_ascii_uppercase();
    let bare = upper.strip_prefix("ASN").or_else(|| upper.strip_prefix("AS")).unwrap_or(&upper).trim();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = match bare.split_once('.') {
        Some((high, low)) if digits(high) && digits(low) => {
            (u32::from(high.parse::<u16>().ok()?) << 16) | u32::from(low.parse::<u16>().ok()?)
        }
        None if digits(bare) => bare.parse().ok()?,
        _ => return None,
    };
    Some(format!("AS{number}"))
}

/// Text with every A-label replaced by its Unicode form, for people and for search.
pub(super) fn readable(text: &str) -> String {
    let is_label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_label) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_label(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        if word.contains("xn--") {
            let (unicode, result) = idna::domain_to_unicode(word);
            out.push_str(if result.is_ok() { &unicode } else { word });
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_text() {
        for (given, right) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1/32", "192.0.2.1"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:0DB8:0:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:db8:1:2::/48", "2001:db8:1::/48"),
        ] {
            assert_eq!(address(given).map(|(_, text)| text).as_deref(), Some(right), "{given}");
        }
        for bad in ["192.0.2", "192.0.2.256", "01.2.3.4", "1.2.3.4/33", "1.2.3.4/x", "::1/129", "", "1.2.3.4.5"] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_a_labels() {
        assert_eq!(domain("WWW.Example.COM.").as_deref(), Some("www.example.com"));
        assert_eq!(domain("bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(domain("_dmarc.example.com").as_deref(), Some("_dmarc.example.com"));
        for bad in ["localhost", "a..b", "1.2.3.4", "a b.com", "-", "", ".com", "a.com/x"] {
            assert_eq!(domain(bad), None, "{bad}");
        }
        assert_eq!(hostname("WS-014").as_deref(), Some("ws-014"));
        assert_eq!(readable("http://xn--bcher-kva.example/x"), "http://bücher.example/x");
    }

    #[test]
    fn mails_macs_and_systems() {
        assert_eq!(email("<Joe@EXAMPLE.com>").as_deref(), Some("Joe@example.com"));
        assert_eq!(email("joe"), None);
        for same in ["00:00:5E:00:53:01", "00-00-5e-00-53-01", "0000.5e00.5301", "00005e005301"] {
            assert_eq!(mac(same).as_deref(), Some("00:00:5e:00:53:01"), "{same}");
        }
        assert_eq!(mac("00:00-5e:00:53:01"), None);
        for same in ["AS64500", "as 64500", "64500", "ASN64500"] {
            assert_eq!(autonomous_system(same).as_deref(), Some("AS64500"), "{same}");
        }
        assert_eq!(autonomous_system("AS1.10").as_deref(), Some("AS65546"));
        assert_eq!(autonomous_system("AS4294967296"), None);
    }
}
