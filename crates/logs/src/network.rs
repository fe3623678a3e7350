//! Networks: addresses of them in tokens and texts.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::{Range, RangeInclusive};

/// An IPv4 or IPv6 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    first: IpAddr,
    bits: u8,
}

/// Whether a character may stand in an IPv6 address.
fn in_v6(c: char) -> bool {
    c.is_ascii_hexdigit() || c == ':' || c == '.'
}

impl Network {
    /// Reads `address/bits`; bits after the prefix are ignored. A single address is a network of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Self { first, bits })
    }

    pub(crate) fn is_v4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// Whether the text is an address of the network.
    pub(crate) fn holds(&self, text: &str) -> bool {
        match (self.first, text.parse()) {
            (IpAddr::V4(first), Ok(IpAddr::V4(address))) => {
                same(u128::from(first.to_bits()), u128::from(address.to_bits()), 32 - self.bits)
            }
            (IpAddr::V6(first), Ok(IpAddr::V6(address))) => same(first.to_bits(), address.to_bits(), 128 - self.bits),
            _ => false,
        }
    }

    /// What every IPv4 address of the network begins with as a token: whole octets and their dots.
    pub(crate) fn token_prefix(&self) -> String {
        let IpAddr::V4(first) = self.first else { return String::new() };
        let octets = first.octets();
        octets.iter().take(usize::from(self.bits / 8).min(3)).map(|octet| format!("{octet}.")).collect()
    }

    /// The least and the largest first group of an IPv6 network's addresses. None when the least is zero: a group of zeros may
    /// be left out of a written address, and then there is nothing to look it up by.
    pub(crate) fn first_group(&self) -> Option<RangeInclusive<u16>> {
        let IpAddr::V6(first) = self.first else { return None };
        let free = u16::MAX.checked_shr(u32::from(self.bits)).unwrap_or(0);
        let least = first.segments()[0] & !free;
        (least > 0).then_some(least..=(least | free))
    }

    /// The bytes of the first address of the network at or after `from`.
    pub(crate) fn next_in(&self, text: &str, from: usize) -> Option<Range<usize>> {
        if self.is_v4() {
            let runs = crate::tokens::runs(text).skip_while(|run| run.end <= from);
            return runs
                .map(|run| trimmed(text, run))
                .find(|run| run.start >= from && text.get(run.clone()).is_some_and(|token| self.holds(token)));
        }
        let mut at = from;
        while let Some(start) = text.get(at..)?.find(in_v6).map(|offset| at + offset) {
            let rest = text.get(start..)?;
            let end = start + rest.find(|c| !in_v6(c)).unwrap_or(rest.len());
            let word = text.get(start..end)?.trim_end_matches('.');
            let glued = |c: Option<char>| c.is_some_and(crate::tokens::is_token_char);
            if !glued(text.get(..start)?.chars().next_back())
                && !glued(text.get(end..)?.chars().next())
                && word.contains(':')
                && word.parse::<Ipv6Addr>().is_ok()
                && self.holds(word)
            {
                return Some(start..start + word.len());
            }
            at = end;
        }
        None
    }
}

fn trimmed(text: &str, run: Range<usize>) -> Range<usize> {
    let written = text.get(run.clone()).unwrap_or_default();
    let start = run.start + (written.len() - written.trim_start_matches('.').len());
    start..(run.end - (written.len() - written.trim_end_matches('.').len())).max(start)
}

/// Whether two addresses differ in their last `free` bits only.
fn same(a: u128, b: u128, free: u8) -> bool {
    (a ^ b).checked_shr(u32::from(free)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_their_networks() {
        let network = Network::parse("192.0.2.128/25").unwrap();
        assert!(network.holds("192.0.2.200") && !network.holds("192.0.2.1") && !network.holds("192.0.2.200.1"));
        assert_eq!(network.token_prefix(), "192.0.2.");
        assert_eq!(Network::parse("10.0.0.0/8").unwrap().token_prefix(), "10.");
        assert_eq!(Network::parse("0.0.0.0/0").unwrap().token_prefix(), "");
        assert!(Network::parse("0.0.0.0/0").unwrap().holds("203.0.113.9"));
        assert_eq!(network.next_in("192.0.2.1 x 192.0.2.129. y", 0), Some(12..23));
        for refused in ["192.0.2.0/33", "2001:db8::/129", "evil.example", "", "/8", "1.2.3/8"] {
            assert_eq!(Network::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn addresses_of_six_are_found_in_any_spelling() {
        let network = Network::parse("2001:db8:1::/48").unwrap();
        let group = |text: &str| Network::parse(text).unwrap().first_group();
        assert_eq!(network.first_group(), Some(0x2001..=0x2001));
        assert_eq!(group("fe80::/10"), Some(0xfe80..=0xfebf));
        assert_eq!(group("2000::/3"), Some(0x2000..=0x3fff));
        assert_eq!((group("::/0"), group("::ffff:0:0/96"), group("192.0.2.0/24")), (None, None, None));
        for (text, expected) in [
            ("[2001:db8:1::5]:443", Some(1..14)),
            ("a 2001:db8:2::5 2001:0db8:0001::7", Some(16..33)),
            ("x2001:db8:1::5", None),
            ("2001:db8:1::g", None),
        ] {
            assert_eq!(network.next_in(text, 0), expected, "{text}");
        }
    }
}
