//! Values with colons: IPv6 and MAC addresses, certificate fingerprints, ssdeep hashes.

use model::observable::{Observable, ObservableType};

use super::page::{Page, is_word};
use super::{Hit, network};

/// An IPv6 or MAC address, a fingerprint or an ssdeep hash that starts at `at`.
pub(super) fn find(page: &Page, at: usize) -> Option<Hit> {
    let glued = page.char_before(at).is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '_'));
    if glued {
        return None;
    }
    ssdeep(page, at).or_else(|| colons(page, at))
}

fn colons(page: &Page, at: usize) -> Option<Hit> {
    let end = page.run(at, 200, |c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'));
    let run = page.slice(at, end).trim_end_matches(['.', ':']);
    // `2001:db8::` may end in colons.
    let run = if page.slice(at, end).trim_end_matches('.').ends_with("::") { page.slice(at, end).trim_end_matches('.') } else { run };
    let end = at + run.len();
    if run.matches(':').count() < 2 || page.char_at(end).is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let pairs = run.split(':').all(|p| p.len() == 2);
    let kind = match run.split(':').count() {
        6 if pairs => ObservableType::MacAddr,
        20 if pairs => ObservableType::X509Sha1,
        // Eight pairs are an EUI-64 or part of a fingerprint; without a digit it is a scope in a program.
        _ if !pairs && run.bytes().any(|b| b.is_ascii_digit()) => ObservableType::Ipv6Addr,
        _ => return None,
    };
    let mut end_with_length = end;
    if kind == ObservableType::Ipv6Addr && page.char_at(end) == Some('/') {
        let digits = page.run(end + 1, 4, |c| c.is_ascii_digit());
        if digits > end + 1 && page.char_at(digits).is_none_or(|c| !is_word(c) || c == '.') {
            end_with_length = digits;
        }
    }
    let with_length = Observable::new(kind, page.slice(at, end_with_length)).ok().map(|o| Hit::new(o, at, end_with_length));
    let mut hit = with_length.or_else(|| Observable::new(kind, run).ok().map(|o| Hit::new(o, at, end)))?;
    if hit.end == end {
        hit.resume = network::after_host(page, end).max(end);
    }
    Some(hit)
}

/// `96:Base64digits:Base64digits`, long enough to be no time and no address.
fn ssdeep(page: &Page, at: usize) -> Option<Hit> {
    let size = page.run(at, 10, |c| c.is_ascii_digit());
    if size == at || page.char_at(size) != Some(':') {
        return None;
    }
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let one = page.run(size + 1, 65, base64);
    if one - size < 9 || page.char_at(one) != Some(':') {
        return None;
    }
    let two = page.run(one + 1, 65, base64);
    if two - one < 5 || page.char_at(two).is_some_and(|c| matches!(c, ':' | '=')) {
        return None;
    }
    let observable = Observable::new(ObservableType::Ssdeep, page.slice(at, two)).ok()?;
    Some(Hit::new(observable, at, two))
}
