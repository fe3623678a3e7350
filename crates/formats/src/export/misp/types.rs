//! What a record is in MISP (MISP 2.5, `describeTypes`): an attribute's type and category, a galaxy's tag, or nothing.

use model::Kind;
use model::observable::{Observable, ObservableType as T};
use model::relationship::RelationshipType;

use crate::export::Item;

/// How MISP is told of a record.
pub(super) enum Told {
    /// As attributes: type, category, value.
    Attributes(Vec<(&'static str, &'static str, String)>),
    /// As a tag of the event: a cluster of a galaxy.
    Tag(String),
    /// By what is said of others.
    Elsewhere,
}

const DELIVERY: &str = "Payload delivery";
const NETWORK: &str = "Network activity";
const DROPPED: &str = "Artifacts dropped";

/// The attribute type and category of an observable; `None` where MISP has only text for it.
pub(super) fn attribute_type(observable: &Observable) -> Option<(&'static str, &'static str)> {
    Some(match observable.kind {
        T::Ipv4Addr | T::Ipv6Addr => ("ip-dst", NETWORK),
        T::DomainName => ("domain", NETWORK),
        T::Hostname => ("hostname", NETWORK),
        T::Url => ("url", NETWORK),
        T::EmailAddr => ("email", DELIVERY),
        T::EmailSubject => ("email-subject", DELIVERY),
        T::EmailMessageId => ("email-message-id", DELIVERY),
        T::Md5 => ("md5", DELIVERY),
        T::Sha1 => ("sha1", DELIVERY),
        T::Sha256 => ("sha256", DELIVERY),
        T::Sha512 => ("sha512", DELIVERY),
        T::Ssdeep => ("ssdeep", DELIVERY),
        T::Imphash => ("imphash", DELIVERY),
        T::Tlsh => ("tlsh", DELIVERY),
        T::FileName | T::FilePath | T::Directory => ("filename", DELIVERY),
        T::WindowsRegistryKey => ("regkey", "Persistence mechanism"),
        T::Mutex => ("mutex", DROPPED),
        T::NamedPipe => ("named pipe", DROPPED),
        T::ServiceName => ("windows-service-name", DROPPED),
        T::MacAddr => ("mac-address", NETWORK),
        T::AutonomousSystem => ("AS", NETWORK),
        T::UserAgent => ("user-agent", NETWORK),
        T::UserAccount => ("target-user", "Targeting data"),
        T::Ja3 => ("ja3-fingerprint-md5", NETWORK),
        T::X509Sha1 => ("x509-fingerprint-sha1", NETWORK),
        T::CryptocurrencyWallet if is_bitcoin(&observable.value) => ("btc", "Financial fraud"),
        T::PhoneNumber => ("phone-number", "Person"),
        T::Cve => ("vulnerability", "External analysis"),
        T::Sid | T::Guid | T::ProcessCommandLine | T::Ja3s | T::Ja4 | T::X509Serial | T::CryptocurrencyWallet | T::Other => return None,
    })
}

fn is_bitcoin(value: &str) -> bool {
    value.starts_with("bc1") || value.starts_with('1') || value.starts_with('3')
}

/// What an observable is called in the template of files.
pub(super) fn relation(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::Md5 => "md5",
        T::Sha1 => "sha1",
        T::Sha256 => "sha256",
        T::Sha512 => "sha512",
        T::Ssdeep => "ssdeep",
        T::Tlsh => "tlsh",
        T::Imphash => "imphash",
        T::FileName => "filename",
        _ => return None,
    })
}

/// Whether attributes of a type can be searched for.
pub(super) fn may_detect(kind: &str) -> bool {
    !matches!(kind, "text" | "link" | "vulnerability" | "threat-actor" | "campaign-name" | "target-machine" | "target-user")
}

/// How MISP is told of a record.
pub(super) fn told(item: &Item) -> Told {
    let title = item.end.title.clone();
    let one = |kind, category, value| Told::Attributes(vec![(kind, category, value)]);
    let spoken = |category| one("text", category, format!("{}: {title}", item.end.kind.label()));
    match item.end.kind {
        Kind::Observable => match item.end.observable() {
            Some(observable) => match attribute_type(&observable) {
                Some((kind, category)) => one(kind, category, title),
                None => one("text", "Other", format!("{}: {title}", observable.kind.label())),
            },
            None => Told::Elsewhere,
        },
        Kind::Indicator => indicator(item),
        Kind::Vulnerability => one("vulnerability", "External analysis", title),
        Kind::ThreatActor => one("threat-actor", "Attribution", title),
        Kind::Campaign => one("campaign-name", "Attribution", title),
        Kind::AttackPattern | Kind::IntrusionSet | Kind::Malware | Kind::Tool | Kind::CourseOfAction => match cluster(item) {
            Some(tag) => Told::Tag(tag),
            None if item.end.kind == Kind::IntrusionSet => one("threat-actor", "Attribution", title),
            None => spoken("Payload type"),
        },
        Kind::ConfigurationItem => one("target-machine", "Targeting data", title),
        Kind::User => {
            let id = item.text("user_id");
            one("target-user", "Targeting data", if id.is_empty() { title } else { id.to_owned() })
        }
        Kind::Incident => one("text", "Internal reference", format!("{}: {title}", item.text("number"))),
        Kind::VulnerableItem => spoken("Internal reference"),
        Kind::Report => report(item),
        Kind::Identity | Kind::Location => spoken("Attribution"),
        Kind::StixNote => one("text", "External analysis", format!("{title}\n\n{}", item.text("content"))),
        Kind::StixSighting => Told::Elsewhere,
        Kind::Grouping | Kind::MalwareAnalysis | Kind::Infrastructure | Kind::ObservedData | Kind::Opinion | Kind::StixObject => {
            spoken("External analysis")
        }
    }
}

/// A rule or a pattern; nothing, when the pattern is what its observables say already.
fn indicator(item: &Item) -> Told {
    let pattern = item.text("pattern").to_owned();
    let rule = match item.text("pattern_type") {
        _ if pattern.is_empty() => None,
        "stix" if item.refers.iter().any(|(how, _)| *how == RelationshipType::BASED_ON) => return Told::Elsewhere,
        "stix" => Some(("stix2-pattern", DELIVERY)),
        "yara" => Some(("yara", DELIVERY)),
        "sigma" => Some(("sigma", DELIVERY)),
        "snort" => Some(("snort", NETWORK)),
        "suricata" => Some(("suricata", NETWORK)),
        "zeek" => Some(("zeek", NETWORK)),
        _ => None,
    };
    match rule {
        Some((kind, category)) => Told::Attributes(vec![(kind, category, pattern)]),
        None => Told::Attributes(vec![("text", "External analysis", format!("Indicator: {}\n{pattern}", item.end.title))]),
    }
}

/// The tag of an ATT&CK technique that has a name.
pub(super) fn technique(name: &str, id: &str) -> Option<String> {
    (!name.is_empty() && !name.contains('"')).then(|| format!("misp-galaxy:mitre-attack-pattern=\"{name} - {id}\""))
}

/// The tag of an ATT&CK cluster, as MISP's galaxies call it.
fn cluster(item: &Item) -> Option<String> {
    let id = item.text("external_id");
    let (galaxy, letter) = match item.end.kind {
        Kind::AttackPattern => ("attack-pattern", 'T'),
        Kind::IntrusionSet => ("intrusion-set", 'G'),
        Kind::Malware => ("malware", 'S'),
        Kind::Tool => ("tool", 'S'),
        Kind::CourseOfAction => ("course-of-action", 'M'),
        _ => return None,
    };
    let digits = id.strip_prefix(letter)?;
    let right = digits.starts_with(|c: char| c.is_ascii_digit()) && !item.end.title.contains('"');
    right.then(|| format!("misp-galaxy:mitre-{galaxy}=\"{} - {id}\"", item.end.title))
}

/// A report by its name and where it can be read.
fn report(item: &Item) -> Told {
    let mut attributes = vec![("text", "External analysis", format!("Report: {}", item.end.title))];
    let lines = item.fields.get("external_references").and_then(|value| value.as_array());
    for line in lines.into_iter().flatten().filter_map(|line| line.as_str()) {
        if let Some(url) = line.split(' ').find(|word| word.contains("://")) {
            attributes.push(("link", "External analysis", url.to_owned()));
            break;
        }
    }
    Told::Attributes(attributes)
}
