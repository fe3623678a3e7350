//! URLs in text: where they start, and above all where they end.

use model::observable::{Observable, ObservableType, has_known_suffix};

use super::page::Page;
use super::{Hit, broken, network};

/// The longest URL that is read.
const LONGEST_URL: usize = 4_096;

/// The longest path after a host without a scheme that is passed over.
const LONGEST_TAIL: usize = 512;

/// Schemes that are found at the end of a longer word too (`url_http://…`).
const SCHEMES: &[&str] =
    &["https", "http", "ftps", "sftp", "ftp", "tcp", "udp", "wss", "ws", "ssh", "dns", "ldaps", "ldap", "rdp", "smb", "git"];

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
    // Looking at the host first keeps the time down where `://` follows `://`.
    let host_end = page.run(host_start, 300, |c| !c.is_whitespace() && !matches!(c, '/' | '?' | '#' | '\\'));
    let after_host = page.run(host_end, 2, |c| !c.is_whitespace());
    if !is_plausible_host(page.slice(host_start, host_end), after_host > host_end + 1) {
        return None;
    }
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
    // Scripts without blanks stand directly beside a URL that ends with its host.
    let glued = page.slice(host_start, last).contains(|c| c >= '\u{2e80}') && !has_known_host(&observable.value);
    if glued && let Some(cut) = cut_at_host(page, host_start, end) {
        return Observable::new(ObservableType::Url, page.slice(start, cut)).ok().map(|o| Hit::new(o, start, cut));
    }
    Some(Hit::new(observable, start, last))
}

/// When what follows the host spoils the URL (other scripts glued to it, a port that is none), the host alone may do.
fn cut_at_host(page: &Page, host_start: usize, end: usize) -> Option<usize> {
    let host_end = page.run(host_start, 253, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).min(end);
    let host = page.slice(host_start, host_end).trim_end_matches(['.', '-', '_']);
    has_known_suffix(host).then_some(host_start + host.len())
}

fn has_known_host(url: &str) -> bool {
    model::observable::url_host(url).is_some_and(has_known_suffix)
}

/// Something with a dot, an address, or a bare name that is followed by a port or a path.
fn is_plausible_host(authority: &str, has_path: bool) -> bool {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let name = host.split(':').next().unwrap_or(host).trim_end_matches(|c: char| !c.is_alphanumeric());
    if host.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok() || name == "localhost" || host.matches(':').count() > 1 {
        return true;
    }
    let last_label = name.rsplit('.').next().unwrap_or_default();
    if name.contains('.') {
        return last_label.len() >= 2 && !last_label.bytes().all(|b| b.is_ascii_digit());
    }
    name.len() >= 2 && (has_path || host.contains(':'))
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
    end_within(page, at, LONGEST_URL)
}

/// The same for the path after a host without a scheme.
pub(super) fn end_of_tail(page: &Page, at: usize) -> usize {
    end_within(page, at, LONGEST_TAIL)
}

fn end_within(page: &Page, at: usize, longest: usize) -> usize {
    let mut open: Vec<char> = Vec::new();
    let mut end = at;
    let mut in_host = true;
    let rest = page.rest(at);
    for (offset, c) in rest.char_indices() {
        let here = rest.get(offset..).unwrap_or_default();
        let stops = offset >= longest
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
    let trimmed = page.slice(at, end).trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '(', '[', '{', '“', '”', '’']);
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
        && rest.get(..offset).is_some_and(|so_far| so_far.ends_with(|c: char| c == '/' || c.is_ascii_alphanumeric()))
}

/// `,http://…`: a list without blanks.
fn starts_another(here: &str) -> bool {
    let after = here.get(1..).unwrap_or_default();
    let scheme = after.bytes().take(9).take_while(u8::is_ascii_alphabetic).count();
    after.get(scheme..).is_some_and(|rest| rest.starts_with("://")) || after.starts_with("www.")
}

/// `[]=`, `[a]=`, `[0]&`: PHP's arrays in a query, not the text of a link.
fn is_array_key(here: &str) -> bool {
    let inside: usize = here.bytes().skip(1).take(32).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let after = here.get(1 + inside..).unwrap_or_default();
    after.strip_prefix(']').is_some_and(|rest| rest.starts_with(['=', '&', '[']))
}
