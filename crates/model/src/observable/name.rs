//! Names and numbers: SIDs, GUIDs, CVEs, phone numbers, and text of one line.

/// White space runs become one blank.
pub(super) fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Windows security identifier ([MS-DTYP] section 2.4.2.1): `S-1-` authority and up to 15 sub-authorities.
pub(super) fn sid(value: &str) -> Option<String> {
    let upper = value.to_ascii_uppercase();
    let parts: Vec<&str> = upper.strip_prefix("S-1-")?.split('-').collect();
    let number = |p: &str| (1..=15).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    let right = (2..=16).contains(&parts.len()) && parts.iter().all(|p| number(p));
    right.then_some(upper)
}

/// A GUID (RFC 9562 text form), in braces or not, lower case.
pub(super) fn guid(value: &str) -> Option<String> {
    let bare = value.trim_start_matches(['{', '(']).trim_end_matches(['}', ')']);
    let lengths = bare.split('-').map(str::len);
    let right = lengths.eq([8, 4, 4, 4, 12]) && bare.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    right.then(|| bare.to_ascii_lowercase())
}

/// `CVE-2021-44228`: a year and four digits or more (CVE numbering of 2014).
pub(super) fn cve(value: &str) -> Option<String> {
    let upper = value.to_ascii_uppercase();
    let (year, number) = upper.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let right = year.len() == 4
        && (year.starts_with("19") || year.starts_with("20"))
        && digits(year)
        && (4..=12).contains(&number.len())
        && digits(number);
    right.then_some(upper)
}

/// A phone number: its digits, with the `+` of ITU-T E.164 where one was written; 15 digits at most.
pub(super) fn phone(value: &str) -> Option<String> {
    let bare = value.strip_prefix("tel:").unwrap_or(value);
    let plus = bare.trim_start().starts_with('+');
    let right = bare
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/'));
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let right = right && bare.chars().filter(|c| *c == '+').count() == usize::from(plus) && (5..=15).contains(&digits.len());
    right.then(|| if plus { format!("+{digits}") } else { digits })
}

/// Endings that tell a file from a domain: programs, scripts, documents, archives. Those that are also
/// top-level domains of some use (`com`, `zip`, `sh`, `py`, …) are missing here; context must tell.
const FILE_ENDINGS: &[&str] = &[
    "exe",
    "dll",
    "sys",
    "ocx",
    "scr",
    "cpl",
    "drv",
    "efi",
    "msi",
    "msp",
    "msix",
    "bat",
    "cmd",
    "ps1",
    "psm1",
    "psd1",
    "vbs",
    "vbe",
    "js",
    "jse",
    "wsf",
    "wsh",
    "hta",
    "lnk",
    "pif",
    "jar",
    "class",
    "war",
    "apk",
    "elf",
    "ko",
    "bin",
    "dat",
    "tmp",
    "doc",
    "docx",
    "docm",
    "dotm",
    "dotx",
    "xls",
    "xlsx",
    "xlsm",
    "xlsb",
    "xlam",
    "xll",
    "ppt",
    "pptx",
    "pptm",
    "ppam",
    "rtf",
    "pdf",
    "odt",
    "ods",
    "one",
    "csv",
    "txt",
    "log",
    "ini",
    "cfg",
    "xml",
    "json",
    "html",
    "htm",
    "php",
    "asp",
    "aspx",
    "jsp",
    "jspx",
    "ashx",
    "cab",
    "rar",
    "7z",
    "iso",
    "img",
    "vhd",
    "vhdx",
    "gz",
    "tgz",
    "bz2",
    "xz",
    "ace",
    "chm",
    "hlp",
    "reg",
    "inf",
    "dmp",
    "evtx",
    "pcap",
    "yar",
    "yara",
    "msg",
    "eml",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "bmp",
    "ico",
    "dylib",
    "plist",
    "dmg",
    "pkg",
    "kext",
    "aut",
    "au3",
    "sct",
    "gadget",
    "application",
    "appref-ms",
    "diagcab",
    "theme",
    "url",
    "library-ms",
    "searchconnector-ms",
    "xsl",
    "vba",
    "xlt",
    "xla",
    "wll",
    "dex",
    "db",
    "sqlite",
    "bak",
    "pem",
    "crt",
    "cer",
    "pfx",
    "p12",
    "kdbx",
    "onetoc2",
    "ovpn",
    "rdp",
    "vmdk",
    "ova",
    "wim",
    "swf",
    "ttf",
    "enc",
    "key",
    "conf",
];

/// Whether a value is a bare file name with a well-known ending.
pub(super) fn is_file_name(value: &str) -> bool {
    if value.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '@']) {
        return false;
    }
    value
        .rsplit_once('.')
        .is_some_and(|(stem, ending)| !stem.is_empty() && has_file_ending(ending))
}

/// Whether an ending (without its dot) is one of a file rather than of a domain.
#[must_use]
pub fn has_file_ending(ending: &str) -> bool {
    let lower = ending.to_ascii_lowercase();
    FILE_ENDINGS.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(sid("s-1-5-21-1-2-3-500").as_deref(), Some("S-1-5-21-1-2-3-500"));
        assert_eq!(sid("S-1-5"), None);
        assert_eq!(
            guid("{123E4567-E89B-12D3-A456-426614174000}").as_deref(),
            Some("123e4567-e89b-12d3-a456-426614174000")
        );
        assert_eq!(guid("123e4567e89b12d3a456426614174000"), None);
        assert_eq!(cve("cve-2021-44228").as_deref(), Some("CVE-2021-44228"));
        assert_eq!(cve("CVE-2021-1"), None);
        assert_eq!(phone("+1 (202) 555-0100").as_deref(), Some("+12025550100"));
        assert_eq!(phone("12+34567"), None);
        assert_eq!(one_line(" a\t\n b "), "a b");
    }

    #[test]
    fn a_file_name_is_told_by_its_ending() {
        assert!(is_file_name("invoice.EXE"));
        assert!(is_file_name("my report.docx"));
        for no in ["evil.com", "exe", ".exe", "a/b.exe", "archive.zip"] {
            assert!(!is_file_name(no), "{no}");
        }
    }
}
