//! Observables as cyber observable objects (STIX 2.1, section 6), with ids that the specification demands.

use model::observable::{Observable, ObservableType as T};
use serde_json::{Value, json};

use super::own::{self, Object};
use crate::export::End;

/// Where a property of STIX holds the value as it is.
fn place(kind: T) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        T::Ipv4Addr => ("ipv4-addr", "value"),
        T::Ipv6Addr => ("ipv6-addr", "value"),
        T::DomainName => ("domain-name", "value"),
        T::EmailAddr => ("email-addr", "value"),
        T::MacAddr => ("mac-addr", "value"),
        T::EmailSubject => ("email-message", "subject"),
        T::EmailMessageId => ("email-message", "message_id"),
        T::FileName => ("file", "name"),
        T::Directory => ("directory", "path"),
        T::WindowsRegistryKey => ("windows-registry-key", "key"),
        T::Mutex => ("mutex", "name"),
        T::UserAccount => ("user-account", "account_login"),
        T::Sid => ("user-account", "user_id"),
        T::ProcessCommandLine => ("process", "command_line"),
        T::X509Serial => ("x509-certificate", "serial_number"),
        _ => return None,
    })
}

/// The name of a hash in STIX (`hash-algorithm-ov`; IMPHASH as MISP's converter writes it).
pub(super) fn algorithm(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::Md5 => "MD5",
        T::Sha1 => "SHA-1",
        T::Sha256 => "SHA-256",
        T::Sha512 => "SHA-512",
        T::Ssdeep => "SSDEEP",
        T::Tlsh => "TLSH",
        T::Imphash => "IMPHASH",
        _ => return None,
    })
}

/// A value that is only one when some of its characters are escaped, as a URL of RFC 3986 must have them.
pub(in crate::export) fn uri(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let bytes = value.as_bytes();
    for (n, byte) in bytes.iter().enumerate() {
        let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        let kept = match byte {
            b'%' => hex(n + 1) && hex(n + 2),
            // Brackets stand around addresses, and nowhere else.
            b'[' | b']' => in_authority(value, n),
            b'#' => value.find('#') == Some(n),
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            other => other.is_ascii_graphic(),
        };
        if kept {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn in_authority(value: &str, at: usize) -> bool {
    let start = value.find("://").map_or(0, |place| place + 3);
    let end = value.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(value.len(), |place| start + place);
    (start..end).contains(&at)
}

/// The id of the object that an observable is; `public_id` is the record's.
pub(super) fn id(observable: &Observable, public_id: &str) -> String {
    let uuid = own::uuid_of(public_id);
    match observable.kind {
        T::Url => {
            let value = uri(&observable.value);
            if value == observable.value { public_id.to_owned() } else { own::contributed_id("url", &json!({ "value": value })) }
        }
        // These have no id-contributing property that we know: then the specification demands version 4.
        T::EmailMessageId => format!("email-message--{}", own::as_v4(uuid)),
        T::ProcessCommandLine | T::ServiceName => format!("process--{}", own::as_v4(uuid)),
        T::Imphash => own::contributed_id("file", &json!({ "hashes": { "IMPHASH": observable.value } })),
        T::FilePath => path(&observable.value).map_or_else(
            || own::contributed_id("file", &json!({ "name": observable.value })),
            |(folder, name)| file_in(&folder_id(folder), name),
        ),
        _ => public_id.to_owned(),
    }
}

/// A path's folder and the name in it.
fn path(value: &str) -> Option<(&str, &str)> {
    let (folder, name) = value.rsplit_once(['\\', '/'])?;
    // The root is a folder too.
    let folder = if folder.is_empty() || folder.ends_with(':') { value.get(..folder.len() + 1)? } else { folder };
    (!name.is_empty()).then_some((folder, name))
}

fn folder_id(folder: &str) -> String {
    own::contributed_id("directory", &json!({ "path": folder }))
}

fn file_in(folder: &str, name: &str) -> String {
    own::contributed_id("file", &json!({ "name": name, "parent_directory_ref": folder }))
}

/// The object that an observable is, and the folder that it names, which is to be an object too.
pub(super) fn object<'a>(observable: &'a Observable, public_id: &str) -> (Object, Option<&'a str>) {
    let value = observable.value.as_str();
    let id = id(observable, public_id);
    let mut object = bare(own::type_of(&id), &id);
    let mut within = None;
    if let Some((_, property)) = place(observable.kind) {
        object.insert(property.to_owned(), value.into());
    } else if let Some(algorithm) = algorithm(observable.kind) {
        object.insert("hashes".to_owned(), json!({ algorithm: value }));
    }
    match observable.kind {
        T::EmailSubject | T::EmailMessageId => {
            object.insert("is_multipart".to_owned(), false.into());
        }
        T::Url => {
            let written = uri(value);
            if written != value {
                as_record(&mut object, observable);
            }
            object.insert("value".to_owned(), written.into());
        }
        T::AutonomousSystem => {
            let number = value.trim_start_matches("AS").parse::<u32>().unwrap_or_default();
            object.insert("number".to_owned(), number.into());
        }
        T::X509Sha1 => {
            object.insert("hashes".to_owned(), json!({ "SHA-1": value }));
        }
        T::ServiceName => {
            object.insert("extensions".to_owned(), json!({ "windows-service-ext": { "service_name": value } }));
        }
        T::FilePath => {
            as_record(&mut object, observable);
            match path(value) {
                Some((folder, name)) => {
                    object.insert("name".to_owned(), name.into());
                    object.insert("parent_directory_ref".to_owned(), folder_id(folder).into());
                    within = Some(folder);
                }
                None => {
                    object.insert("name".to_owned(), value.into());
                }
            }
        }
        _ if !object.keys().any(|key| !matches!(key.as_str(), "type" | "id" | "spec_version")) => {
            own::declare(&mut object, "new-sco");
            object.insert("value".to_owned(), value.into());
        }
        _ => {}
    }
    (object, within)
}

/// The folder that a file names.
pub(super) fn folder(path: &str, file: &str) -> Object {
    let mut directory = bare("directory", &folder_id(path));
    directory.insert("path".to_owned(), path.into());
    own::tell(&mut directory, "part_of", file);
    directory
}

/// Says which observable an object is, where its properties say it otherwise.
fn as_record(object: &mut Object, observable: &Observable) {
    let fields = json!({ "type": observable.kind.as_str(), "value": observable.value });
    own::tell(object, "record", json!({ "kind": "observable", "fields": fields }));
}

pub(super) fn bare(kind: &str, id: &str) -> Object {
    let mut object = Object::new();
    object.insert("type".to_owned(), kind.into());
    object.insert("spec_version".to_owned(), "2.1".into());
    object.insert("id".to_owned(), id.into());
    object
}

/// Hashes and a name of one file as one object; `None` when there is nothing among the parts that a file has.
pub(super) fn file(parts: &[&End]) -> Option<Object> {
    let mut hashes = Object::new();
    let mut name: Option<String> = None;
    for observable in parts.iter().filter_map(|part| part.observable()) {
        if let Some(algorithm) = algorithm(observable.kind) {
            hashes.entry(algorithm).or_insert_with(|| observable.value.clone().into());
        } else if observable.kind == T::FileName && name.as_ref().is_none_or(|known| observable.value < *known) {
            name = Some(observable.value);
        }
    }
    // One hash makes the id (STIX 2.1, section 2.9): the first of these.
    const FIRST: [&str; 4] = ["MD5", "SHA-1", "SHA-256", "SHA-512"];
    let first = FIRST.into_iter().find(|algorithm| hashes.contains_key(*algorithm)).map(str::to_owned);
    let algorithm = first.or_else(|| hashes.keys().next().cloned())?;
    let mut contributing = Object::new();
    contributing.insert("hashes".to_owned(), json!({ algorithm.as_str(): hashes.get(&algorithm)? }));
    if let Some(name) = &name {
        contributing.insert("name".to_owned(), name.as_str().into());
    }
    let mut object = bare("file", &own::contributed_id("file", &Value::Object(contributing)));
    object.insert("hashes".to_owned(), hashes.into());
    if let Some(name) = name {
        object.insert("name".to_owned(), name.into());
    }
    Some(object)
}
