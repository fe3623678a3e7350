//! Cyber observables: which observable of ours a property of a STIX object is (STIX 2.1, section 6; STIX 2.0, part 4).

use std::collections::HashSet;

use model::observable::{BadObservable, Observable, ObservableType as T, parse_typed};
use serde_json::{Map, Value};

/// How deep properties are followed: extensions, and header fields in extensions.
const DEEPEST: usize = 4;
/// The most observables that one object can be.
const MOST: usize = 200;

/// The types of STIX 2.1, section 6.
pub(super) fn is_observable_type(word: &str) -> bool {
    matches!(
        word,
        "artifact"
            | "autonomous-system"
            | "directory"
            | "domain-name"
            | "email-addr"
            | "email-message"
            | "file"
            | "ipv4-addr"
            | "ipv6-addr"
            | "mac-addr"
            | "mutex"
            | "network-traffic"
            | "process"
            | "software"
            | "url"
            | "user-account"
            | "windows-registry-key"
            | "x509-certificate"
    )
}

/// Types whose `value` is all that they are.
pub(super) fn is_value_type(word: &str) -> bool {
    matches!(word, "domain-name" | "email-addr" | "ipv4-addr" | "ipv6-addr" | "mac-addr" | "url")
}

/// What a reference leads to; `address` is any of an IP address, a MAC address and a domain name.
fn target(key: &str) -> Option<&'static str> {
    Some(match key {
        "src_ref" | "dst_ref" | "resolves_to_refs" => "address",
        "from_ref" | "sender_ref" | "to_refs" | "cc_refs" | "bcc_refs" => "email-addr",
        "parent_directory_ref" => "directory",
        "contains_refs"
        | "content_ref"
        | "raw_email_ref"
        | "body_raw_ref"
        | "src_payload_ref"
        | "dst_payload_ref"
        | "binary_ref"
        | "image_ref"
        | "service_dll_refs"
        | "message_body_data_ref" => "file",
        "creator_user_ref" | "belongs_to_ref" => "user-account",
        "belongs_to_refs" => "autonomous-system",
        "parent_ref" | "child_refs" => "process",
        "opened_connection_refs" | "encapsulates_refs" | "encapsulated_by_ref" => "network-traffic",
        _ => return None,
    })
}

/// The observable that a property's value is: of an object's type, by the keys from there (list places left out), through references.
/// `None` when we have no such observable, or the value is none.
pub(super) fn observable(object: &str, keys: &[&str], value: &str) -> Option<Observable> {
    let mut object = object;
    let mut keys = keys;
    while let Some(at) = keys.iter().position(|key| key.ends_with("_ref") || key.ends_with("_refs")) {
        object = target(keys.get(at)?)?;
        keys = keys.get(at + 1..)?;
    }
    of_property(object, keys, value)?.ok()
}

fn of_property(object: &str, keys: &[&str], value: &str) -> Option<Result<Observable, BadObservable>> {
    let new = |kind: T| Some(Observable::new(kind, value));
    match (object, keys) {
        ("ipv4-addr" | "ipv6-addr" | "ipv4addr" | "ipv6addr", ["value"]) => new(T::Ipv4Addr),
        ("address", ["value"]) => Some(
            Observable::new(T::Ipv4Addr, value)
                .or_else(|_| Observable::new(T::MacAddr, value))
                .or_else(|_| Observable::new(T::DomainName, value)),
        ),
        // Addresses are written as names too.
        ("domain-name", ["value"]) => {
            Some(Observable::new(T::DomainName, value).or_else(|bad| Observable::new(T::Ipv4Addr, value).map_err(|_| bad)))
        }
        ("url", ["value"]) | ("artifact", ["url"]) => new(T::Url),
        ("email-addr" | "emailaddr", ["value"]) => new(T::EmailAddr),
        ("mac-addr", ["value"]) => new(T::MacAddr),
        ("email-message", ["subject"]) => new(T::EmailSubject),
        ("email-message", ["message_id"]) => new(T::EmailMessageId),
        ("email-message", ["additional_header_fields", name]) if name.eq_ignore_ascii_case("message-id") => new(T::EmailMessageId),
        ("email-message", ["additional_header_fields", name])
            if name.eq_ignore_ascii_case("user-agent") || name.eq_ignore_ascii_case("x-mailer") =>
        {
            new(T::UserAgent)
        }
        ("file", ["name"]) | ("process", ["name"]) => {
            Some(Observable::new(T::FileName, value).or_else(|bad| Observable::new(T::FilePath, value).map_err(|_| bad)))
        }
        ("file", ["path"]) => {
            Some(Observable::new(T::FilePath, value).or_else(|bad| Observable::new(T::Directory, value).map_err(|_| bad)))
        }
        ("file", ["extensions", "windows-pebinary-ext", "imphash"]) => new(T::Imphash),
        ("file" | "artifact", ["hashes"]) => Some(parse_typed("hash", value)),
        ("file" | "artifact", ["hashes", algorithm]) => file_hash(algorithm, value),
        ("directory", ["path"]) => new(T::Directory),
        ("windows-registry-key" | "win-registry-key", ["key"]) => new(T::WindowsRegistryKey),
        ("mutex", ["name"]) => new(T::Mutex),
        ("process", ["command_line"]) => new(T::ProcessCommandLine),
        ("process", ["extensions", "windows-service-ext", "service_name"]) => new(T::ServiceName),
        ("user-account", ["account_login"]) => new(T::UserAccount),
        ("user-account", ["user_id"]) => {
            Some(Observable::new(T::Sid, value).or_else(|bad| Observable::new(T::UserAccount, value).map_err(|_| bad)))
        }
        ("x509-certificate", ["serial_number"]) => new(T::X509Serial),
        ("x509-certificate", ["hashes", algorithm]) if folded(algorithm) == "SHA1" => new(T::X509Sha1),
        ("autonomous-system", ["number"]) => Some(Observable::new(T::AutonomousSystem, &format!("AS{value}"))),
        ("network-traffic", ["extensions", "http-request-ext", "request_header", name]) if name.eq_ignore_ascii_case("user-agent") => {
            new(T::UserAgent)
        }
        // Objects of other makers: `hostname:value`, `cryptocurrency-wallet:value`.
        (other, ["value"]) => T::from_alias(other).filter(|kind| *kind != T::Other).and_then(new),
        _ => None,
    }
}

fn folded(algorithm: &str) -> String {
    algorithm.to_ascii_uppercase().replace(['-', '_', ' '], "")
}

fn file_hash(algorithm: &str, value: &str) -> Option<Result<Observable, BadObservable>> {
    let kind = match folded(algorithm).as_str() {
        "MD5" => T::Md5,
        "SHA1" => T::Sha1,
        "SHA256" => T::Sha256,
        "SHA512" => T::Sha512,
        "SSDEEP" => T::Ssdeep,
        "TLSH" => T::Tlsh,
        "IMPHASH" => T::Imphash,
        _ => return None,
    };
    Some(Observable::new(kind, value))
}

/// The observables that an object is, the most telling first; its references are not followed.
///
/// # Errors
/// Why the value of an object that is nothing but a value is none.
pub(super) fn observables(kind: &str, object: &Map<String, Value>) -> Result<Vec<Observable>, BadObservable> {
    let mut found = Vec::new();
    if is_value_type(kind) {
        let value = object.get("value").and_then(Value::as_str).unwrap_or_default();
        if let Some(read) = of_property(kind, &["value"], value) {
            found.push(read?);
        }
        return Ok(found);
    }
    let mut keys = Vec::new();
    collect(kind, object, &mut keys, &mut found);
    found.sort_by_key(|observable| rank(observable.kind));
    let mut seen = HashSet::new();
    found.retain(|observable| seen.insert(observable.clone()));
    Ok(found)
}

/// Which of several observables stands for the object.
fn rank(kind: T) -> usize {
    const FIRST: [T; 9] = [T::Sha256, T::Sha1, T::Md5, T::Sha512, T::FilePath, T::FileName, T::Ssdeep, T::Tlsh, T::Imphash];
    FIRST.iter().position(|first| *first == kind).unwrap_or(FIRST.len())
}

fn collect<'a>(kind: &str, object: &'a Map<String, Value>, keys: &mut Vec<&'a str>, found: &mut Vec<Observable>) {
    for (key, value) in object {
        if found.len() >= MOST || key.ends_with("_ref") || key.ends_with("_refs") {
            continue;
        }
        keys.push(key);
        match value {
            Value::String(text) => found.extend(of_property(kind, keys, text).and_then(Result::ok)),
            Value::Number(number) => found.extend(of_property(kind, keys, &number.to_string()).and_then(Result::ok)),
            // Header fields may come several times.
            Value::Array(items) => {
                for text in items.iter().take(MOST).filter_map(Value::as_str) {
                    found.extend(of_property(kind, keys, text).and_then(Result::ok));
                }
            }
            Value::Object(inner) if keys.len() < DEEPEST => collect(kind, inner, keys, found),
            _ => {}
        }
        keys.pop();
    }
}

/// Whether two observables of one object are names of one file.
pub(super) fn is_file(kind: &str) -> bool {
    matches!(kind, "file" | "artifact")
}

/// What to call an object that is no observable of ours: `network-traffic tcp 443`.
pub(super) fn title(kind: &str, object: &Map<String, Value>) -> String {
    let text = |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    for name in ["name", "value", "path", "subject", "display_name", "account_login", "user_id", "command_line", "key"] {
        if let Some(text) = text(name) {
            return text.to_owned();
        }
    }
    let mut title = kind.to_owned();
    let protocols = object.get("protocols").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(4);
    let ports = ["src_port", "dst_port", "pid"].iter().filter_map(|name| object.get(*name).and_then(Value::as_u64));
    for word in protocols.map(str::to_owned).chain(ports.map(|port| port.to_string())) {
        title.push(' ');
        title.push_str(&word);
    }
    title
}
