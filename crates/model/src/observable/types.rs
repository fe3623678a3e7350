//! The types of observables.

use crate::choice::choice;

use super::{alias, file, hash, name, network};

choice! {
    /// What an observable is. The words are those of STIX 2.1 (section 6) where STIX has one.
    pub enum ObservableType {
        Ipv4Addr = 1 "ipv4-addr" "IPv4 address",
        Ipv6Addr = 2 "ipv6-addr" "IPv6 address",
        DomainName = 3 "domain-name" "Domain name",
        Hostname = 4 "hostname" "Host name",
        Url = 5 "url" "URL",
        EmailAddr = 6 "email-addr" "E-mail address",
        EmailSubject = 7 "email-subject" "E-mail subject",
        EmailMessageId = 8 "email-message-id" "E-mail message id",
        Md5 = 9 "md5" "MD5",
        Sha1 = 10 "sha1" "SHA-1",
        Sha256 = 11 "sha256" "SHA-256",
        Sha512 = 12 "sha512" "SHA-512",
        Ssdeep = 13 "ssdeep" "ssdeep",
        Imphash = 14 "imphash" "Import hash",
        Tlsh = 15 "tlsh" "TLSH",
        FileName = 16 "file-name" "File name",
        FilePath = 17 "file-path" "File path",
        Directory = 18 "directory" "Directory",
        WindowsRegistryKey = 19 "windows-registry-key" "Registry key",
        Mutex = 20 "mutex" "Mutex",
        NamedPipe = 21 "named-pipe" "Named pipe",
        ServiceName = 22 "service-name" "Service name",
        MacAddr = 23 "mac-addr" "MAC address",
        AutonomousSystem = 24 "autonomous-system" "Autonomous system",
        UserAgent = 25 "user-agent" "User agent",
        UserAccount = 26 "user-account" "User account",
        Sid = 27 "sid" "Security identifier",
        Guid = 28 "guid" "GUID",
        ProcessCommandLine = 29 "process-command-line" "Command line",
        Ja3 = 30 "ja3" "JA3",
        Ja3s = 31 "ja3s" "JA3S",
        Ja4 = 32 "ja4" "JA4",
        X509Serial = 33 "x509-serial" "Certificate serial number",
        X509Sha1 = 34 "x509-sha1" "Certificate SHA-1",
        CryptocurrencyWallet = 35 "cryptocurrency-wallet" "Cryptocurrency wallet",
        PhoneNumber = 36 "phone-number" "Phone number",
        Cve = 37 "cve" "CVE",
        Other = 38 "other" "Other",
    }
}

/// A type's name as aliases are compared: lower case, with `-` for blanks and underscores.
pub(super) fn folded_alias(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace([' ', '_', '.'], "-")
}

impl ObservableType {
    /// The types that a value alone can tell, in the order in which they are tried.
    pub(super) const GUESSED: &'static [Self] = &[
        Self::Url,
        Self::Cve,
        Self::Ipv4Addr,
        Self::MacAddr,
        Self::AutonomousSystem,
        Self::Sid,
        Self::Guid,
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Tlsh,
        Self::Ssdeep,
        Self::Ja4,
        Self::CryptocurrencyWallet,
        Self::WindowsRegistryKey,
        Self::NamedPipe,
        Self::FilePath,
        Self::EmailAddr,
        Self::FileName,
        Self::DomainName,
    ];

    /// Understands the common names of a type: ours, STIX's, MISP's attribute types, TheHive's data types.
    ///
    /// `hash` is not among them, since only the value tells which hash it is: see `parse_typed`.
    #[must_use]
    pub fn from_alias(word: &str) -> Option<Self> {
        let folded = folded_alias(word);
        folded.parse().ok().or_else(|| alias::find(&folded))
    }

    /// Whether values are kept as written: in paths, keys and names a `\.` or `[.]` is no defanging.
    pub(super) fn is_verbatim(self) -> bool {
        matches!(
            self,
            Self::FileName
                | Self::FilePath
                | Self::Directory
                | Self::WindowsRegistryKey
                | Self::Mutex
                | Self::NamedPipe
                | Self::ServiceName
                | Self::UserAccount
                | Self::Ssdeep
                | Self::Guid
                | Self::PhoneNumber
        ) || self.is_free_text()
    }

    /// Whether line breaks and tabs in a value are taken as blanks.
    pub(super) fn is_free_text(self) -> bool {
        matches!(self, Self::EmailSubject | Self::UserAgent | Self::ProcessCommandLine | Self::Other)
    }

    /// Whether a value, without its type told, may be taken for this type.
    pub(super) fn looks_like(self, value: &str) -> bool {
        match self {
            Self::Url => value.contains(':'),
            Self::AutonomousSystem => value.get(..2).is_some_and(|s| s.eq_ignore_ascii_case("as")),
            Self::MacAddr => value.contains([':', '-', '.']),
            Self::Guid => value.contains('-'),
            Self::Tlsh => hash::kind_by_length(value) == Some(Self::Tlsh),
            Self::Ssdeep => hash::kind_by_length(value) == Some(Self::Ssdeep),
            Self::FilePath => file::is_absolute(value),
            Self::WindowsRegistryKey => file::registry_key(value).is_some(),
            Self::NamedPipe => file::is_pipe_path(value),
            Self::FileName => name::is_file_name(value),
            Self::DomainName => network::domain(&super::refang(value)).is_some_and(|name| network::has_known_suffix(&name)),
            _ => true,
        }
    }

    /// What a right value looks like, to end the sentence "… is not".
    pub(super) fn expectation(self) -> &'static str {
        match self {
            Self::Ipv4Addr | Self::Ipv6Addr => "an IP address or network, such as 192.0.2.1, 2001:db8::1 or 192.0.2.0/24",
            Self::DomainName => "a domain name, such as www.example.com",
            Self::Hostname => "a host name, such as ws-014 or ws-014.example.com",
            Self::Url => "a URL, such as https://example.com/path",
            Self::EmailAddr => "an e-mail address, such as name@example.com",
            Self::EmailMessageId => "a message id, such as <1234@example.com>",
            Self::Md5 | Self::Imphash | Self::Ja3 | Self::Ja3s => "a hash of 32 hexadecimal digits",
            Self::Sha1 | Self::X509Sha1 => "a hash of 40 hexadecimal digits",
            Self::Sha256 => "a hash of 64 hexadecimal digits",
            Self::Sha512 => "a hash of 128 hexadecimal digits",
            Self::Ssdeep => "an ssdeep hash, such as 96:abc:def",
            Self::Tlsh => "a TLSH hash of 70 hexadecimal digits, with or without T1 before them",
            Self::FileName => "a file name without a folder; with one it is a file-path",
            Self::FilePath => r"a path with a file name, such as C:\Windows\notepad.exe or /usr/bin/id",
            Self::Directory => r"a folder's path, such as C:\ProgramData or /var/tmp",
            Self::WindowsRegistryKey => r"a registry key that starts with a hive, such as HKLM\Software\Example",
            Self::NamedPipe => r"a pipe's name, such as \\.\pipe\example",
            Self::MacAddr => "a MAC address, such as 00:00:5e:00:53:01",
            Self::AutonomousSystem => "an AS number, such as AS64500",
            Self::Sid => "a security identifier, such as S-1-5-18",
            Self::Guid => "a GUID, such as 123e4567-e89b-12d3-a456-426614174000",
            Self::Ja4 => "a JA4 fingerprint, such as t13d1516h2_8daaf6152771_02713d6af862",
            Self::X509Serial => "a certificate's serial number in hexadecimal",
            Self::CryptocurrencyWallet => {
                "a wallet address whose checksum holds (Base58Check, Bech32 or EIP-55); use `other` for those of other coins"
            }
            Self::PhoneNumber => "a phone number of 5 to 15 digits, such as +1 202 555 0100",
            Self::Cve => "a CVE number, such as CVE-2021-44228",
            Self::EmailSubject
            | Self::Mutex
            | Self::ServiceName
            | Self::UserAgent
            | Self::UserAccount
            | Self::ProcessCommandLine
            | Self::Other => "a value: it is empty",
        }
    }
}
