//! Observables: their types, their one normal form, and how they are written, identified and marked.
//!
//! Extraction, import, cases and the log index all use the same normal form, so that the same thing is
//! found again however it was written.

mod alias;
mod crypto;
mod defang;
mod file;
mod hash;
mod mark;
mod name;
mod network;
mod stix;
mod types;
mod url;

use serde::{Deserialize, Serialize};

use crate::text::fold;

pub use defang::{Refanged, defang, refang, refang_text};
pub use mark::{Mark, marks};
pub use name::has_file_ending;
pub use network::has_known_suffix;
pub use stix::stix_id;
pub use types::ObservableType;
pub use url::host as url_host;

/// The longest value, in characters.
pub const MAX_VALUE: usize = 8_192;

/// Something that can be observed on a machine or a network: a type, and a value in normal form.
///
/// Made by [`Observable::new`], [`Observable::guess`] or [`parse_typed`], which normalise and validate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "Given")]
pub struct Observable {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ObservableType,
    /// Its value in normal form.
    pub value: String,
}

/// An observable as it comes from outside, before it is normalised.
#[derive(Deserialize)]
struct Given {
    #[serde(rename = "type")]
    kind: ObservableType,
    value: String,
}

impl TryFrom<Given> for Observable {
    type Error = BadObservable;

    fn try_from(given: Given) -> Result<Self, BadObservable> {
        Self::new(given.kind, &given.value)
    }
}

/// A value that is not what its type says, or whose type can't be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {expected}")]
pub struct BadObservable {
    /// What was given, shortened.
    pub given: String,
    /// What would be right.
    pub expected: String,
}

impl BadObservable {
    fn new(given: &str, expected: impl Into<String>) -> Self {
        let printable: String = given.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(81).collect();
        Self { given: crate::text::shorten(&printable, 80), expected: expected.into() }
    }
}

impl Observable {
    /// Refangs, normalises and validates a value.
    ///
    /// The type may come out more precise than it went in: either type of address takes both families, and an
    /// IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) becomes IPv4.
    ///
    /// # Errors
    /// When the value is not of the type; the error says what would be right.
    pub fn new(kind: ObservableType, value: &str) -> Result<Self, BadObservable> {
        let bad = |expected: String| BadObservable::new(value, expected);
        let mut found = once(kind, value).map_err(bad)?;
        // What is cut off can leave something to cut off; only what no longer changes is a normal form.
        for _ in 0..8 {
            let again = once(found.kind, &found.value).map_err(bad)?;
            if again == found {
                return Ok(found);
            }
            found = again;
        }
        Err(bad(kind.expectation().to_owned()))
    }

    /// Tells the type from the value alone, for pasted lists, and normalises the value.
    ///
    /// # Errors
    /// When the value looks like nothing that can be told without its type.
    pub fn guess(value: &str) -> Result<Self, BadObservable> {
        let invisible = defang::without_invisible(value);
        let clean = invisible.trim().trim_matches(['"', '\'', '`', '<', '>', ',', ';']).trim();
        for kind in ObservableType::GUESSED {
            if !kind.looks_like(clean) {
                continue;
            }
            if let Ok(observable) = Self::new(*kind, clean) {
                return Ok(observable);
            }
        }
        let refanged = refang(clean);
        if let Some((host, port)) = refanged.rsplit_once(':')
            && port.parse::<u16>().is_ok()
            && let Ok(address) = Self::new(ObservableType::Ipv4Addr, host.trim_matches(['[', ']']))
        {
            return Ok(address);
        }
        Err(BadObservable::new(
            value,
            "something whose type can be told: an address, a domain, a URL, an e-mail address, a hash, a path, a registry key, …; say its type",
        ))
    }
}

impl std::fmt::Display for Observable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.value)
    }
}

/// Reads a value whose type is told by any of the common names, `hash` (by its length) and `ip` among them.
///
/// # Errors
/// When the name of the type is unknown, or the value is not of the type.
pub fn parse_typed(type_alias: &str, value: &str) -> Result<Observable, BadObservable> {
    if matches!(types::folded_alias(type_alias).as_str(), "hash" | "file-hash" | "filehash" | "checksum") {
        let clean = defang::without_invisible(value);
        let kind = hash::kind_by_length(clean.trim())
            .ok_or_else(|| BadObservable::new(value, "a hash: 32, 40, 64 or 128 hexadecimal digits, or an ssdeep or TLSH hash"))?;
        return Observable::new(kind, value);
    }
    let kind = ObservableType::from_alias(type_alias)
        .ok_or_else(|| BadObservable::new(type_alias, "a known type of observable, such as ipv4-addr, domain-name, url or sha256"))?;
    Observable::new(kind, value)
}

/// Normalises once; the error is what would be right.
fn once(kind: ObservableType, value: &str) -> Result<Observable, String> {
    // Markup can be longer than the value, but not by much; refanging may take several rounds over all of it.
    if value.len() > MAX_VALUE * 8 {
        return Err(format!("at most {MAX_VALUE} characters long"));
    }
    let refanged = if kind.is_verbatim() { defang::without_invisible(value) } else { refang(value) };
    let clean = refanged.trim();
    if clean.is_empty() {
        return Err("a value: it is empty".to_owned());
    }
    if clean.chars().count() > MAX_VALUE {
        return Err(format!("at most {MAX_VALUE} characters long"));
    }
    let allowed = |c: char| !c.is_control() || (kind.is_free_text() && matches!(c, '\t' | '\n' | '\r'));
    if let Some(c) = clean.chars().find(|c| !allowed(*c)) {
        return Err(format!("free of control characters: it holds U+{:04X}", u32::from(c)));
    }
    let (kind, value) = normal(kind, clean).ok_or_else(|| kind.expectation().to_owned())?;
    // Normalising can add characters: A-labels, spelled-out hives.
    if value.chars().count() > MAX_VALUE {
        return Err(format!("at most {MAX_VALUE} characters long"));
    }
    Ok(Observable { kind, value })
}

/// The normal form, with the type as it came out.
fn normal(kind: ObservableType, value: &str) -> Option<(ObservableType, String)> {
    use ObservableType as T;
    let text = match kind {
        T::Ipv4Addr | T::Ipv6Addr => return network::address(value),
        T::DomainName => network::domain(value)?,
        T::Hostname => network::hostname(value)?,
        T::Url => url::normal(value)?,
        T::EmailAddr => network::email(value)?,
        T::EmailMessageId => network::message_id(value)?,
        T::MacAddr => network::mac(value)?,
        T::AutonomousSystem => network::autonomous_system(value)?,
        T::Md5 | T::Imphash | T::Ja3 | T::Ja3s => hash::hex(value, 32)?,
        T::Sha1 | T::X509Sha1 => hash::hex_with_colons(value, 40)?,
        T::Sha256 => hash::hex(value, 64)?,
        T::Sha512 => hash::hex(value, 128)?,
        T::Ssdeep => hash::ssdeep(value)?,
        T::Tlsh => hash::tlsh(value)?,
        T::Ja4 => hash::ja4(value)?,
        T::X509Serial => hash::serial(value)?,
        T::FileName => file::name(value)?,
        T::FilePath => file::path(value)?,
        T::Directory => file::directory(value)?,
        T::WindowsRegistryKey => file::registry_key(value)?,
        T::NamedPipe => file::named_pipe(value)?,
        T::Sid => name::sid(value)?,
        T::Guid => name::guid(value)?,
        T::Cve => name::cve(value)?,
        T::PhoneNumber => name::phone(value)?,
        T::CryptocurrencyWallet => crypto::wallet(value)?,
        T::Mutex | T::ServiceName | T::UserAccount => value.to_owned(),
        T::EmailSubject | T::UserAgent | T::ProcessCommandLine | T::Other => name::one_line(value),
    };
    Some((kind, text))
}

/// Folded text for keyword search: the normal form, and for internationalised domains the Unicode form too.
#[must_use]
pub fn search_text(observable: &Observable) -> String {
    let folded = fold(&observable.value);
    if !folded.contains("xn--") {
        return folded;
    }
    let readable = network::readable(&folded);
    if readable == folded { folded } else { format!("{folded} {}", fold(&readable)) }
}
