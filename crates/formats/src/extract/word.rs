//! Words that speak for themselves: hashes, addresses, numbers with a prefix, names with an ending.

use std::net::Ipv4Addr;

use model::observable::{Observable, ObservableType as T, has_file_ending, has_known_suffix};

use super::page::Page;
use super::{Hit, broken, context, network};

/// What the word at `at` is, or the first hash in it.
pub(super) fn find(page: &Page, at: usize) -> Option<Hit> {
    let whole = page.word(at);
    let word = whole.trim_start_matches(['-', '_', '.']);
    let start = at + whole.len() - word.len();
    if word.is_empty() {
        return None;
    }
    numbered(page, start, word)
        .or_else(|| ipv4(page, start, word))
        .or_else(|| hash_named(page, start, word))
        .or_else(|| file_name(page, at, whole, start, word))
        .or_else(|| if word.contains('.') { network::domain(page, start, word) } else { None })
        .or_else(|| address_range(page, start, word))
        .or_else(|| hex_run(page, at, at + whole.len()))
}

fn hit(kind: T, value: &str, start: usize, end: usize) -> Option<Hit> {
    Observable::new(kind, value).ok().map(|o| Hit::new(o, start, end))
}

/// CVEs, AS numbers, SIDs, GUIDs, JA4, TLSH, wallets, MAC addresses with hyphens or dots.
fn numbered(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let end = start + word.len();
    let whole = |kind: T| hit(kind, word, start, end);
    let prefix = |text: &str| word.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
    if prefix("CVE-") {
        return cve(page, start, word);
    }
    if prefix("S-1-") {
        return whole(T::Sid);
    }
    if word.starts_with("AS") && word.len() >= 6 && word.bytes().skip(2).all(|b| b.is_ascii_digit())
        || word.starts_with("ASN") && word.len() >= 4 && word.bytes().skip(3).all(|b| b.is_ascii_digit())
    {
        return whole(T::AutonomousSystem);
    }
    match word.len() {
        36 if word.matches('-').count() == 4 && context::mentions(page, start, &["clsid", "guid", "uuid"]) => whole(T::Guid),
        36 if word.matches('_').count() == 2 => whole(T::Ja4),
        70 | 72 => whole(T::Tlsh),
        17 if word.matches('-').count() == 5 => whole(T::MacAddr),
        // `1234.5678.9012` may be any number.
        14 if word.matches('.').count() == 2 && word.bytes().any(|b| b.is_ascii_alphabetic()) => whole(T::MacAddr),
        _ => None,
    }
    .or_else(|| if (26..=76).contains(&word.len()) { whole(T::CryptocurrencyWallet) } else { None })
}

/// The number's digits end it, whatever follows; they may stand on the next line.
fn cve(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let year_end = start + "CVE-2021".len();
    if page.char_at(year_end) == Some('-') {
        let digits = page.run(year_end + 1, 12, |c| c.is_ascii_digit());
        if let Some(found) = hit(T::Cve, page.slice(start, digits), start, digits) {
            return Some(found);
        }
        let next = page.next_line(year_end + 1)?;
        let end = page.run(next, 12, |c| c.is_ascii_digit());
        return hit(T::Cve, &format!("{}-{}", page.slice(start, year_end), page.slice(next, end)), start, end);
    }
    hit(T::Cve, word, start, start + word.len())
}

/// An IPv4 address or network that is no version number.
fn ipv4(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let address: Ipv4Addr = word.parse().ok()?;
    let end = start + word.len();
    let defanged = page.is_defanged(start, end);
    if !defanged && (context::is_version(page, start) || is_heading(page, start, end, address)) {
        return None;
    }
    if page.char_at(end) == Some('/') {
        let length_end = page.run(end + 1, 3, |c| c.is_ascii_digit());
        let stands_alone = page.char_at(length_end).is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '-' | '_'));
        if length_end > end + 1
            && stands_alone
            && let Some(network) = hit(T::Ipv4Addr, page.slice(start, length_end), start, length_end)
        {
            return Some(network);
        }
    }
    let mut found = hit(T::Ipv4Addr, word, start, end)?;
    found.resume = network::after_host(page, end);
    Some(found)
}

/// `1.2.3.4 Introduction` at the start of a line, and what can be no host's address.
fn is_heading(page: &Page, start: usize, end: usize, address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let at_line_start = page.before(start, 8).trim().is_empty();
    let small = octets.iter().all(|o| (1..10).contains(o)) && octets != [1, 1, 1, 1] && octets != [8, 8, 8, 8] && octets != [9, 9, 9, 9];
    let titled = page.rest(end).strip_prefix(' ').and_then(|s| s.chars().next()).is_some_and(char::is_uppercase);
    (octets[0] == 0 && !address.is_unspecified()) || (at_line_start && small && titled)
}

/// `d41d8….exe`: a sample that is named by its hash is known by its hash.
fn hash_named(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let stem = word.split('.').next().unwrap_or(word);
    if stem.len() == word.len() {
        None
    } else {
        hex_run(page, start, start + stem.len()).filter(|h| h.start == start && h.end == start + stem.len())
    }
}

/// A name whose ending is one of files and of no domain.
fn file_name(page: &Page, at: usize, whole: &str, start: usize, word: &str) -> Option<Hit> {
    // `_name.pyw` starts with an underscore, `_name.exe_` is emphasised.
    let emphasised = page.char_at(at + whole.len()) == Some('_');
    let (start, word) = if whole.starts_with('_') && !emphasised { (at, whole) } else { (start, word) };
    let (stem, ending) = word.rsplit_once('.')?;
    let end = start + word.len();
    // `libcurl.so.4.5.0` ends in its version.
    let library = word.split_once(".so.").is_some_and(|(_, version)| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if stem.is_empty() || word.len() > 255 || !(has_file_ending(ending) || library) {
        return None;
    }
    // Some endings of files are top-level domains too; who defangs means the domain.
    let means_domain = page.is_defanged(start, end) && has_known_suffix(&word.to_ascii_lowercase());
    let is_call = page.char_at(end) == Some('(');
    // `%20AM.png` is a part of an encoded link.
    let encoded = page.char_before(start) == Some('%') && word.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    if means_domain || is_call || encoded { None } else { hit(T::FileName, word, start, end) }
}

/// The first whole run of hexadecimal digits between `from` and `to` that is as long as a hash.
fn hex_run(page: &Page, from: usize, to: usize) -> Option<Hit> {
    let mut at = from;
    while at < to {
        let Some(c) = page.char_at(at) else { break };
        if !c.is_ascii_hexdigit() {
            at += c.len_utf8();
            continue;
        }
        let end = page.run(at, 4_096, |c| c.is_ascii_hexdigit());
        let inside_longer = page.char_before(at).is_some_and(|c| c.is_ascii_hexdigit());
        // Shorter runs are not even the start of a broken hash, and there are many of them.
        if !inside_longer
            && end - at >= 8
            && let Some(found) = hash(page, at, end)
        {
            return Some(found);
        }
        at = end;
    }
    None
}

fn hash(page: &Page, start: usize, end: usize) -> Option<Hit> {
    if let Some((digits, joined_end)) = broken::hash_goes_on(page, start, end) {
        return hit(hash_kind(page, start, &digits)?, &digits, start, joined_end);
    }
    let digits = page.slice(start, end);
    // A long number, or one digit over and over, is no hash.
    let varied = digits.bytes().any(|b| b.is_ascii_alphabetic()) || digits.len() > 40;
    let first = digits.bytes().next()?;
    if !varied || digits.bytes().all(|b| b == first) {
        return None;
    }
    hit(hash_kind(page, start, digits)?, digits, start, end)
}

fn hash_kind(page: &Page, start: usize, digits: &str) -> Option<T> {
    Some(match digits.len() {
        32 => match context::nearest(page, start, &["ja3s", "ja3", "imphash", "md5"]).unwrap_or_default() {
            "ja3s" => T::Ja3s,
            "ja3" => T::Ja3,
            "imphash" => T::Imphash,
            _ => T::Md5,
        },
        40 if context::mentions(page, start, &["thumbprint", "certificate", "cert"]) => T::X509Sha1,
        40 => T::Sha1,
        64 => T::Sha256,
        128 => T::Sha512,
        _ => return None,
    })
}

/// `192.0.2.1-192.0.2.9`: the first of both; the second is found next.
fn address_range(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let (first, second) = word.split_once('-')?;
    if second.is_empty() || first.parse::<Ipv4Addr>().is_err() {
        return None;
    }
    ipv4(page, start, first).map(|mut h| {
        h.resume = start + first.len() + 1;
        h
    })
}
