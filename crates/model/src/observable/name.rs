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
    let right = bare.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/'));
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let right = right && bare.chars().filter(|c| *c == '+').count() == usize::from(plus) && (5..=15).contains(&digits.len());
    right.then(|| if plus { format!("+{digits}") } else { digits })
}

/// Endings that tell a file from a domain: programs, scripts, documents, archives. Those that are also
/// top-level domains of some use (`com`, `zip`, `sh`, `py`, …) are missing here; context must tell.
#[rustfmt::skip]
const FILE_ENDINGS: &[&str] = &[
    "7z", "accdb", "ace", "ade", "adp", "aes", "apk", "appex", "application", "appref-ms", "arj", "ashx", "asp", "aspx", "au3", "aut",
    "avi", "bak", "bat", "bin", "bmp", "bz2", "cab", "cat", "cer", "cfg", "chm", "class", "cmd", "conf", "config", "cpl", "cpp", "crt",
    "cs", "csproj", "csv", "dat", "db", "deb", "dex", "diagcab", "dll", "dmg", "dmp", "doc", "docm", "docx", "dotm", "dotx", "drv",
    "dylib", "efi", "elf", "eml", "enc", "eps", "epub", "evtx", "exe", "gadget", "gif", "gz", "hlp", "hpj", "hta", "htm", "html", "ico",
    "ics", "img", "inf", "ini", "iqy", "iso", "isp", "jar", "jpeg", "jpg", "js", "jse", "json", "jsonl", "jsp", "jspx", "kdbx", "kext",
    "key", "ko", "laccdb", "library-ms", "lnk", "log", "lua", "lzh", "manifest", "mdb", "mht", "mhtml", "mobi", "mof", "mp3", "mp4",
    "msg", "msi", "msix", "msp", "mst", "msu", "mui", "ndjson", "nls", "nupkg", "ocx", "odg", "odp", "ods", "odt", "one", "onetoc2",
    "ova", "ovpn", "p12", "pcap", "pdf", "pem", "pfx", "php", "pif", "pkg", "plist", "png", "potx", "ppam", "pps", "ppsx", "ppt", "pptm",
    "pptx", "prn", "ps1", "psd", "psd1", "psm1", "pyc", "pyw", "r00", "rar", "rdp", "reg", "rels", "resx", "rpm", "rtf", "scf", "scr",
    "sct", "searchconnector-ms", "settingcontent-ms", "shb", "slk", "sqlite", "svg", "swf", "sys", "tgz", "theme", "tif", "tiff", "tmp",
    "ttf", "txt", "udf", "url", "uue", "vba", "vbe", "vbproj", "vbs", "vcf", "vhd", "vhdx", "vmdk", "war", "wav", "wbk", "webp", "whl",
    "wim", "wll", "wsc", "wsf", "wsh", "xla", "xlam", "xll", "xls", "xlsb", "xlsm", "xlsx", "xlt", "xml", "xps", "xsd", "xsl", "xz",
    "yar", "yara", "z01",
];

/// Whether a value is a bare file name with a well-known ending.
pub(super) fn is_file_name(value: &str) -> bool {
    if value.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '@']) {
        return false;
    }
    value.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && has_file_ending(ending))
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
        assert_eq!(guid("{123E4567-E89B-12D3-A456-426614174000}").as_deref(), Some("123e4567-e89b-12d3-a456-426614174000"));
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
