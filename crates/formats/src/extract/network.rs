//! Names of the network: domains and e-mail addresses, and how to tell domains from other dotted words.

use model::observable::{Observable, ObservableType, has_known_suffix};

use super::page::{Page, is_word};
use super::{Hit, context};

/// An e-mail address whose local part starts at `at`.
pub(super) fn email(page: &Page, at: usize) -> Option<Hit> {
    let local_end = page.run(at, 65, |c| is_word(c) || c == '+');
    if page.char_at(local_end) != Some('@') || local_end == at {
        return None;
    }
    let host = page.word(local_end + 1);
    let local = page.slice(at, local_end).trim_start_matches(['.', '-']);
    let start = local_end - local.len();
    let observable = Observable::new(ObservableType::EmailAddr, &format!("{local}@{host}")).ok()?;
    let (_, domain) = observable.value.rsplit_once('@')?;
    if !has_known_suffix(domain) {
        return None;
    }
    Some(Hit::new(observable, start, local_end + 1 + host.len()))
}

/// Endings that are top-level domains and endings of files.
const AMBIGUOUS: &[&str] = &[
    "zip", "sh", "py", "pl", "rs", "so", "md", "ps", "pm", "cab", "inc", "cc", "mov", "dot", "map", "ink", "prof", "bz", "gdn", "vi",
    "data",
];

/// Names of programs and platforms that look like domains.
const NOT_DOMAINS: &[&str] = &[
    "asp.net",
    "vb.net",
    "ado.net",
    "ml.net",
    "socket.io",
    "system.net",
    "system.io",
    "command.com",
    "edit.com",
    "format.com",
    "more.com",
    "mode.com",
    "chcp.com",
    "tree.com",
    "diskcopy.com",
    "keyb.com",
    "win.com",
];

/// A domain that is the whole word, or a file's name that looks like one.
pub(super) fn domain(page: &Page, start: usize, word: &str) -> Option<Hit> {
    let end = start + word.len();
    // A name has 253 characters; in other scripts, each may take several bytes.
    if word.len() > if word.is_ascii() { 254 } else { 600 } {
        return None;
    }
    let observable = Observable::new(ObservableType::DomainName, word).ok()?;
    let name = observable.value.as_str();
    let defanged = page.is_defanged(start, end);
    let known = has_known_suffix(name);
    let last = name.rsplit('.').next()?;
    let labels_right = name.split('.').all(|l| !l.starts_with('-') && !l.ends_with('-'))
        && last.len() >= 2
        && name.split('.').rev().nth(1).is_some_and(|l| !l.starts_with('_') && !l.ends_with('_'));
    if !labels_right || !(known || (defanged && last.bytes().all(|b| b.is_ascii_lowercase()))) {
        return None;
    }
    if !defanged {
        let about_a_file = last == "com" && context::is_about_a_file(page, start) && name.matches('.').count() == 1;
        if AMBIGUOUS.contains(&last) || about_a_file || (last == "com" && NOT_DOMAINS.contains(&name)) {
            return Observable::new(ObservableType::FileName, word).ok().map(|o| Hit::new(o, start, end));
        }
        if is_code(page, start, end, name, word) {
            return None;
        }
    }
    let mut hit = Hit::new(observable, start, end);
    hit.resume = after_host(page, end);
    Some(hit)
}

/// Dotted words that are code or prose: calls, members, package names, sentences without a blank after the stop.
fn is_code(page: &Page, start: usize, end: usize, name: &str, word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or_default();
    let mixed = last.bytes().any(|b| b.is_ascii_uppercase()) && word.bytes().any(|b| b.is_ascii_lowercase());
    let first = name.split('.').next().unwrap_or_default();
    let package = matches!(first, "com" | "org" | "net" | "edu" | "gov" | "io" | "android" | "java")
        && name.matches('.').count() >= 2
        && !matches!(last, "com" | "net" | "org");
    mixed
        || package
        || NOT_DOMAINS.contains(&name)
        || page.char_at(end) == Some('(')
        || matches!(page.char_before(start), Some('$' | '@'))
        || page.slice(start.saturating_sub(2), start) == "->"
}

/// Where what belongs to a host without a scheme ends: `:8080`, `/gate.php`. It is no find of its own.
pub(super) fn after_host(page: &Page, end: usize) -> usize {
    let mut at = end;
    if page.char_at(at) == Some(':') {
        let digits = page.run(at + 1, 6, |c| c.is_ascii_digit());
        if digits > at + 1 {
            at = digits;
        }
    }
    if page.char_at(at) != Some('/') {
        return at;
    }
    let path_end = super::url::end_of_tail(page, at);
    let path = page.slice(at, path_end);
    // In `one.example/two.example` the second is as good as the first.
    let another = path.split('/').any(|step| step.parse::<std::net::Ipv4Addr>().is_ok() || (has_known_suffix(step) && !is_ambiguous(step)));
    if another { at } else { path_end.max(at) }
}

fn is_ambiguous(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    AMBIGUOUS.contains(&last) || model::observable::has_file_ending(last)
}
