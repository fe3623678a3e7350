//! From a property of a STIX object to the fields of an event.

use model::Timestamp;
use model::observable::{Observable, ObservableType};
use serde_json::Value as Json;

use super::super::{ObjectPath, Step};
use crate::log_events::{MAX_DEPTH, Shape};

/// Fields of one event that are looked at.
const MOST_FIELDS: usize = 4_096;

/// What an event tells.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Field names in lower case, nested ones joined by dots, without what shippers wrap events in; and their values.
    fields: Vec<(String, String)>,
    accounts: Vec<String>,
    /// The decoded values, or the line.
    text: String,
}

/// Where events are wrapped, in lower case.
const WRAPPERS: &[&str] = &[
    "_source.",
    "result.",
    "winlog.event_data.",
    "event.eventdata.",
    "eventdata.",
    "event_data.",
    "winlog.user_data.",
    "event.userdata.",
    "event.system.",
    "layers.",
];

impl Facts {
    /// What an event of this shape tells; `accounts` as the log index keeps them.
    #[must_use]
    pub fn of(shape: u8, raw: &str, accounts: &[String]) -> Self {
        let mut facts = Self { accounts: accounts.to_vec(), ..Self::default() };
        let json = (shape == Shape::Json as u8).then(|| serde_json::from_str::<Json>(raw).ok()).flatten();
        match json {
            Some(json) => {
                facts.walk(&mut String::new(), &json, 0);
                crate::log_events::values_of(shape, raw, &mut facts.text);
            }
            None => {
                raw.clone_into(&mut facts.text);
                for (key, value) in crate::log_events::pairs_of(raw).into_iter().take(MOST_FIELDS) {
                    facts.fields.push((key.to_lowercase(), value.to_owned()));
                }
            }
        }
        facts
    }

    fn walk(&mut self, path: &mut String, value: &Json, depth: usize) {
        if depth > MAX_DEPTH || self.fields.len() >= MOST_FIELDS {
            return;
        }
        match value {
            Json::Object(fields) => {
                for (key, value) in fields {
                    let before = path.len();
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&key.to_lowercase());
                    self.walk(path, value, depth + 1);
                    path.truncate(before);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.walk(path, item, depth + 1)),
            Json::Null => {}
            Json::String(text) => self.push(path, text.clone()),
            other => self.push(path, other.to_string()),
        }
    }

    fn push(&mut self, path: &str, value: String) {
        let mut name = path;
        while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
            name = rest;
        }
        self.fields.push((name.to_owned(), value));
    }

    fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let found = self.fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, value)| value.as_str()).filter(|value| !matches!(*value, "" | "-"))
    }

    /// The values of a field.
    pub(super) fn values(&self, field: &Field) -> Vec<String> {
        let mut values: Vec<String> = match field.from {
            From::Named(names) => self.named(names).map(str::to_owned).collect(),
            From::Accounts => {
                let short = self.accounts.iter().filter_map(|account| account.rsplit_once('\\').map(|(_, user)| user));
                self.accounts.iter().map(String::as_str).chain(short).map(str::to_owned).collect()
            }
            From::Words(of_type) => self.words(of_type),
            From::Hashes(length) => {
                let tokens = self.text.split(|c: char| !c.is_ascii_alphanumeric());
                tokens.filter(|token| token.len() == length && token.bytes().all(|b| b.is_ascii_hexdigit())).map(str::to_owned).collect()
            }
        };
        for value in &mut values {
            match field.part {
                Part::Whole => {}
                Part::Base => *value = value.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
                Part::Folder => *value = value.rfind(['/', '\\']).and_then(|at| value.get(..at)).unwrap_or_default().to_owned(),
                Part::AddressType => *value = address_type(value).to_owned(),
                Part::Key => {
                    *value = Observable::new(ObservableType::WindowsRegistryKey, value).map_or_else(|_| value.clone(), |key| key.value)
                }
            }
        }
        values.retain(|value| !value.is_empty());
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Words of the event that are observables of a type.
    fn words(&self, of_type: ObservableType) -> Vec<String> {
        let outside =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|');
        let splits = |c: char| match of_type {
            ObservableType::Url => outside(c),
            ObservableType::EmailAddr => outside(c) || matches!(c, ':' | '='),
            ObservableType::DomainName => outside(c) || matches!(c, ':' | '/' | '=' | '@' | '?' | '&' | '\\' | '#'),
            ObservableType::Ipv6Addr => outside(c) || matches!(c, '=' | '/' | '%'),
            _ => outside(c) || matches!(c, '=' | '/' | ':'),
        };
        let may_be = |word: &str| match of_type {
            ObservableType::Url => word.contains("://"),
            ObservableType::EmailAddr => word.contains('@'),
            ObservableType::Ipv6Addr => word.contains(':'),
            ObservableType::DomainName => word.contains('.') && word.bytes().any(|b| b.is_ascii_alphabetic()),
            _ => word.contains(['.', ':', '-']),
        };
        let split: Box<dyn Iterator<Item = &str>> = if of_type == ObservableType::MacAddr {
            Box::new(self.text.split(move |c| outside(c) || c == '='))
        } else {
            Box::new(self.text.split(splits))
        };
        let words = split.map(|word| word.trim_matches(['.', '/']).trim()).filter(|word| may_be(word));
        let words = words.map(|word| if of_type == ObservableType::Url { self.whole_url(word) } else { word });
        words.filter_map(|word| Observable::new(of_type, word).ok()).map(|found| found.value).collect()
    }

    /// A URL with the slash that trimming took, where it ends with one.
    fn whole_url<'a>(&'a self, word: &'a str) -> &'a str {
        let from = word.as_ptr() as usize - self.text.as_ptr() as usize;
        let end = from + word.len();
        if self.text.get(end..).is_some_and(|rest| rest.starts_with('/')) { self.text.get(from..=end).unwrap_or(word) } else { word }
    }
}

/// Where a property is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    from: From,
    part: Part,
    /// What its values are, where they are observables: how the log index is asked for them.
    pub of_type: Option<ObservableType>,
}

impl Field {
    /// Whether its values are accounts, which the log index keeps by themselves.
    #[must_use]
    pub fn is_account(&self) -> bool {
        self.from == From::Accounts
    }

    /// Whether its values stand in the event as they are compared.
    #[must_use]
    pub fn stands_in_text(&self) -> bool {
        self.part != Part::AddressType
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// Any of these fields, in lower case.
    Named(&'static [&'static str]),
    /// The accounts that it names.
    Accounts,
    /// Any word of it that is one of these.
    Words(ObservableType),
    /// Any hexadecimal word so long.
    Hashes(usize),
}

/// What of a value is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// The name at the end of a path.
    Base,
    /// The path without it.
    Folder,
    /// A registry key with its hive written out.
    Key,
    /// Which STIX type of address it is.
    AddressType,
}

const IMAGE: &[&str] = &[
    "image",
    "newprocessname",
    "process.executable",
    "process.path",
    "process.file.path",
    "processname",
    "process.name",
    "exe",
    "initiatingprocessfolderpath",
];
const PARENT_IMAGE: &[&str] =
    &["parentimage", "parentprocessname", "process.parent.executable", "process.parent.name", "parent_process.file.path"];
const FILE: &[&str] = &[
    "targetfilename",
    "image",
    "imageloaded",
    "newprocessname",
    "objectname",
    "file.path",
    "file.name",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "fname",
    "fileinfo.filename",
    "process.executable",
    "process.name",
    "process.path",
    "sourcefilename",
    "originalfilename",
    "dll.path",
    "dll.name",
    "folderpath",
    "exe",
];
const SOURCE: &[&str] = &[
    "source.ip",
    "source.address",
    "src_endpoint.ip",
    "id.orig_h",
    "src_ip",
    "src",
    "srcip",
    "sourceip",
    "sourceaddress",
    "ipaddress",
    "sourceipaddress",
    "clientip",
    "client.ip",
    "client_ip",
    "client.ipaddress",
    "c-ip",
    "source_ip",
    "src_addr",
    "srcaddr",
    "remote_addr",
    "calleripaddress",
    "localip",
    "ip.ip_ip_src",
    "tx_hosts",
];
const DESTINATION: &[&str] = &[
    "destination.ip",
    "destination.address",
    "destination.domain",
    "dst_endpoint.ip",
    "id.resp_h",
    "dest_ip",
    "dst_ip",
    "dst",
    "dstip",
    "destinationip",
    "destinationaddress",
    "destinationhostname",
    "destaddress",
    "dest",
    "destination_ip",
    "dst_addr",
    "dstaddr",
    "remoteip",
    "remoteaddress",
    "s-ip",
    "server.ip",
    "ip.ip_ip_dst",
    "rx_hosts",
];

/// What tells a property; nothing where no field of an event does.
#[must_use]
pub fn counterpart(path: &ObjectPath) -> Option<Field> {
    use ObservableType as T;
    let keys: Vec<&str> = path.steps.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect();
    let named = |names: &'static [&'static str]| Some(Field { from: From::Named(names), part: Part::Whole, of_type: None });
    let typed = |names: &'static [&'static str], part, of_type| Some(Field { from: From::Named(names), part, of_type: Some(of_type) });
    let words = |of_type| Some(Field { from: From::Words(of_type), part: Part::Whole, of_type: Some(of_type) });
    match (path.object.as_str(), keys.as_slice()) {
        ("ipv4-addr", ["value"]) => words(T::Ipv4Addr),
        ("ipv6-addr", ["value"]) => words(T::Ipv6Addr),
        ("domain-name", ["value"]) => words(T::DomainName),
        ("url", ["value"]) => words(T::Url),
        ("email-addr", ["value"]) => words(T::EmailAddr),
        ("mac-addr", ["value"]) => words(T::MacAddr),
        ("file" | "artifact" | "x509-certificate", ["hashes", name]) => hash(name),
        ("process", ["image_ref" | "binary_ref", "hashes", name]) => hash(name),
        ("file", ["name"]) => typed(FILE, Part::Base, T::FileName),
        ("file", ["parent_directory_ref", "path"]) => typed(FILE, Part::Folder, T::Directory),
        ("directory", ["path"]) => typed(FILE, Part::Folder, T::Directory),
        ("file", ["size"]) => named(&["file.size", "filesize", "file_size", "fileinfo.size", "seen_bytes"]),
        ("file", ["mime_type"]) => named(&["file.mime_type", "mime_type", "resp_mime_types", "http.http_content_type"]),
        ("process", ["command_line" | "arguments"]) => typed(
            &[
                "commandline",
                "process.command_line",
                "processcommandline",
                "process.cmd_line",
                "command_line",
                "cmdline",
                "cmd",
                "proctitle",
            ],
            Part::Whole,
            T::ProcessCommandLine,
        ),
        ("process", ["parent_ref", "command_line"]) => {
            typed(&["parentcommandline", "process.parent.command_line", "initiatingprocesscommandline"], Part::Whole, T::ProcessCommandLine)
        }
        ("process", ["name"] | ["image_ref" | "binary_ref", "name"]) => typed(IMAGE, Part::Base, T::FileName),
        ("process", ["image_ref" | "binary_ref", "parent_directory_ref", "path"]) => typed(IMAGE, Part::Folder, T::Directory),
        ("process", ["parent_ref", "name"] | ["parent_ref", "image_ref" | "binary_ref", "name"]) => {
            typed(PARENT_IMAGE, Part::Base, T::FileName)
        }
        ("process", ["pid"]) => named(&["processid", "process.pid", "pid", "newprocessid", "process_id"]),
        ("process", ["parent_ref", "pid"]) => named(&["parentprocessid", "process.parent.pid", "ppid"]),
        ("process", ["cwd"]) => named(&["currentdirectory", "process.working_directory", "cwd"]),
        ("process", ["extensions", "windows-service-ext", "service_name"]) => {
            typed(&["servicename", "service.name"], Part::Whole, T::ServiceName)
        }
        ("process", ["creator_user_ref", "user_id" | "account_login"])
        | ("user-account", ["user_id" | "account_login" | "display_name"]) => {
            Some(Field { from: From::Accounts, part: Part::Whole, of_type: None })
        }
        ("network-traffic", ["src_ref", "value"]) => named(SOURCE),
        ("network-traffic", ["dst_ref", "value"]) => named(DESTINATION),
        ("network-traffic", ["src_ref", "type"]) => Some(Field { from: From::Named(SOURCE), part: Part::AddressType, of_type: None }),
        ("network-traffic", ["dst_ref", "type"]) => Some(Field { from: From::Named(DESTINATION), part: Part::AddressType, of_type: None }),
        ("domain-name" | "ipv4-addr" | "ipv6-addr", ["resolves_to_refs", "value"]) => {
            named(&["answers", "dns.answers.data", "dns.resolved_ip", "dns.answers", "queryresults", "rdata", "dns.rdata"])
        }
        ("network-traffic", ["src_port"]) => named(&[
            "source.port",
            "src_endpoint.port",
            "id.orig_p",
            "src_port",
            "srcport",
            "sourceport",
            "ipport",
            "spt",
            "source_port",
            "sport",
        ]),
        ("network-traffic", ["dst_port"]) => named(&[
            "destination.port",
            "dst_endpoint.port",
            "id.resp_p",
            "dest_port",
            "dst_port",
            "dstport",
            "destinationport",
            "dpt",
            "destination_port",
            "dport",
            "s-port",
        ]),
        ("network-traffic", ["protocols"]) => named(&[
            "network.transport",
            "network.protocol",
            "network.type",
            "proto",
            "protocol",
            "service",
            "app_proto",
            "connection_info.protocol_name",
            "app",
        ]),
        ("network-traffic", ["src_byte_count"]) => {
            named(&["source.bytes", "orig_bytes", "sentbyte", "bytes_toserver", "flow.bytes_toserver"])
        }
        ("network-traffic", ["dst_byte_count"]) => {
            named(&["destination.bytes", "resp_bytes", "rcvdbyte", "bytes_toclient", "flow.bytes_toclient"])
        }
        ("network-traffic", ["extensions", "http-request-ext", "request_method"]) => {
            named(&["http.request.method", "http.http_method", "method", "cs-method"])
        }
        ("network-traffic", ["extensions", "http-request-ext", "request_value"]) => {
            named(&["url.path", "url.original", "http.url", "uri", "cs-uri-stem", "request"])
        }
        ("network-traffic", ["extensions", "http-request-ext", "request_header", header]) => match header.to_ascii_lowercase().as_str() {
            "user-agent" => typed(
                &["user_agent.original", "http.http_user_agent", "user_agent", "useragent", "cs(user-agent)", "http.user_agent"],
                Part::Whole,
                T::UserAgent,
            ),
            "host" => named(&["url.domain", "http.hostname", "host_header", "cs-host", "http.host"]),
            "referer" => named(&["http.request.referrer", "http.http_refer", "referrer", "cs(referer)"]),
            _ => None,
        },
        ("windows-registry-key", ["key"]) => {
            typed(&["targetobject", "registry.path", "registry.key", "registrykey", "objectname"], Part::Key, T::WindowsRegistryKey)
        }
        ("windows-registry-key", ["values", "name"]) => named(&["registry.value", "registryvaluename", "objectvaluename"]),
        ("windows-registry-key", ["values", "data"]) => named(&["registry.data.strings", "details", "registryvaluedata", "newvalue"]),
        ("email-message", ["subject"]) => typed(&["email.subject", "subject"], Part::Whole, T::EmailSubject),
        ("email-message", ["from_ref" | "sender_ref", "value"]) => typed(
            &["email.from.address", "email.sender.address", "mailfrom", "from", "sender", "sender-address"],
            Part::Whole,
            T::EmailAddr,
        ),
        ("email-message", ["to_refs", "value"]) => {
            typed(&["email.to.address", "rcptto", "to", "recipients", "recipient-address"], Part::Whole, T::EmailAddr)
        }
        ("email-message", ["message_id"]) => typed(&["email.message_id", "msg_id", "message-id"], Part::Whole, T::EmailMessageId),
        ("x509-certificate", ["serial_number"]) => {
            named(&["tls.server.x509.serial_number", "certificate.serial", "tls.serial", "x509.serial_number"])
        }
        ("x509-certificate", ["subject"]) => named(&["tls.server.subject", "certificate.subject", "tls.subject", "subject"]),
        ("x509-certificate", ["issuer"]) => named(&["tls.server.issuer", "certificate.issuer", "tls.issuerdn", "issuer"]),
        _ => None,
    }
}

/// The STIX type of an address.
fn address_type(value: &str) -> &'static str {
    match value.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => "ipv4-addr",
        Ok(std::net::IpAddr::V6(_)) => "ipv6-addr",
        Err(_) => "domain-name",
    }
}

fn hash(name: &str) -> Option<Field> {
    use ObservableType as T;
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let (length, of_type) = match name.as_str() {
        "MD5" => (32, T::Md5),
        "SHA1" => (40, T::Sha1),
        "SHA256" => (64, T::Sha256),
        "SHA512" => (128, T::Sha512),
        _ => return None,
    };
    Some(Field { from: From::Hashes(length), part: Part::Whole, of_type: Some(of_type) })
}

/// A moment, as fields of events write it.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
