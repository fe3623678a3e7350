//! From an observable to what the logs are asked: how its type is compared, and how else the same thing may be written.

use logs::{Alternative, Needle, NeedleKind};
use model::observable::{self, Observable, ObservableType as T};
use model::sighting::UrlMatch;

/// The needle of an observable, by its type's word and its normal form. The index compares without regard to case.
///
/// Of a URL, a part may be enough (`urls`): it is looked for besides the whole, which is counted by itself.
pub(crate) fn needle(id: i64, category: &str, value: &str, urls: UrlMatch) -> Needle {
    let of_type = category.parse::<T>().unwrap_or(T::Other);
    let kind = match of_type {
        T::Url => NeedleKind::Url,
        T::DomainName => NeedleKind::Domain { with_subdomains: true },
        _ => NeedleKind::Plain,
    };
    let lower = value.to_lowercase();
    let mut others: Vec<Alternative> = alternatives(of_type, value)
        .into_iter()
        .filter(|other| other.to_lowercase() != lower)
        .map(|value| Alternative { kind, value })
        .chain(wider(of_type, value).map(|kind| Alternative { kind, value: value.to_owned() }))
        .chain(if of_type == T::Url { part_of_url(value, urls) } else { None })
        .collect();
    others.sort();
    others.dedup();
    Needle { id, kind, value: value.to_owned(), alternatives: others }
}

/// How the value is looked for besides as it is written: a network by its addresses, and wildcards in what people write
/// with them.
fn wider(of_type: T, value: &str) -> Option<NeedleKind> {
    match of_type {
        T::Ipv4Addr | T::Ipv6Addr if value.contains('/') => Some(NeedleKind::Network),
        T::FileName
        | T::FilePath
        | T::Directory
        | T::WindowsRegistryKey
        | T::ProcessCommandLine
        | T::NamedPipe
        | T::Mutex
        | T::ServiceName
        | T::UserAgent
        | T::EmailSubject
        | T::Other
            if value.contains(['*', '?']) =>
        {
            Some(NeedleKind::Wildcard)
        }
        _ => None,
    }
}

/// The part of a URL that is enough.
pub(super) fn part_of_url(value: &str, urls: UrlMatch) -> Option<Alternative> {
    let (_, rest) = value.split_once("://")?;
    let whole = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = whole.find('/').map_or((whole, "/"), |at| whole.split_at(at));
    let place = authority.rsplit('@').next().unwrap_or_default();
    let (kind, value) = match urls {
        UrlMatch::Whole => return None,
        UrlMatch::Path => (NeedleKind::UrlPath, format!("{place}{path}")),
        UrlMatch::Host => {
            let host = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((address, _)) => address,
                None => place.split(':').next().unwrap_or_default(),
            };
            (NeedleKind::Plain, host.to_owned())
        }
    };
    (!place.is_empty()).then_some(Alternative { kind, value })
}

/// Whether a value is looked for by more than its text.
pub(super) fn is_wide(kind: NeedleKind) -> bool {
    matches!(kind, NeedleKind::Network | NeedleKind::Wildcard)
}

fn alternatives(of_type: T, value: &str) -> Vec<String> {
    match of_type {
        T::DomainName | T::Hostname => readable(of_type, value).into_iter().collect(),
        T::Url => url(value),
        T::Ipv6Addr => ipv6(value),
        T::MacAddr => mac(value),
        T::WindowsRegistryKey => registry(value),
        T::X509Serial | T::X509Sha1 => vec![pairs(value, ":"), pairs(value, " ")],
        T::Tlsh => match value.get(..2) {
            Some(version) if version.eq_ignore_ascii_case("t1") => value.get(2..).map(str::to_owned).into_iter().collect(),
            _ => vec![format!("T1{value}")],
        },
        T::FilePath | T::Directory if value.contains(":\\") => vec![value.replace('\\', "/")],
        T::AutonomousSystem => value.strip_prefix("AS").map(|number| format!("ASN{number}")).into_iter().collect(),
        T::PhoneNumber => vec![value.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()],
        _ => Vec::new(),
    }
}

/// An internationalised name as people read it.
fn readable(of_type: T, value: &str) -> Option<String> {
    let text = observable::search_text(&Observable { kind: of_type, value: value.to_owned() });
    // Normal form and readable form, separated by the only blank: names hold none.
    text.split_once(' ').map(|(_, readable)| readable.to_owned())
}

/// The same address with and without the slash of an empty path.
fn url(value: &str) -> Vec<String> {
    let authority = value.split_once("://").map_or("", |(_, rest)| rest);
    match authority.find(['/', '?', '#']) {
        None => vec![format!("{value}/")],
        Some(at) if authority.get(at..) == Some("/") => value.strip_suffix('/').map(str::to_owned).into_iter().collect(),
        Some(_) => Vec::new(),
    }
}

/// Every group written, with and without leading zeros.
fn ipv6(value: &str) -> Vec<String> {
    let Ok(address) = value.parse::<std::net::Ipv6Addr>() else { return Vec::new() };
    let groups = address.segments();
    let join = |words: Vec<String>| words.join(":");
    vec![join(groups.iter().map(|g| format!("{g:x}")).collect()), join(groups.iter().map(|g| format!("{g:04x}")).collect())]
}

fn mac(value: &str) -> Vec<String> {
    let digits: String = value.chars().filter(char::is_ascii_hexdigit).collect();
    let by = |size: usize, separator: &str| grouped(&digits, size, separator);
    vec![by(2, "-"), by(4, "."), digits.clone()]
}

fn pairs(value: &str, separator: &str) -> String {
    grouped(value, 2, separator)
}

fn grouped(text: &str, size: usize, separator: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(size).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(separator)
}

/// Hives as Windows' tools, PowerShell and the kernel write them.
fn registry(value: &str) -> Vec<String> {
    const HIVES: &[(&str, &[&str])] = &[
        ("HKEY_LOCAL_MACHINE", &["HKLM", "HKLM:", "\\REGISTRY\\MACHINE"]),
        ("HKEY_CURRENT_USER", &["HKCU", "HKCU:"]),
        ("HKEY_CLASSES_ROOT", &["HKCR", "HKCR:"]),
        ("HKEY_USERS", &["HKU", "HKU:", "\\REGISTRY\\USER"]),
        ("HKEY_CURRENT_CONFIG", &["HKCC", "HKCC:"]),
    ];
    let (hive, rest) = value.find('\\').map_or((value, ""), |at| value.split_at(at));
    let others = HIVES.iter().find(|(full, _)| hive.eq_ignore_ascii_case(full)).map(|(_, others)| *others).unwrap_or_default();
    others.iter().map(|other| format!("{other}{rest}")).collect()
}

/// The question in words, as it is kept with the result.
pub(super) fn query(needle: &Needle, window: &str) -> String {
    let how = match needle.kind {
        NeedleKind::Url => "URL",
        NeedleKind::Domain { .. } => "domain",
        _ => "value",
    };
    let or = if needle.alternatives.is_empty() {
        String::new()
    } else {
        format!(" | also: {}", needle.alternatives.iter().map(words).collect::<Vec<_>>().join(" OR "))
    };
    let below = if matches!(needle.kind, NeedleKind::Domain { .. }) { format!(" | below: \"*.{}\"", needle.value) } else { String::new() };
    format!("{how}: \"{}\"{or}{below} | time: {window}", needle.value)
}

fn words(other: &Alternative) -> String {
    let value = &other.value;
    match other.kind {
        NeedleKind::Network => format!("any address of {value}"),
        NeedleKind::Wildcard => format!("\"{value}\" with wildcards"),
        NeedleKind::UrlPath => format!("\"{value}\" with any scheme and query"),
        _ => format!("\"{value}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(category: &str, value: &str) -> Vec<String> {
        needle(1, category, value, UrlMatch::Whole).alternatives.into_iter().map(|other| other.value).collect()
    }

    #[test]
    fn the_same_thing_is_found_however_it_was_written() {
        assert_eq!(others("mac-addr", "00:00:5e:00:53:01"), ["00-00-5e-00-53-01", "0000.5e00.5301", "00005e005301"]);
        assert_eq!(
            others("windows-registry-key", r"HKEY_LOCAL_MACHINE\Software\Run"),
            [r"HKLM:\Software\Run", r"HKLM\Software\Run", r"\REGISTRY\MACHINE\Software\Run"]
        );
        assert_eq!(others("ipv6-addr", "2001:db8::1"), ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0:0:0:0:0:1"]);
        assert_eq!(others("domain-name", "xn--bcher-kva.example"), ["bücher.example"]);
        assert_eq!(others("url", "http://evil.example"), ["http://evil.example/"]);
        assert_eq!(others("url", "http://evil.example/"), ["http://evil.example"]);
        assert_eq!(others("url", "http://evil.example/a/"), [""; 0]);
        assert_eq!(others("file-path", r"C:\a\b.exe"), ["C:/a/b.exe"]);
    }

    #[test]
    fn a_part_of_a_url_can_be_enough() {
        let part = |value: &str, urls| part_of_url(value, urls).map(|part| (part.kind, part.value));
        let url = "https://anna@evil.example:8443/a/b?x=1#y";
        assert_eq!(part(url, UrlMatch::Path), Some((NeedleKind::UrlPath, "evil.example:8443/a/b".to_owned())));
        assert_eq!(part(url, UrlMatch::Host), Some((NeedleKind::Plain, "evil.example".to_owned())));
        assert_eq!(part("http://[2001:db8::1]:80/", UrlMatch::Host), Some((NeedleKind::Plain, "2001:db8::1".to_owned())));
        assert_eq!(part("http://evil.example", UrlMatch::Path), Some((NeedleKind::UrlPath, "evil.example/".to_owned())));
        assert_eq!(part(url, UrlMatch::Whole), None);
        let asked = needle(1, "url", url, UrlMatch::Host);
        assert_eq!((asked.value.as_str(), asked.kind), (url, NeedleKind::Url), "the whole is counted by itself");
        assert_eq!(needle(1, "domain-name", "evil.example", UrlMatch::Host).alternatives, []);
    }

    #[test]
    fn what_has_one_spelling_is_asked_once() {
        for (category, value) in
            [("sha256", "ab"), ("ipv4-addr", "192.0.2.1"), ("domain-name", "evil.example"), ("user-account", r"CORP\anna")]
        {
            assert_eq!(others(category, value), [""; 0], "{value}");
        }
    }

    #[test]
    fn networks_and_wildcards_are_looked_for_in_both_ways() {
        let kinds = |category: &str, value: &str| -> Vec<NeedleKind> {
            needle(1, category, value, UrlMatch::Whole).alternatives.into_iter().map(|other| other.kind).collect()
        };
        assert_eq!(kinds("ipv4-addr", "192.0.2.0/24"), [NeedleKind::Network]);
        assert_eq!(kinds("file-path", r"C:\Users\*\evil.exe"), [NeedleKind::Plain, NeedleKind::Wildcard]);
        assert_eq!(kinds("url", "http://evil.example/a?b=*"), []);
    }
}
