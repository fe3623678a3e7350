//! MISP's attribute types (MISP 2.5, `describeTypes`), and what each of them is here.

use model::observable::ObservableType as T;

/// What an attribute, or a part of one, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An observable of the first of these types that takes the value; then where a STIX pattern compares it, empty for
    /// where the type itself belongs. What none takes is refused.
    Value(&'static [T], &'static str),
    /// The same, but what none takes is no more than text.
    Perhaps(&'static [T], &'static str),
    /// Only a condition of a pattern: a number at this place.
    Number(&'static str),
    /// Only a condition of a pattern: a text at this place.
    Condition(&'static str),
    /// A rule of another language, by the name of its `pattern_type`.
    Rule(&'static str),
    /// A weakness of a product, with its CVE.
    Vulnerability,
    /// A name of an actor.
    ThreatActor,
    /// A name of a campaign.
    Campaign,
    /// Where more is told.
    Link,
    /// What people read.
    Text,
}

const ADDRESS: &[T] = &[T::Ipv4Addr];
const DOMAIN: &[T] = &[T::DomainName, T::Hostname];
const HOST: &[T] = &[T::Hostname, T::Other];
const FILE: &[T] = &[T::FileName, T::FilePath, T::Directory, T::Other];
const PATH: &[T] = &[T::FilePath, T::FileName, T::Other];
const MAIL: &[T] = &[T::EmailAddr];
const OTHER: &[T] = &[T::Other];
const WALLET: &[T] = &[T::CryptocurrencyWallet, T::Other];
const ACCOUNT: &[T] = &[T::UserAccount];

/// What an attribute type is; `None` for one that MISP does not have. Composite types are read part by part.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    use Meaning::{Campaign, Condition, Link, Number, Perhaps, Rule, Text, ThreatActor, Value, Vulnerability};
    Some(match name {
        "md5" => Value(&[T::Md5], ""),
        "sha1" => Value(&[T::Sha1], ""),
        "sha256" => Value(&[T::Sha256], ""),
        "sha512" => Value(&[T::Sha512], ""),
        "sha224" | "sha512/224" => Value(OTHER, "file:hashes.'SHA-224'"),
        "sha384" => Value(OTHER, "file:hashes.'SHA-384'"),
        "sha512/256" => Value(&[T::Sha256], "file:hashes.'SHA-256'"),
        "sha3-224" => Value(OTHER, "file:hashes.'SHA3-224'"),
        "sha3-256" => Value(OTHER, "file:hashes.'SHA3-256'"),
        "sha3-384" => Value(OTHER, "file:hashes.'SHA3-384'"),
        "sha3-512" => Value(OTHER, "file:hashes.'SHA3-512'"),
        "ssdeep" => Value(&[T::Ssdeep], ""),
        "imphash" => Value(&[T::Imphash], ""),
        "tlsh" => Value(&[T::Tlsh, T::Other], "file:hashes.TLSH"),
        "authentihash" => Value(OTHER, "file:hashes.AUTHENTIHASH"),
        "pehash" => Value(OTHER, "file:hashes.PEHASH"),
        "impfuzzy" => Value(OTHER, "file:hashes.IMPFUZZY"),
        "vhash" => Value(OTHER, "file:hashes.VHASH"),
        "telfhash" => Value(OTHER, "file:hashes.TELFHASH"),
        "cdhash" => Value(OTHER, "file:hashes.CDHASH"),
        "filename" | "attachment" => Value(FILE, ""),
        "email-attachment" => Value(FILE, "email-message:body_multipart[*].body_raw_ref.name"),
        "pdb" => Value(PATH, ""),
        "ip-src" => Value(ADDRESS, "network-traffic:src_ref"),
        "ip-dst" => Value(ADDRESS, "network-traffic:dst_ref"),
        "ip" => Value(ADDRESS, ""),
        "domain" | "hostname" | "onion-address" => Value(DOMAIN, ""),
        "url" => Value(&[T::Url], ""),
        "uri" => Value(&[T::Url, T::Other], "url:value"),
        "email" | "whois-registrant-email" | "dns-soa-email" | "target-email" => Value(MAIL, ""),
        "email-src" => Value(MAIL, "email-message:from_ref.value"),
        "email-dst" => Value(MAIL, "email-message:to_refs[*].value"),
        "email-reply-to" => Value(MAIL, "email-message:additional_header_fields.reply_to"),
        "eppn" | "jabber-id" => Value(&[T::EmailAddr, T::UserAccount], ""),
        "email-subject" => Value(&[T::EmailSubject], ""),
        "email-message-id" => Value(&[T::EmailMessageId, T::Other], "email-message:message_id"),
        "email-header" => Value(OTHER, "email-message:received_lines"),
        "email-body" => Value(OTHER, "email-message:body"),
        "email-x-mailer" => Value(OTHER, "email-message:additional_header_fields.x_mailer"),
        "email-mime-boundary" => Value(OTHER, "email-message:additional_header_fields.content_type"),
        "email-thread-index" => Value(OTHER, "email-message:additional_header_fields.thread_index"),
        "regkey" => Value(&[T::WindowsRegistryKey, T::Other], "windows-registry-key:key"),
        "value" => Value(OTHER, "windows-registry-key:values.data"),
        "mutex" => Value(&[T::Mutex], ""),
        "named pipe" | "named-pipe" => Value(&[T::NamedPipe], ""),
        "windows-service-name" | "windows-service-displayname" => Value(&[T::ServiceName], ""),
        "user-agent" => Value(&[T::UserAgent], ""),
        "AS" => Value(&[T::AutonomousSystem], ""),
        "mac-address" => Value(&[T::MacAddr], ""),
        "x509-fingerprint-sha1" => Value(&[T::X509Sha1], ""),
        "x509-fingerprint-md5" => Value(OTHER, "x509-certificate:hashes.MD5"),
        "x509-fingerprint-sha256" => Value(OTHER, "x509-certificate:hashes.'SHA-256'"),
        "ja3-fingerprint-md5" => Value(&[T::Ja3], ""),
        "btc" => Value(&[T::CryptocurrencyWallet], ""),
        "xmr" | "dash" | "eth" => Value(WALLET, ""),
        "phone-number" | "prtn" | "whois-registrant-phone" => Value(&[T::PhoneNumber], ""),
        "github-username" | "twitter-id" | "target-user" => Value(ACCOUNT, ""),
        "target-machine" => Value(HOST, ""),
        "azure-application-id" => Value(&[T::Guid, T::Other], ""),
        "link" => Link,
        "vulnerability" => Vulnerability,
        "threat-actor" => ThreatActor,
        "campaign-name" => Campaign,
        "yara" => Rule("yara"),
        "snort" => Rule("snort"),
        "suricata" => Rule("suricata"),
        "sigma" => Rule("sigma"),
        "zeek" | "bro" => Rule("zeek"),
        "stix2-pattern" => Rule("stix"),
        "kusto-query" => Rule("kusto"),
        "port" => Number("network-traffic:dst_port"),
        "size-in-bytes" => Number("file:size"),
        "http-method" => Condition("network-traffic:extensions.'http-request-ext'.request_method"),
        "mime-type" => Condition("file:mime_type"),
        "filename-pattern" => Perhaps(PATH, ""),
        // Values that logs hold, of types that have no name here.
        "hassh-md5"
        | "hasshserver-md5"
        | "jarm-fingerprint"
        | "community-id"
        | "ssh-fingerprint"
        | "favicon-mmh3"
        | "dom-hash"
        | "pgp-public-key"
        | "pgp-private-key"
        | "dkim"
        | "dkim-signature"
        | "cookie"
        | "windows-scheduled-task"
        | "process-state"
        | "mac-eui-64"
        | "mobile-application-id"
        | "chrome-extension-id"
        | "git-commit-id"
        | "iban"
        | "bic"
        | "bank-account-nr"
        | "aba-rtn"
        | "bin"
        | "cc-number"
        | "github-repository"
        | "github-organisation"
        | "identity-card-number" => Value(OTHER, ""),
        // What people read.
        "text"
        | "comment"
        | "other"
        | "datetime"
        | "float"
        | "boolean"
        | "counter"
        | "hex"
        | "integer"
        | "cpe"
        | "weakness"
        | "pattern-in-file"
        | "pattern-in-traffic"
        | "pattern-in-memory"
        | "pattern-filename"
        | "internal reference"
        | "internal-reference"
        | "anonymised"
        | "campaign-id"
        | "cortex"
        | "target-org"
        | "target-location"
        | "target-external"
        | "whois-registrant-name"
        | "whois-registrant-org"
        | "whois-registrar"
        | "whois-creation-date"
        | "x-misp-object"
        | "gene"
        | "ppsn"
        | "scheduled-task"
        | "email-src-display-name"
        | "email-dst-display-name"
        | "first-name"
        | "middle-name"
        | "last-name"
        | "full-name"
        | "date-of-birth"
        | "place-of-birth"
        | "gender"
        | "passport-number"
        | "passport-country"
        | "passport-expiration"
        | "redress-number"
        | "nationality"
        | "visa-number"
        | "issue-date-of-the-visa"
        | "primary-residence"
        | "country-of-residence"
        | "special-service-request"
        | "frequent-flyer-number"
        | "travel-details"
        | "payment-details"
        | "place-port-of-original-embarkation"
        | "place-port-of-clearance"
        | "place-port-of-onward-foreign-destination"
        | "passenger-name-record-locator-number" => Text,
        _ => return None,
    })
}

/// What an attribute of an object is, where the object's template tells more than the attribute's type.
pub(super) fn in_object(template: &str, relation: &str, name: &str) -> Option<Meaning> {
    use Meaning::{Number, Perhaps, Value};
    Some(match (template, relation) {
        ("domain-ip" | "dns-record" | "ip-port", "ip" | "a-record" | "aaaa-record") if name.starts_with("ip-") => {
            Value(ADDRESS, "domain-name:resolves_to_refs[*].value")
        }
        ("asn", "subnet-announced") => Value(ADDRESS, ""),
        ("network-traffic", "src_ip") => Value(ADDRESS, "network-traffic:src_ref"),
        ("network-connection" | "ip-port" | "network-traffic", "src-port" | "src_port") => Number("network-traffic:src_port"),
        ("user-account", "username") => Perhaps(ACCOUNT, ""),
        ("user-account", "user-id") => Perhaps(&[T::Sid], ""),
        ("authentication-failure-report" | "credential" | "telegram-account", "username") => Perhaps(ACCOUNT, ""),
        ("file", "path" | "fullpath") => Perhaps(&[T::FilePath, T::Directory], ""),
        ("process", "command-line" | "parent-command-line") | ("command-line", "command_line") => Perhaps(&[T::ProcessCommandLine], ""),
        ("process", "name" | "parent-process-name") => Perhaps(&[T::FileName, T::FilePath], ""),
        ("process", "parent-process-path") => Perhaps(&[T::FilePath], ""),
        ("x509", "serial-number") => Perhaps(&[T::X509Serial], ""),
        ("passive-dns", "rrname") => Perhaps(DOMAIN, ""),
        ("passive-dns", "rdata") => Perhaps(&[T::Ipv4Addr, T::DomainName], ""),
        ("http-request", "referer") => Perhaps(&[T::Url], ""),
        ("email", "user-agent") => Perhaps(&[T::UserAgent], ""),
        ("url", "port") | ("domain-ip", "port") => Meaning::Text,
        _ => return None,
    })
}

/// What a part of a composite type is: `ip-dst|port` gives `ip-dst` and `port`.
pub(super) fn parts(name: &str) -> Vec<&str> {
    match name {
        "malware-sample" => vec!["filename", "md5"],
        "regkey|value" => vec!["regkey", "value"],
        "domain|ip" => vec!["domain", "domain-ip"],
        other => other.split('|').collect(),
    }
}

/// [`meaning`], with what only parts of composite types are.
pub(super) fn part_meaning(whole: &str, part: &str) -> Option<Meaning> {
    match (whole, part) {
        ("domain|ip", "domain-ip") => Some(Meaning::Value(ADDRESS, "domain-name:resolves_to_refs[*].value")),
        ("ip-src|port", "port") => Some(Meaning::Number("network-traffic:src_port")),
        ("hostname|port", "hostname") => Some(Meaning::Value(DOMAIN, "network-traffic:dst_ref.value")),
        (_, "value") if whole != "regkey|value" => None,
        _ => meaning(part),
    }
}
