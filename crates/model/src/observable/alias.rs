//! Other names of the types: those of MISP's attributes, TheHive's data types, OpenCTI, and what people write.

use super::ObservableType as T;

/// The type that goes by another name. Names are folded: lower case, `-` for blanks, dots and underscores.
pub(super) fn find(folded: &str) -> Option<T> {
    Some(match folded {
        "ip" | "ipv4" | "ip4" | "ip-addr" | "ip-address" | "ipaddress" | "ipv4-address" | "ip-src" | "ip-dst" | "ip-range" | "cidr"
        | "ipv4-net" | "src-ip" | "dst-ip" | "ipaddr" | "domain-ip-ip" => T::Ipv4Addr,
        "ipv6" | "ip6" | "ipv6-address" | "ipv6-net" => T::Ipv6Addr,
        "domain" | "domainname" | "domain-name-value" | "fqdn" | "dns" | "dns-name" => T::DomainName,
        "host" | "host-name" | "computer" | "computer-name" | "computername" | "machine" | "machine-name" | "device" => T::Hostname,
        "uri" | "link" | "url-path" | "uri-path" | "web-address" => T::Url,
        "email"
        | "e-mail"
        | "mail"
        | "email-address"
        | "e-mail-address"
        | "mail-address"
        | "email-src"
        | "email-dst"
        | "email-reply-to"
        | "whois-registrant-email"
        | "dns-soa-email"
        | "target-email"
        | "eppn"
        | "jabber-id" => T::EmailAddr,
        "mail-subject" | "subject" | "e-mail-subject" => T::EmailSubject,
        "message-id" | "email-messageid" | "mail-message-id" => T::EmailMessageId,
        "hash-md5" | "file-hash-md5" | "filehash-md5" | "md5-hash" | "md5sum" => T::Md5,
        "sha-1" | "hash-sha1" | "file-hash-sha1" | "filehash-sha1" | "sha1-hash" | "sha1sum" => T::Sha1,
        "sha-256" | "hash-sha256" | "file-hash-sha256" | "filehash-sha256" | "sha256-hash" | "sha256sum" => T::Sha256,
        "sha-512" | "hash-sha512" | "file-hash-sha512" | "filehash-sha512" | "sha512-hash" | "sha512sum" => T::Sha512,
        "fuzzy-hash" | "ssdeep-hash" => T::Ssdeep,
        "import-hash" | "imp-hash" | "pehash-imphash" => T::Imphash,
        "tlsh-hash" => T::Tlsh,
        "filename" | "file" | "file-name-value" | "attachment" | "email-attachment" | "process" | "process-name" | "image-name" => {
            T::FileName
        }
        "path" | "filepath" | "file-full-path" | "full-path" | "image" | "image-path" | "filename-pattern" => T::FilePath,
        "folder" | "dir" | "directory-path" => T::Directory,
        "registry" | "regkey" | "reg-key" | "registry-key" | "registry-path" | "windows-registry-key-value" | "winregistry" => {
            T::WindowsRegistryKey
        }
        "mutant" | "mutex-name" => T::Mutex,
        "pipe" | "namedpipe" | "pipe-name" => T::NamedPipe,
        "service" | "windows-service-name" | "windows-service-displayname" | "servicename" => T::ServiceName,
        "mac" | "mac-address" | "macaddress" | "mac-eui-64" => T::MacAddr,
        "as" | "asn" | "as-number" | "autonomous-system-number" => T::AutonomousSystem,
        "useragent" | "http-user-agent" => T::UserAgent,
        "user" | "username" | "user-name" | "account" | "login" | "account-name" | "target-user" | "github-username"
        | "user-account-login" => T::UserAccount,
        "security-identifier" | "user-sid" | "objectsid" => T::Sid,
        "uuid" | "clsid" => T::Guid,
        "cmdline" | "command-line" | "commandline" | "process-commandline" | "command" => T::ProcessCommandLine,
        "ja3-fingerprint-md5" | "ja3-hash" | "ja3-fingerprint" => T::Ja3,
        "ja3s-hash" | "ja3s-fingerprint" | "ja3s-fingerprint-md5" => T::Ja3s,
        "ja4-fingerprint" => T::Ja4,
        "x509-serial-number" | "certificate-serial" | "certificate-serial-number" | "cert-serial" => T::X509Serial,
        "x509-fingerprint-sha1" | "certificate-sha1" | "cert-sha1" | "certificate-fingerprint" => T::X509Sha1,
        "btc" | "bitcoin" | "eth" | "ethereum" | "wallet" | "crypto-wallet" | "cryptocurrency-address" | "bitcoin-address" => {
            T::CryptocurrencyWallet
        }
        "phone" | "telephone" | "phone-nr" | "mobile" | "whois-registrant-phone" => T::PhoneNumber,
        "vulnerability" | "cve-id" | "cve-number" => T::Cve,
        "text" | "comment" | "string" | "custom" => T::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::ObservableType;

    #[test]
    fn every_type_understands_its_own_name_and_common_ones() {
        for kind in ObservableType::ALL {
            assert_eq!(ObservableType::from_alias(kind.as_str()), Some(*kind));
        }
        for (alias, word) in [
            ("IP", "ipv4-addr"),
            ("ip-dst", "ipv4-addr"),
            ("Domain", "domain-name"),
            ("FQDN", "domain-name"),
            ("host", "hostname"),
            ("user", "user-account"),
            ("path", "file-path"),
            ("filename", "file-name"),
            ("regkey", "windows-registry-key"),
            ("AS", "autonomous-system"),
            ("user_agent", "user-agent"),
            ("mail_subject", "email-subject"),
            ("btc", "cryptocurrency-wallet"),
            ("phone-number", "phone-number"),
            ("vulnerability", "cve"),
            ("SHA-256", "sha256"),
            ("other", "other"),
        ] {
            assert_eq!(ObservableType::from_alias(alias).map(ObservableType::as_str), Some(word), "{alias}");
        }
        assert_eq!(ObservableType::from_alias("hash"), None, "only the value tells which");
        assert_eq!(ObservableType::from_alias("nonsense"), None);
    }
}
