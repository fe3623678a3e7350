//! Lists of what is known to be good: own servers, own domains, vendors' networks.
//!
//! A list is text, one entry a line: a value, `*.domain` (the domain and all below it), or a network in CIDR
//! notation. `#` starts a comment; after an entry, following a blank, it says why the entry is good. Lookups take a
//! bounded number of hash look-ups (labels of a name, prefix lengths in use), whatever the length of the lists.
//!
//! Lists of others come in the form of MISP's warninglists ([`Warninglist`]), with four more ways of matching; many of
//! them are asked at once through a [`Matcher`].

mod archive;
mod matcher;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_lists;
mod warninglist;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;

use model::observable::{Observable, ObservableType, url_host};

pub use archive::{Lists, read_lists};
pub use matcher::Matcher;
pub use warninglist::{ListLimits, ListType, NotAList, Warninglist};

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 16_384;

/// How many refusals are kept; a file that is no list at all would otherwise fill the memory.
const MOST_REFUSALS: usize = 1_000;

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Compiled known-good lists.
#[derive(Debug, Clone, Default)]
pub struct KnownGood {
    /// Why something is good: names of lists and comments of entries. Rules point here.
    reasons: Vec<String>,
    exact: HashMap<String, usize>,
    domains: HashMap<String, usize>,
    /// Networks by family, prefix length and network bits.
    networks: HashMap<(bool, u8, u128), usize>,
    /// The prefix lengths in use, longest first, so that the narrowest network answers.
    lengths: BTreeSet<(bool, std::cmp::Reverse<u8>)>,
    refused: Vec<RefusedLine>,
    refusals: usize,
}

/// One entry, and how it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// The value itself.
    Exact(String),
    /// A domain and all below it.
    Domain(String),
    /// A network and all in it.
    Network(bool, u8, u128),
}

impl KnownGood {
    /// Reads a list; `name` is the answer for entries that give no reason of their own.
    ///
    /// # Errors
    /// When reading fails. Lines that are no entries are kept in [`KnownGood::refused`].
    pub fn parse(name: &str, input: impl Read) -> io::Result<Self> {
        let mut list = Self::default();
        list.reasons.push(name.to_owned());
        let mut reader = BufReader::new(input);
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(list);
            }
            number += 1;
            let cut = line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n');
            if cut {
                list.refuse(number, format!("is longer than {LONGEST_LINE} bytes"));
                skip_line(&mut reader)?;
                continue;
            }
            match std::str::from_utf8(&line) {
                Ok(text) => list.read_line(number, text.trim_start_matches('\u{feff}').trim()),
                Err(_) => list.refuse(number, "is not UTF-8 text".to_owned()),
            }
        }
    }

    /// Adds the entries of another list. Where both have an entry, the earlier list answers.
    pub fn extend(&mut self, other: Self) {
        let shift = self.reasons.len();
        self.reasons.extend(other.reasons);
        for (value, reason) in other.exact {
            self.exact.entry(value).or_insert(reason + shift);
        }
        for (domain, reason) in other.domains {
            self.domains.entry(domain).or_insert(reason + shift);
        }
        for (network, reason) in other.networks {
            self.networks.entry(network).or_insert(reason + shift);
        }
        self.lengths.extend(other.lengths);
        self.refusals += other.refusals;
        self.refused.extend(other.refused);
        self.refused.truncate(MOST_REFUSALS);
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.len() + self.domains.len() + self.networks.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines that are no entries; the first thousand of them.
    #[must_use]
    pub fn refused(&self) -> &[RefusedLine] {
        &self.refused
    }

    /// How many lines are no entries.
    #[must_use]
    pub fn refusals(&self) -> usize {
        self.refusals
    }

    /// Why an observable is known to be good: the entry's own reason, or the name of its list.
    ///
    /// URLs and e-mail addresses are good when a `*.domain` or a network holds their host; an entry of a single value
    /// speaks for that value only.
    #[must_use]
    pub fn matches(&self, observable: &Observable) -> Option<&str> {
        let value = observable.value.as_str();
        let exact = self.exact.get(value).or_else(|| self.exact.get(&value.to_lowercase()));
        let reason = exact.copied().or_else(|| match observable.kind {
            ObservableType::Ipv4Addr | ObservableType::Ipv6Addr => self.network(value),
            ObservableType::DomainName | ObservableType::Hostname => self.domain(value),
            ObservableType::Url => {
                url_host(value).and_then(|host| self.network(host.trim_matches(['[', ']'])).or_else(|| self.domain(host)))
            }
            ObservableType::EmailAddr => value.rsplit_once('@').and_then(|(_, host)| self.domain(host)),
            _ => None,
        })?;
        self.reasons.get(reason).map(String::as_str)
    }

    /// The name itself, then each name above it: at most 127 look-ups, since a name has no more labels.
    fn domain(&self, name: &str) -> Option<usize> {
        if self.domains.is_empty() {
            return None;
        }
        std::iter::successors(Some(name), |n| n.split_once('.').map(|(_, above)| above)).find_map(|n| self.domains.get(n)).copied()
    }

    /// One look-up for each prefix length in use that is no longer than the value's own.
    fn network(&self, value: &str) -> Option<usize> {
        let (v6, own, bits) = network_of(value)?;
        let lengths = self.lengths.iter().filter(|(family, length)| *family == v6 && length.0 <= own);
        lengths.into_iter().find_map(|(_, length)| self.networks.get(&(v6, length.0, masked(v6, bits, length.0)))).copied()
    }

    fn read_line(&mut self, number: usize, text: &str) {
        let (entry, why) = match text.find(" #").or_else(|| text.find("\t#")) {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 2..).unwrap_or_default().trim()),
            None => (text, ""),
        };
        let entry = entry.trim();
        if entry.is_empty() || entry.starts_with('#') {
            return;
        }
        let rule = match rule(entry) {
            Ok(rule) => rule,
            Err(detail) => return self.refuse(number, detail),
        };
        let reason = if why.is_empty() {
            0
        } else {
            self.reasons.push(why.to_owned());
            self.reasons.len() - 1
        };
        match rule {
            Rule::Exact(value) => {
                self.exact.entry(value).or_insert(reason);
            }
            Rule::Domain(domain) => {
                self.domains.entry(domain).or_insert(reason);
            }
            Rule::Network(v6, length, bits) => {
                self.networks.entry((v6, length, bits)).or_insert(reason);
                self.lengths.insert((v6, std::cmp::Reverse(length)));
            }
        }
    }

    fn refuse(&mut self, line: usize, detail: String) {
        self.refusals += 1;
        if self.refused.len() < MOST_REFUSALS {
            self.refused.push(RefusedLine { line, detail });
        }
    }
}

fn rule(entry: &str) -> Result<Rule, String> {
    if let Some(domain) = entry.strip_prefix("*.") {
        let name = Observable::new(ObservableType::Hostname, domain).map_err(|e| e.to_string())?;
        return Ok(Rule::Domain(name.value));
    }
    if entry.contains('*') {
        return Err(format!("`{entry}`: a `*` may only stand at the start, before a domain: *.example.com"));
    }
    // What looks like a network is one, or a mistake; never a plain value.
    let looks_like_network = entry.split_once('/').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok());
    if looks_like_network {
        let network = Observable::new(ObservableType::Ipv4Addr, entry).map_err(|e| e.to_string())?;
        let (v6, length, bits) = network_of(&network.value).ok_or_else(|| format!("`{entry}` is not a network"))?;
        return Ok(Rule::Network(v6, length, bits));
    }
    match Observable::guess(entry) {
        Ok(observable) => Ok(Rule::Exact(observable.value.to_lowercase())),
        // Names of accounts, mutexes and the like say nothing of their type; they match as they are.
        Err(_) => Observable::new(ObservableType::Other, entry).map(|o| Rule::Exact(o.value.to_lowercase())).map_err(|e| e.to_string()),
    }
}

/// Family (true for IPv6), prefix length and bits of an address or network in normal form.
fn network_of(value: &str) -> Option<(bool, u8, u128)> {
    let (ip, length) = value.split_once('/').unwrap_or((value, ""));
    let ip: IpAddr = ip.parse().ok()?;
    let (v6, most, bits) = match ip {
        IpAddr::V4(v4) => (false, 32, u128::from(v4.to_bits())),
        IpAddr::V6(v6) => (true, 128, v6.to_bits()),
    };
    let length = if length.is_empty() { most } else { length.parse().ok().filter(|l| *l <= most)? };
    Some((v6, length, masked(v6, bits, length)))
}

fn masked(v6: bool, bits: u128, length: u8) -> u128 {
    let most: u32 = if v6 { 128 } else { 32 };
    let host = most.saturating_sub(u32::from(length));
    bits.checked_shr(host).and_then(|network| network.checked_shl(host)).unwrap_or(0)
}

/// Reads on to the end of a line that is too long, without keeping it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (used, found) = match buffer.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        reader.consume(used);
        if found || used == 0 {
            return Ok(());
        }
    }
}
