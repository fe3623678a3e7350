//! Hashes in patterns must be as long as their algorithm says, as OASIS's validator has it.

use super::{Literal, ObjectPath, Step};

/// What is wrong with a hash that a path is compared with; `None` when nothing is, or when it is no hash.
pub(super) fn wrong(path: &ObjectPath, value: &Literal) -> Option<String> {
    let keys = || path.steps.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None });
    if !keys().any(|key| key == "hashes") {
        return None;
    }
    let Some(Step::Key(algorithm)) = path.steps.last() else {
        return None;
    };
    let Literal::Text(hash) = value else {
        return Some(format!("expected a {algorithm} hash as text"));
    };
    let lengths: &[usize] = match algorithm.to_ascii_uppercase().replace('-', "").as_str() {
        "MD5" => &[32],
        "MD6" => &[32, 40, 56, 64, 96, 128],
        "SHA1" | "RIPEMD160" => &[40],
        "SHA224" | "SHA3224" => &[56],
        "SHA256" | "SHA3256" => &[64],
        "SHA384" | "SHA3384" => &[96],
        "SHA512" | "SHA3512" | "WHIRLPOOL" => &[128],
        "SSDEEP" => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | ':' | '.');
            let right = (1..=150).contains(&hash.len()) && hash.chars().all(plain);
            return (!right).then(|| format!("expected an {algorithm} hash, found `{}`", model::text::shorten(hash, 40)));
        }
        _ => return None,
    };
    let right = lengths.contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit());
    (!right).then(|| {
        let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
        let found = model::text::shorten(hash, 40);
        format!("expected a {algorithm} hash of {} hexadecimal digits, found `{found}`", lengths.join(" or "))
    })
}
