//! Which fields of JSON events hold the time, the machine and the accounts.
//!
//! Paths are keys joined by dots, so that `{"host":{"name":…}}` and `{"host.name":…}` are one. Within a table, the
//! earlier line wins.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Times, most trusted first. The first nine, at the top level, are those of most exports.
const TIMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "ts",
    "TimeCreated",
    "eventTime",
    "EventTime",
    "CreationTime",
    "CreationDate",
    "TimeGenerated",
    "Event.System.TimeCreated.#attributes.SystemTime",
    "Event.System.TimeCreated.@SystemTime",
    "Event.System.TimeCreated.SystemTime",
    "System.TimeCreated.#attributes.SystemTime",
    "System.TimeCreated.SystemTime",
    "TimeCreated.SystemTime",
    "winlog.time_created",
    "event.created",
    "time_dt",
    "time",
    "_time",
    "UtcTime",
    "datetime",
    "DateTime",
    "date",
    "eventTimestamp",
    "start_time",
    "activityDateTime",
    "createdDateTime",
    "published",
    "eventDateTime",
    "Timestamp",
    "Time",
    "Date",
    "Date and Time",
    "日付と時刻",
    "日時",
    "receiveTimestamp",
    "StartTime",
    "t.$date",
    "t",
    "rt",
    "start",
    "devTime",
    "end",
    "asctime",
    "created_at",
    "createdAt",
    "event_time",
    "eventtime",
    "log_time",
    "logtime",
    "LogTime",
    "startTime",
];

/// Machines. Where there is none, the address that a connection came from is what a hunter asks for.
const HOSTS: &[&str] = &[
    "Hostname",
    "hostname",
    "host.name",
    "host.hostname",
    "host",
    "Computer",
    "ComputerName",
    "computer_name",
    "computerName",
    "winlog.computer_name",
    "Event.System.Computer",
    "System.Computer",
    "MachineName",
    "machine_name",
    "device.hostname",
    "device.name",
    "DeviceName",
    "deviceName",
    "_HOSTNAME",
    "log.syslog.hostname",
    "syslog_hostname",
    "agent.hostname",
    "agent.name",
    "beat.hostname",
    "beat.name",
    "observer.hostname",
    "observer.name",
    "sensor_name",
    "dvchost",
    "dvc_host",
    "devname",
    "コンピューター",
    "コンピューター名",
    "コンピュータ",
    "Computer Name",
    "Machine",
    "kubernetes.node.name",
    "kubernetes.host",
    "resource.labels.instance_id",
    "protoPayload.resourceName",
];

/// Where a connection or request came from.
const SOURCES: &[&str] = &[
    "source.ip",
    "source.address",
    "src_endpoint.ip",
    "id.orig_h",
    "src_ip",
    "src",
    "srcip",
    "SRC",
    "SourceIp",
    "SourceIP",
    "SourceAddress",
    "IpAddress",
    "sourceIPAddress",
    "sourceIpAddress",
    "ClientIP",
    "ClientIPAddress",
    "ActorIpAddress",
    "ipAddress",
    "callerIpAddress",
    "CallerIpAddress",
    "protoPayload.requestMetadata.callerIp",
    "client.ipAddress",
    "client.ip",
    "client_ip",
    "clientip",
    "clientIp",
    "c-ip",
    "cs-client-ip",
    "remote_addr",
    "remoteAddr",
    "remote_address",
    "remote_ip",
    "RemoteIP",
    "rhost",
    "rip",
    "peer_ip",
    "sourceAddress",
    "source_ip",
    "src_addr",
    "srcaddr",
    "Source Network Address",
    "ソース ネットワーク アドレス",
    "layers.ip.ip_ip_src",
    "httpRequest.clientIp",
    "httpRequest.remoteIp",
    "jsonPayload.connection.src_ip",
    "addr",
    "IP",
    "ip",
    "tx_hosts",
];

/// Where it went.
const DESTINATIONS: &[&str] = &[
    "destination.ip",
    "destination.address",
    "dst_endpoint.ip",
    "id.resp_h",
    "dest_ip",
    "dst_ip",
    "dst",
    "dstip",
    "DST",
    "DestinationIp",
    "DestinationIP",
    "DestinationAddress",
    "DestAddress",
    "destinationAddress",
    "dest",
    "destination_ip",
    "dst_addr",
    "dstaddr",
    "RemoteIp",
    "RemoteAddress",
    "s-ip",
    "server.ip",
    "server_ip",
    "lip",
    "destination.domain",
    "DestinationHostname",
    "QueryName",
    "dns.question.name",
    "dns.rrname",
    "layers.ip.ip_ip_dst",
    "jsonPayload.connection.dest_ip",
    "rx_hosts",
];

/// What was done.
const ACTIONS: &[&str] = &[
    "event.action",
    "eventName",
    "EventName",
    "Operation",
    "Operations",
    "operationName.value",
    "operationName.localizedValue",
    "operationName",
    "OperationName",
    "OperationNameValue",
    "activityDisplayName",
    "protoPayload.methodName",
    "eventType",
    "activity_name",
    "alert.signature",
    "alert.action",
    "event_type",
    "event_name",
    "ActionType",
    "actionType",
    "note",
    "action",
    "act",
    "cs-method",
    "http.request.method",
    "method",
    "RuleName",
    "Event.System.EventID",
    "Event.System.EventID.#text",
    "System.EventID",
    "winlog.event_id",
    "event.code",
    "EventID",
    "EventId",
    "event_id",
    "Event ID",
    "イベント ID",
    "_path",
    "type",
];

/// Accounts: where the user stands, and where its domain.
const ACCOUNTS: &[(&str, &str)] = &[
    ("User", ""),
    ("SubjectUserName", "SubjectDomainName"),
    ("TargetUserName", "TargetDomainName"),
    ("AccountName", "AccountDomain"),
    ("SourceUser", ""),
    ("TargetUser", ""),
    ("ParentUser", ""),
    ("user.name", "user.domain"),
    ("user", ""),
    ("UserName", "UserDomain"),
    ("user_name", "user_domain"),
    ("username", ""),
    ("userName", ""),
    ("UserId", ""),
    ("winlog.user.name", "winlog.user.domain"),
    ("source.user.name", "source.user.domain"),
    ("destination.user.name", "destination.user.domain"),
    ("userIdentity.userName", ""),
    ("userIdentity.sessionContext.sessionIssuer.userName", ""),
    ("actor.user.name", "actor.user.domain"),
    ("InitiatingProcessAccountName", "InitiatingProcessAccountDomain"),
    ("userPrincipalName", ""),
    ("UserPrincipalName", ""),
    ("actor.alternateId", ""),
    ("actor.email_addr", ""),
    ("initiatedBy.user.userPrincipalName", ""),
    ("identity", ""),
    ("caller", ""),
    ("Caller", ""),
    ("protoPayload.authenticationInfo.principalEmail", ""),
    ("UserIds", ""),
    ("MailboxOwnerUPN", ""),
    ("Username", ""),
    ("cs-username", ""),
    ("suser", "sntdom"),
    ("duser", "dntdom"),
    ("usrName", ""),
    ("usr", ""),
    ("srcuser", ""),
    ("dstuser", ""),
    ("ruser", ""),
    ("acct", ""),
    ("login", ""),
    ("account_name", "account_domain"),
    ("Account Name", "Account Domain"),
    ("アカウント名", "アカウント ドメイン"),
    ("ユーザー", ""),
    ("User Name", ""),
    ("user.email", ""),
    ("client.user.name", ""),
];

/// Where Windows events are wrapped by their shippers; names of accounts, addresses and actions stand there too.
const WRAPPERS: &[&str] = &["winlog.event_data.", "Event.EventData.", "EventData.", "event_data.", "winlog.user_data.", "Event.UserData."];

/// What stands in place of a name when there is none.
const NO_NAMES: &[&str] = &["", "-", "--", "?", "N/A", "n/a", "null", "(null)", "NULL"];

/// What a field means. The number is its line in the table: lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Time(u16),
    Host(u16),
    Source(u16),
    Destination(u16),
    Action(u16),
    User(u16),
    Domain(u16),
}

static ROLES: LazyLock<Roles> = LazyLock::new(Roles::new);

/// Hashes paths eight bytes at a time. The table's keys are ours, so that no log can choose what collides in it.
#[derive(Default)]
struct PathHasher(u64);

impl PathHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for PathHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.mix(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }
}

/// The tables, made for looking up.
struct Roles {
    by_path: HashMap<Cow<'static, str>, Role, BuildHasherDefault<PathHasher>>,
    /// By length: the last bytes that paths of it have, six bits of each. Nearly all paths of an event are in no table,
    /// and this tells without hashing them.
    last_bytes: [u64; LONGEST_PATH + 1],
}

impl Roles {
    fn new() -> Self {
        let mut roles = Self { by_path: HashMap::default(), last_bytes: [0; LONGEST_PATH + 1] };
        let number = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        for (at, path) in TIMES.iter().enumerate() {
            roles.insert(Cow::Borrowed(path), Role::Time(number(at)));
        }
        for (at, path) in HOSTS.iter().enumerate() {
            roles.insert(Cow::Borrowed(path), Role::Host(number(at)));
        }
        let tables = [(SOURCES, Role::Source as fn(u16) -> Role), (DESTINATIONS, Role::Destination), (ACTIONS, Role::Action)];
        for (paths, role) in tables {
            for (at, path) in paths.iter().enumerate() {
                roles.insert_wrapped(path, role(number(at)));
            }
        }
        for (at, (user, domain)) in ACCOUNTS.iter().enumerate() {
            roles.insert_wrapped(user, Role::User(number(at)));
            if !domain.is_empty() {
                roles.insert_wrapped(domain, Role::Domain(number(at)));
            }
        }
        roles
    }

    fn insert_wrapped(&mut self, path: &'static str, role: Role) {
        self.insert(Cow::Borrowed(path), role);
        for wrapper in WRAPPERS {
            self.insert(Cow::Owned(format!("{wrapper}{path}")), role);
        }
    }

    fn insert(&mut self, path: Cow<'static, str>, role: Role) {
        if let (Some(seen), Some(last)) = (self.last_bytes.get_mut(path.len()), path.as_bytes().last()) {
            *seen |= 1 << (last & 63);
        }
        self.by_path.entry(path).or_insert(role);
    }
}

/// The longest path in the tables, in bytes: longer ones need no look-up.
const LONGEST_PATH: usize = 80;

/// What the field at a path means, if it is known.
#[inline]
pub(super) fn role(path: &str) -> Option<Role> {
    let roles = &*ROLES;
    let seen = roles.last_bytes.get(path.len())?;
    let last = path.as_bytes().last()?;
    if seen & (1 << (last & 63)) == 0 { None } else { roles.by_path.get(path).copied() }
}

/// What a field of a text format means: keys of these are written in any case.
pub(super) fn role_of_key(key: &str) -> Option<Role> {
    role(key).or_else(|| if key.bytes().any(|b| b.is_ascii_uppercase()) { role(&key.to_ascii_lowercase()) } else { None })
}

/// Whether a value names anything.
pub(super) fn is_name(value: &str) -> bool {
    !NO_NAMES.contains(&value)
}

/// An account as it is shown. A user that already says where it belongs keeps its form.
pub(super) fn account<'a>(user: &'a str, domain: Option<&str>) -> Cow<'a, str> {
    match domain.filter(|d| is_name(d)) {
        Some(domain) if !user.contains(['\\', '@']) => Cow::Owned(format!("{domain}\\{user}")),
        _ => Cow::Borrowed(user),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_each_path_once_and_none_is_too_long() {
        let accounts = ACCOUNTS.iter().flat_map(|(u, d)| [*u, *d]).filter(|p| !p.is_empty());
        let wrapped: Vec<&str> = [SOURCES, DESTINATIONS, ACTIONS].into_iter().flatten().copied().chain(accounts).collect();
        let plain = TIMES.len() + HOSTS.len();
        assert_eq!(plain + wrapped.len() * (WRAPPERS.len() + 1), ROLES.by_path.len());
        assert!(ROLES.by_path.keys().all(|path| path.len() <= LONGEST_PATH));
        assert!(ROLES.by_path.iter().all(|(path, known)| role(path) == Some(*known)));
        assert_eq!((role("EventIE"), role(""), role(&"x".repeat(200))), (None, None, None));
        assert_eq!(role_of_key("SrcIP"), role("srcip"));
    }

    #[test]
    fn accounts_are_joined_with_their_domain() {
        assert_eq!(account("anna", Some("CORP")), "CORP\\anna");
        assert_eq!(account("CORP\\anna", Some("CORP")), "CORP\\anna");
        assert_eq!(account("anna@corp.example", Some("CORP")), "anna@corp.example");
        assert_eq!(account("anna", Some("-")), "anna");
        assert_eq!(account("PC1$", None), "PC1$");
    }
}
