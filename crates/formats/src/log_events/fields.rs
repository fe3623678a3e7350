//! Which fields of JSON events hold the time, the machine and the accounts.
//!
//! Paths are keys joined by dots, so that `{"host":{"name":…}}` and `{"host.name":…}` are one. Within a table, the
//! earlier line wins.

use std::borrow::Cow;
use std::collections::HashMap;
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
];

/// Machines. Addresses come last: a name is better, and where there is none the client of a connection is what a
/// hunter asks for.
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
    "id.orig_h",
    "src_ip",
    "source.ip",
    "sourceIPAddress",
    "ClientIP",
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
];

/// Where Windows events are wrapped by their shippers; names of `ACCOUNTS` stand there too.
const WRAPPERS: &[&str] = &["winlog.event_data.", "Event.EventData.", "EventData.", "event_data.", "winlog.user_data.", "Event.UserData."];

/// What stands in place of a name when there is none.
const NO_NAMES: &[&str] = &["", "-", "N/A", "n/a", "null", "(null)", "NULL"];

/// What a field means. The number is its line in the table: lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Time(u16),
    Host(u16),
    User(u16),
    Domain(u16),
}

static ROLES: LazyLock<HashMap<Cow<'static, str>, Role>> = LazyLock::new(|| {
    let mut roles = HashMap::new();
    let number = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
    for (at, path) in TIMES.iter().enumerate() {
        roles.insert(Cow::Borrowed(*path), Role::Time(number(at)));
    }
    for (at, path) in HOSTS.iter().enumerate() {
        roles.insert(Cow::Borrowed(*path), Role::Host(number(at)));
    }
    for (at, (user, domain)) in ACCOUNTS.iter().enumerate() {
        for (path, role) in [(*user, Role::User(number(at))), (*domain, Role::Domain(number(at)))] {
            if path.is_empty() {
                continue;
            }
            roles.insert(Cow::Borrowed(path), role);
            for wrapper in WRAPPERS {
                roles.insert(Cow::Owned(format!("{wrapper}{path}")), role);
            }
        }
    }
    roles
});

/// The longest path in the tables, in bytes: longer ones need no look-up.
const LONGEST_PATH: usize = 80;

/// What the field at a path means, if it is known.
pub(super) fn role(path: &str) -> Option<Role> {
    if path.len() > LONGEST_PATH { None } else { ROLES.get(path).copied() }
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
        let wrapped = |path: &'static str| WRAPPERS.iter().map(move |w| format!("{w}{path}")).chain([path.to_owned()]);
        let accounts = ACCOUNTS.iter().flat_map(|(u, d)| [*u, *d]).filter(|p| !p.is_empty()).flat_map(wrapped);
        let all: Vec<String> = TIMES.iter().chain(HOSTS).map(|p| (*p).to_owned()).chain(accounts).collect();
        assert_eq!(all.len(), ROLES.len());
        assert!(all.iter().all(|path| path.len() <= LONGEST_PATH));
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
