//! Public ids: deterministic STIX 2.1 identifiers (section 2.9).

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Observable, ObservableType};

/// The namespace of STIX 2.1, section 2.9.
const STIX_NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// Our own namespace, for types that STIX does not know. Never to be changed: ids are made from it.
const OWN_NAMESPACE: Uuid = Uuid::from_u128(0xbe79_b80f_a323_4c10_9dec_f8e9_fcf1_c4ff);

/// The public id of an observable: `type--UUIDv5`, the same in every installation.
///
/// For what STIX can say, the type and the UUID are those of the STIX object with these id-contributing properties
/// in canonical JSON (RFC 8785). Other types have an id over type and value in a namespace of ours.
#[must_use]
pub fn stix_id(observable: &Observable) -> String {
    let canonical = contributing(observable).and_then(|(kind, properties)| Some((kind, canonical(&properties)?)));
    match canonical {
        Some((kind, text)) => format!("{kind}--{}", Uuid::new_v5(&STIX_NAMESPACE, text.as_bytes())),
        None => {
            let kind = observable.kind.as_str();
            let name = format!("{kind}\0{}", observable.value);
            format!("{kind}--{}", Uuid::new_v5(&OWN_NAMESPACE, name.as_bytes()))
        }
    }
}

fn canonical(properties: &Value) -> Option<String> {
    serde_json_canonicalizer::to_string(properties).ok()
}

/// The STIX object type and its id-contributing properties (STIX 2.1, sections 6.1 to 6.18), where STIX has the type.
fn contributing(observable: &Observable) -> Option<(&'static str, Value)> {
    use ObservableType as T;
    let value = observable.value.as_str();
    Some(match observable.kind {
        T::Ipv4Addr => ("ipv4-addr", json!({ "value": value })),
        T::Ipv6Addr => ("ipv6-addr", json!({ "value": value })),
        T::DomainName => ("domain-name", json!({ "value": value })),
        T::Url => ("url", json!({ "value": value })),
        T::EmailAddr => ("email-addr", json!({ "value": value })),
        T::EmailSubject => ("email-message", json!({ "subject": value })),
        T::MacAddr => ("mac-addr", json!({ "value": value })),
        T::AutonomousSystem => ("autonomous-system", json!({ "number": value.strip_prefix("AS")?.parse::<u32>().ok()? })),
        T::Md5 => ("file", json!({ "hashes": { "MD5": value } })),
        T::Sha1 => ("file", json!({ "hashes": { "SHA-1": value } })),
        T::Sha256 => ("file", json!({ "hashes": { "SHA-256": value } })),
        T::Sha512 => ("file", json!({ "hashes": { "SHA-512": value } })),
        T::Ssdeep => ("file", json!({ "hashes": { "SSDEEP": value } })),
        T::Tlsh => ("file", json!({ "hashes": { "TLSH": value } })),
        T::FileName => ("file", json!({ "name": value })),
        T::Directory => ("directory", json!({ "path": value })),
        T::WindowsRegistryKey => ("windows-registry-key", json!({ "key": value })),
        T::Mutex => ("mutex", json!({ "name": value })),
        T::UserAccount => ("user-account", json!({ "account_login": value })),
        T::Sid => ("user-account", json!({ "user_id": value })),
        T::X509Serial => ("x509-certificate", json!({ "serial_number": value })),
        T::X509Sha1 => ("x509-certificate", json!({ "hashes": { "SHA-1": value } })),
        // A path is a directory and a file with a reference to it, so it has no id of its own in STIX; a host name
        // would take the id of the domain of the same name; for the others STIX has no object, or one without
        // id-contributing properties.
        T::Hostname
        | T::EmailMessageId
        | T::Imphash
        | T::FilePath
        | T::NamedPipe
        | T::ServiceName
        | T::UserAgent
        | T::Guid
        | T::ProcessCommandLine
        | T::Ja3
        | T::Ja3s
        | T::Ja4
        | T::CryptocurrencyWallet
        | T::PhoneNumber
        | T::Cve
        | T::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_same_text_under_another_type_is_another_observable() {
        let mut ids: Vec<String> =
            ObservableType::ALL.iter().map(|kind| stix_id(&Observable { kind: *kind, value: "AS1".to_owned() })).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), ObservableType::ALL.len());
    }
}
