//! STIX patterns (STIX 2.1, part 9) for what MISP marks `to_ids`.
//!
//! The object paths are those of MISP's own converter, so that both make the same of an attribute.

use model::observable::{Observable, ObservableType as T};

/// One comparison: `file:hashes.MD5 = '…'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// `file:hashes.MD5`.
    path: String,
    /// `=` or `ISSUBSET`.
    operator: &'static str,
    /// As it stands in the pattern, quoted if it is text.
    literal: String,
}

impl Term {
    /// A comparison with a text.
    pub(super) fn text(path: impl Into<String>, value: &str) -> Self {
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        Self { path: path.into(), operator: "=", literal: format!("'{escaped}'") }
    }

    /// A comparison with a number; with a text, where it is none.
    pub(super) fn number(path: &str, value: &str) -> Self {
        match value.trim().parse::<u64>() {
            Ok(number) => Self { path: path.to_owned(), operator: "=", literal: number.to_string() },
            Err(_) => Self::text(path, value),
        }
    }

    fn network(path: impl Into<String>, value: &str) -> Self {
        let operator = if value.contains('/') { "ISSUBSET" } else { "=" };
        Self { operator, ..Self::text(path, value) }
    }

    fn object(&self) -> &str {
        self.path.split(':').next().unwrap_or_default()
    }
}

/// The comparisons for an observable; `path` is where MISP's type puts it, empty for where its own type belongs.
pub(super) fn terms(observable: &Observable, path: &str) -> Vec<Term> {
    let value = observable.value.as_str();
    let object = if observable.kind == T::Ipv6Addr { "ipv6-addr" } else { "ipv4-addr" };
    match observable.kind {
        T::Ipv4Addr | T::Ipv6Addr if path.ends_with("_ref") => {
            vec![Term::text(format!("{path}.type"), object), Term::network(format!("{path}.value"), value)]
        }
        T::Ipv4Addr | T::Ipv6Addr if path.is_empty() => vec![Term::network(format!("{object}:value"), value)],
        T::AutonomousSystem => vec![Term::number("autonomous-system:number", value.trim_start_matches("AS"))],
        T::FilePath => file_path(value),
        _ if !path.is_empty() => vec![Term::text(path, value)],
        _ => match own_path(observable.kind) {
            Some(path) => vec![Term::text(path, value)],
            None => vec![Term::text("x-misp-attribute:type", observable.kind.as_str()), Term::text("x-misp-attribute:value", value)],
        },
    }
}

/// A path is a name and the folder that holds it (STIX 2.1, section 6.7).
fn file_path(value: &str) -> Vec<Term> {
    match value.rsplit_once(['\\', '/']) {
        Some((folder, name)) if !folder.is_empty() && !name.is_empty() => {
            vec![Term::text("file:name", name), Term::text("file:parent_directory_ref.path", folder)]
        }
        _ => vec![Term::text("file:name", value)],
    }
}

/// Where STIX keeps what the observable's type tells.
fn own_path(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::DomainName | T::Hostname => "domain-name:value",
        T::Url => "url:value",
        T::EmailAddr => "email-addr:value",
        T::EmailSubject => "email-message:subject",
        T::EmailMessageId => "email-message:message_id",
        T::Md5 => "file:hashes.MD5",
        T::Sha1 => "file:hashes.'SHA-1'",
        T::Sha256 => "file:hashes.'SHA-256'",
        T::Sha512 => "file:hashes.'SHA-512'",
        T::Ssdeep => "file:hashes.SSDEEP",
        T::Tlsh => "file:hashes.TLSH",
        T::Imphash => "file:hashes.IMPHASH",
        T::FileName => "file:name",
        T::Directory => "directory:path",
        T::WindowsRegistryKey => "windows-registry-key:key",
        T::Mutex => "mutex:name",
        T::MacAddr => "mac-addr:value",
        T::UserAgent => "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        T::UserAccount => "user-account:account_login",
        T::Sid => "user-account:user_id",
        T::ProcessCommandLine => "process:command_line",
        T::ServiceName => "process:extensions.'windows-service-ext'.service_name",
        T::X509Serial => "x509-certificate:serial_number",
        T::X509Sha1 => "x509-certificate:hashes.'SHA-1'",
        _ => return None,
    })
}

/// The comparisons of one sort of object, by what they compare.
type Paths<'a> = Vec<(&'a str, Vec<&'a Term>)>;

/// The pattern of all comparisons: those of one sort of object in one observation, several values of one property as
/// alternatives. `None` when there is nothing to compare.
pub(super) fn pattern(terms: &[Term]) -> Option<String> {
    let mut objects: Vec<(&str, Paths<'_>)> = Vec::new();
    for term in terms {
        let object = term.object();
        let at = objects.iter().position(|(name, _)| *name == object).unwrap_or_else(|| {
            objects.push((object, Vec::new()));
            objects.len() - 1
        });
        let Some((_, paths)) = objects.get_mut(at) else { continue };
        match paths.iter_mut().find(|(path, _)| *path == term.path) {
            Some((_, alternatives)) if alternatives.contains(&term) => {}
            Some((_, alternatives)) => alternatives.push(term),
            None => paths.push((&term.path, vec![term])),
        }
    }
    let observations: Vec<String> = objects
        .iter()
        .map(|(_, paths)| {
            let comparisons: Vec<String> = paths.iter().map(|(_, alternatives)| alternatives_of(alternatives)).collect();
            format!("[{}]", comparisons.join(" AND "))
        })
        .collect();
    (!observations.is_empty()).then(|| observations.join(" AND "))
}

fn alternatives_of(terms: &[&Term]) -> String {
    let each: Vec<String> = terms.iter().map(|term| format!("{} {} {}", term.path, term.operator, term.literal)).collect();
    if each.len() > 1 { format!("({})", each.join(" OR ")) } else { each.concat() }
}
