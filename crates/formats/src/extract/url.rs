//! URLs in text: where they start, and above all where they end.

use model::observable::{Observable, ObservableType};

use super::page::Page;
use super::{Hit, broken, network};

/// The longest URL that is read.
const LONGEST_URL: usize = 4_096;

/// Schemes that are found at the end of a longer word too (`url_http://…`).
const SCHEMES: &[&str] = &[
    "https", "http", "ftps", "sftp", "ftp", "tcp", "udp", "wss", "ws", "ssh", "dns", "ldaps", "ldap", "rdp", "smb", "git",
];

/// A URL whose scheme is the word at `at`.
pub(super) fn find(page: &Page, at: usize) -> Option<Hit> {
    let word_end = page.run(at, 64, super::page::is_word);
    if !page.rest(word_end).starts_with("://") {
        return None;
    }
    let word = page.slice(at, word_end).to_ascii_lowercase();
    let known = SCHEMES.iter().find(|s| word.ends_with(**s));
    let length = match known {
        Some(scheme) => scheme.len(),
        None if word.len() <= 12 && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) => word.len(),
        None => return None,
    };
    let start = word_end - length;
    let host_start = word_end + 3;
    let end = end_of(page, host_start);
    let mut value = page.slice(start, end).to_owned();
    let mut last = end;
    if let Some((more, new_end)) = broken::url_goes_on(page, host_start, end) {
        value.push_str(&more);
        last = new_end;
    }
    let observable = Observable::new(ObservableType::Url, &value).ok().or_else(|| {
        last = cut_at_host(page, host_start, end)?;
        Observable::new(ObservableType::Url, page.slice(start, last)).ok()
    })?;
    if !has_plausible_host(&observable.value) {
        return None;
    }
    Some(Hit::new(observable, start, last))
}

/// When what follows the host spoils the URL (other scripts glued to it, a port that is none), the host alone may do.
fn cut_at_host(page: &Page, host_start: usize, end: usize) -> Option<usize> {
    let host_end = page
        .run(host_start, 253, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .min(end);
    let host = page.slice(host_start, host_end).trim_end_matches(['.', '-', '_']);
    network::has_known_suffix(host).then_some(host_start + host.len())
}

/// Something with a dot, an address, or a bare name that is followed by a port or a path.
fn has_plausible_host(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let name = host.split(':').next().unwrap_or(host);
    if host.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok() || name == "localhost" {
        return true;
    }
    let last_label = name.rsplit('.').next().unwrap_or_default();
    if name.contains('.') {
        return last_label.len() >= 2 && !last_label.bytes().all(|b| b.is_ascii_digit());
    }
    name.len() >= 2 && (tail.len() > 1 || host.contains(':'))
}

/// `[2001:db8::1]:80` without a scheme.
pub(super) fn bracketed_address(page: &Page, at: usize) -> Option<Hit> {
    let inside = page.run(at + 1, 64, |c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'));
    if page.char_at(inside) != Some(']') || page.slice(at + 1, inside).bytes().filter(|b| *b == b':').count() < 2 {
        return None;
    }
    let observable = Observable::new(ObservableType::Ipv6Addr, page.slice(at + 1, inside)).ok()?;
    let mut hit = Hit::new(observable, at + 1, inside);
    hit.resume = network::after_host(page, inside + 1);
    Some(hit)
}

/// Where a URL ends whose host starts at `at`: before blanks, quotes, closing brackets that it did not open, and
/// without the punctuation of the sentence around it.
pub(super) fn end_of(page: &Page, at: usize) -> usize {
    let mut open: Vec<char> = Vec::new();
    let mut end = at;
    let mut in_host = true;
    let rest = page.rest(at);
    for (offset, c) in rest.char_indices() {
        let here = rest.get(offset..).unwrap_or_default();
        let stops = offset >= LONGEST_URL
            || c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '\'' | '`' | '|' | '\\' | '^' | '\u{fffd}')
            || (!c.is_ascii() && !c.is_alphanumeric())
            || (!in_host && c >= '\u{2e80}')
            || (matches!(c, ',' | ';') && (starts_another(here) || ends_a_cell(rest, offset, here)))
            || (!in_host && c == 'h' && starts_glued(rest, offset, here))
            || ["&lt;", "&gt;", "&quot;", "&#"].iter().any(|entity| here.starts_with(entity))
            || (c == '[' && !in_host && !is_array_key(here))
            || (c == '[' && in_host && offset > 0);
        if stops {
            break;
        }
        match c {
            '/' | '?' | '#' => in_host = false,
            '(' | '[' | '{' if open.len() < 16 => open.push(c),
            ')' | ']' | '}' => {
                let expected = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(expected) {
                    break;
                }
            }
            _ => {}
        }
        end = at + offset + c.len_utf8();
    }
    let trimmed = page
        .slice(at, end)
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '(', '[', '{', '“', '”', '’']);
    // `?` at the end is punctuation only where it starts no query.
    at + trimmed.len()
}

/// `/,` and `,,`: cells of a table; a comma inside a path has something on both sides.
fn ends_a_cell(rest: &str, offset: usize, here: &str) -> bool {
    rest.get(..offset).is_some_and(|so_far| so_far.ends_with('/')) || here.starts_with(",,") || here.starts_with(",\"")
}

/// `…/http://…`: two URLs whose separator was lost; after `=`, `?` or `&` it is one that carries another.
fn starts_glued(rest: &str, offset: usize, here: &str) -> bool {
    (here.starts_with("http://") || here.starts_with("https://"))
        && rest
            .get(..offset)
            .is_some_and(|so_far| so_far.ends_with(|c: char| c == '/' || c.is_ascii_alphanumeric()))
}

/// `,http://…`: a list without blanks.
fn starts_another(here: &str) -> bool {
    let after = here.get(1..).unwrap_or_default();
    let scheme = after.find("://").filter(|end| *end <= 8);
    scheme.is_some_and(|end| after.bytes().take(end).all(|b| b.is_ascii_alphabetic())) || after.starts_with("www.")
}

/// `[]=`, `[a]=`, `[0]&`: PHP's arrays in a query, not the text of a link.
fn is_array_key(here: &str) -> bool {
    let inside: usize = here
        .bytes()
        .skip(1)
        .take(32)
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let after = here.get(1 + inside..).unwrap_or_default();
    after.strip_prefix(']').is_some_and(|rest| rest.starts_with(['=', '&', '[']))
}
