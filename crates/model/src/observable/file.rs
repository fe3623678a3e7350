//! Files, folders, registry keys and pipes. Case is kept: it is evidence, and some systems tell cases apart.

/// Quotes around a path are not part of it.
fn unquoted(value: &str) -> &str {
    value.trim_matches(['"', '\'', '`']).trim()
}

/// A file's name without a folder.
pub(super) fn name(value: &str) -> Option<String> {
    let bare = unquoted(value);
    let right = !bare.is_empty() && !bare.contains(['/', '\\']) && bare.chars().count() <= 255 && !matches!(bare, "." | "..");
    right.then(|| bare.to_owned())
}

/// A path with at least one separator, that does not end in one.
pub(super) fn path(value: &str) -> Option<String> {
    let bare = unquoted(value);
    let right = bare.contains(['/', '\\']) && !bare.ends_with(['/', '\\']);
    right.then(|| bare.to_owned())
}

/// A folder's path, without the separator at its end (a root keeps it).
pub(super) fn directory(value: &str) -> Option<String> {
    let bare = unquoted(value);
    let is_folder = bare.contains(['/', '\\']) || is_drive(bare) || (bare.starts_with('%') && bare.ends_with('%') && bare.len() > 2);
    if !is_folder {
        return None;
    }
    let shorter = bare.trim_end_matches(['/', '\\']);
    if shorter.is_empty() {
        return bare.chars().next().map(String::from);
    }
    Some(if is_drive(shorter) { format!("{shorter}\\") } else { shorter.to_owned() })
}

fn is_drive(value: &str) -> bool {
    matches!(value.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

/// Whether a value starts like an absolute path of Windows or Unix, or below an environment variable.
pub(super) fn is_absolute(value: &str) -> bool {
    let bare = unquoted(value);
    match bare.as_bytes() {
        [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
        [b'\\', b'\\', next, ..] => !matches!(next, b'\\' | b'/'),
        [b'/', next, ..] => *next != b'/' && bare.bytes().skip(1).any(|b| b == b'/'),
        [b'~', b'/', ..] => true,
        [b'%', rest @ ..] => rest.iter().position(|b| *b == b'%').is_some_and(|end| matches!(rest.get(end + 1), Some(b'\\' | b'/'))),
        _ => false,
    }
}

const HIVES: &[(&str, &str)] = &[
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKU", "HKEY_USERS"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
    ("HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"),
    ("HKEY_CURRENT_USER", "HKEY_CURRENT_USER"),
    ("HKEY_CLASSES_ROOT", "HKEY_CLASSES_ROOT"),
    ("HKEY_USERS", "HKEY_USERS"),
    ("HKEY_CURRENT_CONFIG", "HKEY_CURRENT_CONFIG"),
    ("HKEY_PERFORMANCE_DATA", "HKEY_PERFORMANCE_DATA"),
];

/// A registry key with its hive spelled out (STIX 2.1, section 6.17: "the hive MUST be fully expanded").
pub(super) fn registry_key(value: &str) -> Option<String> {
    let bare = unquoted(value).trim_start_matches('\\');
    let bare = bare.strip_prefix("Computer\\").unwrap_or(bare);
    let bare = strip_prefix_ignoring_case(bare, "Registry::").unwrap_or(bare);
    let (hive, rest) = match bare.find(['\\', '/']) {
        Some(at) => (bare.get(..at)?, bare.get(at + 1..)?),
        None => (bare, ""),
    };
    let hive = hive.trim_end_matches(':');
    let (_, full) = HIVES.iter().find(|(short, _)| hive.eq_ignore_ascii_case(short))?;
    let steps: Vec<&str> = rest.split('\\').filter(|s| !s.is_empty()).collect();
    Some(if steps.is_empty() { (*full).to_owned() } else { format!("{full}\\{}", steps.join("\\")) })
}

fn strip_prefix_ignoring_case<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let head = value.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { value.get(prefix.len()..) } else { None }
}

/// Whether a value names a pipe by its whole path.
pub(super) fn is_pipe_path(value: &str) -> bool {
    pipe_name(value).is_some()
}

/// What follows `\\.\pipe\`, `\\host\pipe\` or `\pipe\`.
fn pipe_name(value: &str) -> Option<&str> {
    let rest = if let Some(unc) = value.strip_prefix("\\\\") { unc.find('\\').and_then(|at| unc.get(at..))? } else { value };
    strip_prefix_ignoring_case(rest, "\\pipe\\").filter(|name| !name.is_empty())
}

/// A named pipe: its name alone, as event logs write it less the leading separator.
pub(super) fn named_pipe(value: &str) -> Option<String> {
    let bare = unquoted(value);
    // A name may itself start with what was just cut off; cutting until nothing changes keeps one normal form.
    let mut name = bare;
    loop {
        let shorter = pipe_name(name).unwrap_or(name).trim_start_matches('\\');
        if shorter == name {
            break;
        }
        name = shorter;
    }
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hives_are_spelled_out() {
        let run = "HKEY_LOCAL_MACHINE\\Software\\Run";
        for same in [
            r"HKLM\Software\Run",
            r"hklm\\Software\\Run\",
            r"HKEY_LOCAL_MACHINE\Software\Run",
            r"HKLM:\Software\Run",
            r"Registry::HKLM\Software\Run",
        ] {
            assert_eq!(registry_key(same).as_deref(), Some(run), "{same}");
        }
        assert_eq!(registry_key(r"C:\Windows"), None);
        assert_eq!(registry_key("HKU").as_deref(), Some("HKEY_USERS"));
    }

    #[test]
    fn files_and_folders() {
        assert_eq!(name("\"a b.exe\"").as_deref(), Some("a b.exe"));
        assert_eq!(name(r"C:\a.exe"), None);
        assert_eq!(path("a.exe"), None);
        assert_eq!(directory(r"C:\Temp\").as_deref(), Some(r"C:\Temp"));
        assert_eq!(directory("C:").as_deref(), Some(r"C:\"));
        assert_eq!(directory("/").as_deref(), Some("/"));
        assert!(is_absolute(r"%APPDATA%\x"));
        assert!(is_absolute("/usr/bin/id"));
        assert!(!is_absolute("/etc"));
        assert!(!is_absolute("//x"));
    }

    #[test]
    fn a_pipe_is_its_name() {
        for same in [r"\\.\pipe\evil", r"\pipe\evil", r"\evil", "evil", r"\\srv\pipe\evil"] {
            assert_eq!(named_pipe(same).as_deref(), Some("evil"), "{same}");
        }
    }
}
