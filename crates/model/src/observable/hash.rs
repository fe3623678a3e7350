//! Hashes and fingerprints.

use super::ObservableType;

/// A run of exactly `length` hexadecimal digits, lower-cased.
pub(super) fn hex(value: &str, length: usize) -> Option<String> {
    let right = value.len() == length && value.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| value.to_ascii_lowercase())
}

/// The same, also written `AB:CD:…` as certificate viewers do.
pub(super) fn hex_with_colons(value: &str, length: usize) -> Option<String> {
    hex(&value.replace([':', ' '], ""), length)
}

/// `blocksize:hash:hash`, in Base64 digits, whose case counts.
pub(super) fn ssdeep(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, ':');
    let (size, one, two) = (parts.next()?, parts.next()?, parts.next()?);
    let base64 = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    let right = (1..=12).contains(&size.len())
        && size.bytes().all(|b| b.is_ascii_digit())
        && base64(one)
        && base64(two)
        && !(one.is_empty() && two.is_empty())
        && one.len() <= 64
        && two.len() <= 64;
    right.then(|| value.to_owned())
}

/// 70 hexadecimal digits, without the version mark `T1` of later releases.
pub(super) fn tlsh(value: &str) -> Option<String> {
    let digits = if value.len() == 72 { value.strip_prefix("T1").or_else(|| value.strip_prefix("t1"))? } else { value };
    hex(digits, 70)
}

/// JA4 (TLS client fingerprint, FoxIO): `a_b_c`, ten characters and twice twelve hexadecimal digits.
pub(super) fn ja4(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let mut parts = lower.split('_');
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let right = parts.next().is_none()
        && a.len() == 10
        && a.starts_with(['t', 'q', 'd'])
        && a.bytes().all(|b| b.is_ascii_alphanumeric())
        && hex(b, 12).is_some()
        && hex(c, 12).is_some();
    right.then_some(lower)
}

/// A certificate's serial number (RFC 5280, section 4.1.2.2: at most 20 octets): hexadecimal, without colons, blanks
/// and leading zeros, which say nothing in an integer.
pub(super) fn serial(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(&digits);
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.trim_start_matches('0').to_ascii_lowercase();
    Some(if lower.is_empty() { "0".to_owned() } else { lower })
}

/// Which hash of a file this is, by its shape.
pub(super) fn kind_by_length(value: &str) -> Option<ObservableType> {
    for (length, kind) in
        [(32, ObservableType::Md5), (40, ObservableType::Sha1), (64, ObservableType::Sha256), (128, ObservableType::Sha512)]
    {
        if hex(value, length).is_some() {
            return Some(kind);
        }
    }
    if tlsh(value).is_some() {
        return Some(ObservableType::Tlsh);
    }
    // A block size is 3 · 2^n, so it has a digit run before the first colon and hashes that are longer than an address part.
    (ssdeep(value).is_some() && value.len() >= 12 && value.split(':').skip(1).any(|p| p.len() > 4)).then_some(ObservableType::Ssdeep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_lower_case_and_of_the_right_length() {
        assert_eq!(hex("AB", 2).as_deref(), Some("ab"));
        assert_eq!(hex("abc", 2), None);
        assert_eq!(hex("zz", 2), None);
        assert_eq!(hex_with_colons("AB:cd", 4).as_deref(), Some("abcd"));
        let seventy = "A".repeat(70);
        assert_eq!(tlsh(&format!("T1{seventy}")), tlsh(&seventy));
        assert_eq!(serial("00:0A:ff").as_deref(), Some("aff"));
        assert_eq!(serial("00").as_deref(), Some("0"));
        assert!(ja4("t13d1516h2_8daaf6152771_02713d6af862").is_some());
        assert!(ja4("t13d1516h2_8daaf6152771").is_none());
    }

    #[test]
    fn ssdeep_keeps_its_case() {
        let hash = "3072:AbCdEfGh+/12:XyZ";
        assert_eq!(ssdeep(hash).as_deref(), Some(hash));
        assert_eq!(kind_by_length(hash), Some(ObservableType::Ssdeep));
        assert_eq!(kind_by_length("1:2:3"), None);
        assert_eq!(ssdeep("a:b:c"), None);
    }
}
