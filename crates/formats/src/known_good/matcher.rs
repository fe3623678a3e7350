//! Many lists at once: which of them know a value.
//!
//! A look-up costs one hash look-up for the value, one for each label of a host, one for each prefix length in use, one
//! pass of an Aho-Corasick automaton for all substrings, and one pass of each set of regular expressions; never a walk
//! over entries.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use aho_corasick::AhoCorasick;
use model::observable::Observable;
use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use super::warninglist::{ListType, Warninglist, bit};
use super::{masked, network_of};

/// The compiled size of one regular expression, and of all of a list, in bytes: what a hostile list may cost. Matching
/// takes time in the length of the value times this size at most, since the engine never backtracks.
const REGEX_BYTES: usize = 64 * 1024;
const REGEX_SET_BYTES: usize = 1024 * 1024;
/// Regular expressions of one list.
const MOST_REGEXES: usize = 2_000;
/// The longest value that regular expressions and substrings are tried on, in bytes.
const LONGEST_SCANNED: usize = 8_192;
/// Substrings found in one value, each place counted: lists of `a`, `aa`, `aaa` … would be found without end.
const MOST_HITS: usize = 100_000;

/// A list's place in the order in which they were given.
type Place = u32;
/// A set of lists that share an entry: an index into `Matcher::groups`.
type Group = u32;

/// Compiled lists.
#[derive(Debug, Default)]
pub struct Matcher {
    names: Vec<String>,
    /// The types of observables that each list is for, a bit each.
    types: Vec<u64>,
    groups: Groups,
    exact: HashMap<String, Group>,
    hosts: HashMap<String, Group>,
    below: HashMap<String, Group>,
    longest_host: usize,
    networks: HashMap<(bool, u8, u128), Group>,
    lengths: BTreeSet<(bool, u8)>,
    substrings: Option<AhoCorasick>,
    /// The lists of each substring.
    substring_groups: Vec<Group>,
    regexes: Vec<(Place, RegexSet)>,
    /// Entries that are no networks or no regular expressions, by list.
    unusable: Vec<usize>,
}

/// Sets of lists, each once.
#[derive(Debug, Default)]
struct Groups {
    members: Vec<Vec<Place>>,
    known: HashMap<Vec<Place>, Group>,
}

impl Groups {
    /// The set with one list more.
    fn with(&mut self, group: Option<Group>, place: Place) -> Group {
        let mut members = group.and_then(|group| self.members.get(group as usize)).cloned().unwrap_or_default();
        if let Err(at) = members.binary_search(&place) {
            members.insert(at, place);
        }
        if let Some(known) = self.known.get(&members) {
            return *known;
        }
        let group = Group::try_from(self.members.len()).unwrap_or(Group::MAX);
        self.known.insert(members.clone(), group);
        self.members.push(members);
        group
    }

    fn of(&self, group: Group) -> &[Place] {
        self.members.get(group as usize).map_or(&[], Vec::as_slice)
    }
}

fn insert<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Group>, groups: &mut Groups, key: K, place: Place) {
    let group = groups.with(map.get(&key).copied(), place);
    map.insert(key, group);
}

impl Matcher {
    /// Compiles lists; a list with `true` is asked only for the types of observables that it is for.
    #[must_use]
    pub fn compile<'l>(lists: impl IntoIterator<Item = (&'l Warninglist, bool)>) -> Self {
        let mut matcher = Self::default();
        let mut substrings: HashMap<&'l str, Group> = HashMap::new();
        for (n, (list, limited)) in lists.into_iter().enumerate() {
            let place = Place::try_from(n).unwrap_or(Place::MAX);
            matcher.names.push(list.name.clone());
            matcher.types.push(if limited { list.types() } else { u64::MAX });
            matcher.unusable.push(0);
            match list.sort {
                ListType::String => list.entries.iter().for_each(|entry| matcher.add_exact(entry, place)),
                ListType::Hostname => list.entries.iter().for_each(|entry| matcher.add_host(entry, place)),
                ListType::Cidr => list.entries.iter().for_each(|entry| matcher.add_network(entry, place)),
                ListType::Substring => {
                    for entry in &list.entries {
                        insert(&mut substrings, &mut matcher.groups, entry.as_str(), place);
                    }
                }
                ListType::Regex => matcher.add_regexes(&list.entries, place),
            }
        }
        if !substrings.is_empty() {
            let (texts, groups): (Vec<&str>, Vec<Group>) = substrings.into_iter().unzip();
            // Only building fails, when it has no room for its states; then its lists match nothing, and say so.
            match AhoCorasick::new(&texts) {
                Ok(automaton) => (matcher.substrings, matcher.substring_groups) = (Some(automaton), groups),
                Err(_) => groups.iter().flat_map(|group| matcher.groups.of(*group)).for_each(|place| {
                    if let Some(count) = matcher.unusable.get_mut(*place as usize) {
                        *count += 1;
                    }
                }),
            }
        }
        matcher
    }

    /// How many lists there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many entries of each list are no networks or no regular expressions that can be used, in the lists' order.
    #[must_use]
    pub fn unusable(&self) -> &[usize] {
        &self.unusable
    }

    /// The lists that know an observable, by their places in the order in which they were given.
    #[must_use]
    pub fn places(&self, observable: &Observable) -> Vec<usize> {
        let mut places = self.places_of_value(&observable.value);
        let wanted = bit(observable.kind);
        places.retain(|place| self.types.get(*place).is_some_and(|types| types & wanted != 0));
        places
    }

    /// The names of the lists that know an observable.
    pub fn names(&self, observable: &Observable) -> impl Iterator<Item = &str> {
        self.places(observable).into_iter().filter_map(|place| self.names.get(place).map(String::as_str))
    }

    /// The lists that know a value, whatever it is; the answer of PyMISPWarningLists for the same lists.
    #[must_use]
    pub fn places_of_value(&self, value: &str) -> Vec<usize> {
        let mut found: Vec<Place> = Vec::new();
        if let Some(group) = self.exact.get(value) {
            found.extend(self.groups.of(*group));
        }
        self.find_host(value, &mut found);
        self.find_network(value, &mut found);
        if value.len() <= LONGEST_SCANNED {
            self.find_substrings(value, &mut found);
            let sets = self.regexes.iter().filter(|(_, set)| set.is_match(value));
            found.extend(sets.map(|(place, _)| *place));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|place| place as usize).collect()
    }

    fn add_exact(&mut self, entry: &str, place: Place) {
        // Hashes are the same in both cases, and observables have them in lower case.
        let hash = matches!(entry.len(), 32 | 40 | 56 | 64 | 96 | 128) && entry.bytes().all(|b| b.is_ascii_hexdigit());
        let entry = if hash { entry.to_ascii_lowercase() } else { entry.to_owned() };
        insert(&mut self.exact, &mut self.groups, entry, place);
    }

    fn add_host(&mut self, entry: &str, place: Place) {
        let host = entry.to_lowercase();
        let below = host.trim_start_matches('.');
        self.longest_host = self.longest_host.max(below.len());
        if !below.is_empty() {
            insert(&mut self.below, &mut self.groups, below.to_owned(), place);
        }
        insert(&mut self.hosts, &mut self.groups, host, place);
    }

    /// The value's host, or the value, and each name above it that is no longer than the longest entry.
    fn find_host(&self, value: &str, found: &mut Vec<Place>) {
        if self.hosts.is_empty() {
            return;
        }
        let host = host_of(value);
        let host = host.as_deref().unwrap_or(value);
        if let Some(group) = self.hosts.get(host) {
            found.extend(self.groups.of(*group));
        }
        let from = host.len().saturating_sub(self.longest_host + 1);
        let Some(tail) = host.as_bytes().get(from..) else { return };
        for dot in memchr::memchr_iter(b'.', tail) {
            // A dot is one byte, so what follows it starts at a character.
            if let Some(group) = host.get(from + dot + 1..).and_then(|above| self.below.get(above)) {
                found.extend(self.groups.of(*group));
            }
        }
    }

    fn add_network(&mut self, entry: &str, place: Place) {
        // As the reference does it, what is no address is compared with the entry as it is written.
        insert(&mut self.exact, &mut self.groups, entry.to_owned(), place);
        // An address with more bits than its network has is a mistake, which the reference leaves out too.
        let network = network_of(entry).filter(|(_, _, bits)| {
            let address = network_of(entry.split('/').next().unwrap_or_default());
            address.is_some_and(|(_, _, all)| all == *bits)
        });
        match network {
            Some((v6, length, bits)) => {
                insert(&mut self.networks, &mut self.groups, (v6, length, bits), place);
                self.lengths.insert((v6, length));
            }
            None => {
                if let Some(count) = self.unusable.get_mut(place as usize) {
                    *count += 1;
                }
            }
        }
    }

    /// One look-up for each prefix length in use.
    fn find_network(&self, value: &str, found: &mut Vec<Place>) {
        if self.lengths.is_empty() {
            return;
        }
        let address = value.parse::<Ipv4Addr>().map(|v4| (false, u128::from(v4.to_bits())));
        let Ok((v6, bits)) = address.or_else(|_| value.parse::<Ipv6Addr>().map(|v6| (true, v6.to_bits()))) else { return };
        for (_, length) in self.lengths.range((v6, 0)..=(v6, 128)) {
            if let Some(group) = self.networks.get(&(v6, *length, masked(v6, bits, *length))) {
                found.extend(self.groups.of(*group));
            }
        }
    }

    fn find_substrings(&self, value: &str, found: &mut Vec<Place>) {
        let Some(automaton) = &self.substrings else { return };
        let mut last = None;
        for hit in automaton.find_overlapping_iter(value).take(MOST_HITS) {
            let group = self.substring_groups.get(hit.pattern().as_usize()).copied();
            if group != last {
                found.extend(group.map(|group| self.groups.of(group)).unwrap_or_default());
                last = group;
            }
            // A value of one letter over and over may hold an entry at each of its places.
            if found.len() > 4_096 {
                found.sort_unstable();
                found.dedup();
            }
        }
    }

    /// Compiles regular expressions, as far as they are such and within what they may cost.
    fn add_regexes(&mut self, entries: &[String], place: Place) {
        let alone = |pattern: &str| RegexBuilder::new(pattern).size_limit(REGEX_BYTES).build().is_ok();
        let mut usable: Vec<String> =
            entries.iter().take(MOST_REGEXES).filter_map(|entry| expression(entry)).filter(|p| alone(p)).collect();
        let mut set = None;
        // Too large together: half as many are tried until they fit.
        while !usable.is_empty() && set.is_none() {
            let built = RegexSetBuilder::new(&usable).size_limit(REGEX_SET_BYTES).dfa_size_limit(REGEX_SET_BYTES).build();
            set = built.ok();
            if set.is_none() {
                usable.truncate(usable.len() / 2);
            }
        }
        if let Some(count) = self.unusable.get_mut(place as usize) {
            *count += entries.len() - usable.len();
        }
        self.regexes.extend(set.map(|set| (place, set)));
    }
}

/// `/pattern/i`, as PHP delimits them, or the pattern alone; `None` for flags that mean something else.
fn expression(entry: &str) -> Option<String> {
    let Some((pattern, flags)) = entry.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else {
        return Some(entry.to_owned());
    };
    if !flags.chars().all(|flag| matches!(flag, 'i' | 'm' | 's' | 'x' | 'u')) {
        return None;
    }
    let flags: String = flags.chars().filter(|flag| *flag != 'u').collect();
    // PHP needs its delimiter escaped; here that escape is none.
    let pattern = pattern.replace("\\/", "/");
    Some(if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") })
}

/// The host of what is written as a URL (Python's `urlsplit`): after `//`, before the path, without user and port.
fn host_of(value: &str) -> Option<String> {
    let rest = match value.strip_prefix("//") {
        Some(rest) => rest,
        None => {
            let (scheme, rest) = value.split_once("://")?;
            let mut letters = scheme.chars();
            let named = letters.next()?.is_ascii_alphabetic() && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
            named.then_some(rest)?
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty()).then(|| host.to_lowercase())
}
