//! What can be told of an observable from its value alone.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::choice::choice;

use super::{Observable, ObservableType, network, url};

choice! {
    /// Why a find is probably not of interest. Marked finds are unticked in a review.
    pub enum Mark {
        Private = 1 "private" "Private address",
        Loopback = 2 "loopback" "Loopback",
        LinkLocal = 3 "link_local" "Link-local address",
        Multicast = 4 "multicast" "Multicast or broadcast address",
        Documentation = 5 "documentation" "Reserved for documentation",
        Reserved = 6 "reserved" "Reserved address",
        Publisher = 7 "publisher" "The report's own publisher, or a well-known vendor",
        KnownGood = 8 "known_good" "Known good",
    }
}

/// The marks that an observable's value alone decides.
#[must_use]
pub fn marks(observable: &Observable) -> Vec<Mark> {
    let value = observable.value.as_str();
    let mark = match observable.kind {
        ObservableType::Ipv4Addr | ObservableType::Ipv6Addr => address(value),
        ObservableType::DomainName | ObservableType::Hostname => host(value),
        ObservableType::Url => url::host(value).and_then(host),
        ObservableType::EmailAddr => value.rsplit_once('@').and_then(|(_, domain)| host(domain)),
        ObservableType::MacAddr => mac(value),
        ObservableType::AutonomousSystem => autonomous_system(value),
        _ => None,
    };
    mark.into_iter().collect()
}

fn address(value: &str) -> Option<Mark> {
    let bare = value.split('/').next()?;
    match bare.parse().ok()? {
        std::net::IpAddr::V4(v4) => address_v4(v4),
        std::net::IpAddr::V6(v6) => address_v6(v6),
    }
}

/// IANA's IPv4 Special-Purpose Address Registry (RFC 6890; documentation: RFC 5737; private: RFC 1918, RFC 6598).
fn address_v4(ip: Ipv4Addr) -> Option<Mark> {
    let [a, b, ..] = ip.octets();
    if ip.is_loopback() {
        Some(Mark::Loopback)
    } else if ip.is_private() || (a == 100 && (64..128).contains(&b)) {
        Some(Mark::Private)
    } else if ip.is_link_local() {
        Some(Mark::LinkLocal)
    } else if ip.is_multicast() || ip.is_broadcast() {
        Some(Mark::Multicast)
    } else if ip.is_documentation() {
        Some(Mark::Documentation)
    } else if a == 0 || a >= 240 || (a == 198 && (18..20).contains(&b)) {
        Some(Mark::Reserved)
    } else {
        None
    }
}

/// IANA's IPv6 Special-Purpose Address Registry (documentation: RFC 3849, RFC 9637; private: RFC 4193).
fn address_v6(ip: Ipv6Addr) -> Option<Mark> {
    let [a, b, ..] = ip.segments();
    if ip.is_loopback() {
        Some(Mark::Loopback)
    } else if ip.is_unspecified() {
        Some(Mark::Reserved)
    } else if ip.is_multicast() {
        Some(Mark::Multicast)
    } else if (a & 0xffc0) == 0xfe80 {
        Some(Mark::LinkLocal)
    } else if (a & 0xfe00) == 0xfc00 {
        Some(Mark::Private)
    } else if (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000) {
        Some(Mark::Documentation)
    } else {
        None
    }
}

/// RFC 2606 and RFC 6761: names that never lead anywhere.
fn host(value: &str) -> Option<Mark> {
    if let Some(ip) = network::ip_of_host(value) {
        return address(&ip.to_string());
    }
    let last = value.rsplit('.').next()?;
    let below = |name: &str| value == name || value.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    if last == "localhost" || value == "localhost.localdomain" {
        Some(Mark::Loopback)
    } else if matches!(last, "example" | "test" | "invalid") || ["example.com", "example.net", "example.org"].into_iter().any(below) {
        Some(Mark::Documentation)
    } else if matches!(last, "local" | "lan" | "internal" | "localdomain") || below("home.arpa") {
        Some(Mark::Private)
    } else {
        None
    }
}

/// RFC 7042, section 2.1.2 and 2.2: documentation 00-00-5E-00-53-xx; the group bit for multicast; all ones for broadcast.
fn mac(value: &str) -> Option<Mark> {
    let first = u8::from_str_radix(value.get(..2)?, 16).ok()?;
    if value.starts_with("00:00:5e:00:53:") || value.starts_with("01:00:5e:90:10:") {
        Some(Mark::Documentation)
    } else if first & 1 == 1 {
        Some(Mark::Multicast)
    } else if value == "00:00:00:00:00:00" {
        Some(Mark::Reserved)
    } else {
        None
    }
}

/// RFC 5398 (documentation) and RFC 6996 (private use).
fn autonomous_system(value: &str) -> Option<Mark> {
    match value.strip_prefix("AS")?.parse::<u32>().ok()? {
        64_496..=64_511 | 65_536..=65_551 => Some(Mark::Documentation),
        64_512..=65_534 | 4_200_000_000..=4_294_967_294 => Some(Mark::Private),
        0 | 23_456 | 65_535 | u32::MAX => Some(Mark::Reserved),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn special_values_are_marked() {
        for (alias, value, mark) in [
            ("ip", "10.1.2.3", Some(Mark::Private)),
            ("ip", "127.0.0.1", Some(Mark::Loopback)),
            ("ip", "169.254.1.1", Some(Mark::LinkLocal)),
            ("ip", "224.0.0.251", Some(Mark::Multicast)),
            ("ip", "203.0.113.7", Some(Mark::Documentation)),
            ("ip", "192.0.2.0/24", Some(Mark::Documentation)),
            ("ip", "0.0.0.0", Some(Mark::Reserved)),
            ("ip", "8.8.8.8", None),
            ("ip", "2001:db8::1", Some(Mark::Documentation)),
            ("ip", "fe80::1", Some(Mark::LinkLocal)),
            ("ip", "fd00::1", Some(Mark::Private)),
            ("domain", "www.example.com", Some(Mark::Documentation)),
            ("domain", "notexample.com", None),
            ("domain", "evil.test", Some(Mark::Documentation)),
            ("url", "http://127.0.0.1:8080/x", Some(Mark::Loopback)),
            ("url", "http://[::1]/x", Some(Mark::Loopback)),
            ("url", "https://a.example.org/x", Some(Mark::Documentation)),
            ("email", "a@example.net", Some(Mark::Documentation)),
            ("mac", "00-00-5E-00-53-01", Some(Mark::Documentation)),
            ("asn", "AS64500", Some(Mark::Documentation)),
            ("asn", "AS15169", None),
        ] {
            let observable = super::super::parse_typed(alias, value).unwrap();
            assert_eq!(marks(&observable).first().copied(), mark, "{value}");
        }
    }
}
