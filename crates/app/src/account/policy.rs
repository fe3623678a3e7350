//! Which names and passwords are taken.

use model::Fields;
use model::text::fold;

use super::Secret;

/// The longest display name, in characters.
pub(super) const MAX_DISPLAY_NAME: usize = 100;
/// The longest e-mail address, in characters (RFC 5321).
const MAX_EMAIL: usize = 254;
/// The shortest password, in characters.
pub(super) const MIN_PASSWORD: usize = 12;
/// The longest password, in characters.
pub(super) const MAX_PASSWORD: usize = 256;

/// Names that stand for something else: `me` in filters and addresses, the others in the journal.
const RESERVED: &[&str] = &["me", "system"];

/// What is tried first everywhere, as far as it is long enough to be taken at all.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "administrator",
    "changemechangeme",
    "changeme1234",
    "correcthorsebatterystaple",
    "iloveyou1234",
    "letmeinletmein",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qwerty123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdfgh",
    "welcome12345",
    "welcomewelcome",
];

/// A login name as it is stored and looked up.
pub(super) fn fold_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether this could be the name of an account or a group: what is not is never looked up.
pub(super) fn is_name(name: &str) -> bool {
    let shaped = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'));
    shaped && (2..=64).contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// A new account's or group's name, folded.
pub(super) fn new_name(fields: &mut Fields, pointer: &str, given: &str) -> String {
    let name = fold_name(given);
    if !is_name(&name) {
        fields.refuse(pointer, "must be 2 to 64 of the characters a-z, 0-9, `.`, `_` and `-`, and begin with a letter or digit");
    } else if RESERVED.contains(&name.as_str()) || name.starts_with("operator") {
        fields.refuse(pointer, format!("`{name}` has a meaning of its own here; choose another name"));
    }
    name
}

/// A new password for an account.
pub(super) fn new_password(fields: &mut Fields, pointer: &str, password: &Secret, account: &str) {
    let text = password.reveal();
    let length = text.chars().count();
    if length < MIN_PASSWORD {
        fields.refuse(pointer, format!("must have at least {MIN_PASSWORD} characters"));
    } else if length > MAX_PASSWORD {
        fields.refuse(pointer, format!("must have at most {MAX_PASSWORD} characters"));
    } else if fold(text) == account {
        fields.refuse(pointer, "must not be the name of the account");
    } else if is_common(text) {
        fields.refuse(pointer, "is one of those that are tried first; choose another");
    }
}

fn is_common(password: &str) -> bool {
    let folded = fold(password);
    let mut letters = folded.chars();
    let first = letters.next();
    COMMON.contains(&folded.as_str()) || letters.all(|c| Some(c) == first)
}

/// An e-mail address, or nothing.
pub(super) fn email(fields: &mut Fields, pointer: &str, given: &str) -> String {
    let given = given.trim();
    let shaped = given.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !given.is_empty() && (!shaped || given.chars().any(|c| c.is_whitespace() || c.is_control())) {
        fields.refuse(pointer, "must be an e-mail address like ada@example.org, or empty");
    }
    fields.text(pointer, given, MAX_EMAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal_of_password(password: &str) -> Option<String> {
        let mut fields = Fields::new();
        new_password(&mut fields, "/password", &Secret::from(password), "ada.lovelace");
        fields.finish().err().map(|errors| errors[0].detail.clone())
    }

    fn takes_name(name: &str) -> bool {
        let mut fields = Fields::new();
        new_name(&mut fields, "/name", name);
        fields.is_empty()
    }

    #[test]
    fn long_passwords_of_any_sort_are_taken() {
        assert_eq!(refusal_of_password("tulip orchard"), None);
        assert_eq!(refusal_of_password("пароль, но длинный"), None);
        assert_eq!(refusal_of_password(&"ab".repeat(128)), None);
    }

    #[test]
    fn passwords_that_are_guessed_first_are_refused() {
        for bad in ["", "short", "elevenchars", "Ada.Lovelace", "Password1234", "aaaaaaaaaaaaaaaa", &"ab".repeat(129)] {
            assert!(refusal_of_password(bad).is_some(), "{bad}");
        }
        let said = refusal_of_password("Password1234").unwrap_or_default();
        assert!(!said.contains("1234"), "a refusal does not repeat the password: {said}");
    }

    #[test]
    fn every_common_password_is_long_enough_to_matter() {
        assert!(COMMON.iter().all(|common| common.len() >= MIN_PASSWORD && fold(common) == *common));
    }

    #[test]
    fn names_are_plain_and_stand_for_nobody_else() {
        for good in ["ada", "a1", "Ada.Lovelace", " soc-bot_7 "] {
            assert!(takes_name(good), "{good}");
        }
        for bad in
            ["", "a", "..", ".ada", "-x", "ada lovelace", "ada/..", "adä", "operator", "operator-root", "System", "me", &"a".repeat(65)]
        {
            assert!(!takes_name(bad), "{bad}");
        }
        assert_eq!(fold_name(" Ada "), "ada");
    }

    #[test]
    fn addresses_may_be_left_out() {
        for (given, taken) in [("", true), ("ada@example.org", true), ("ada", false), ("@", false), ("a b@c", false)] {
            let mut fields = Fields::new();
            email(&mut fields, "/email", given);
            assert_eq!(fields.is_empty(), taken, "{given}");
        }
    }
}
