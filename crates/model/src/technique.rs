//! ATT&CK techniques: their ids, and the order of their tactics.

/// The tactics of ATT&CK Enterprise and ICS in the order of an attack, as kill chain phases spell them.
const TACTICS: &[&str] = &[
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "inhibit-response-function",
    "impair-process-control",
    "exfiltration",
    "impact",
];

/// Refusal of something that is no technique's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an ATT&CK technique, like T1059 or T1059.001")]
pub struct NotATechnique(String);

/// Reads a technique's id: `T1059`, `T1059.001`; blanks around it and lower case are understood.
///
/// # Errors
/// When it is none.
pub fn parse_technique(text: &str) -> Result<String, NotATechnique> {
    let id = text.trim().to_ascii_uppercase();
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let (technique, sub) = id.split_once('.').map_or((id.as_str(), None), |(technique, sub)| (technique, Some(sub)));
    let is_technique = technique.strip_prefix('T').is_some_and(|number| digits(number, 4));
    if is_technique && sub.is_none_or(|sub| digits(sub, 3)) { Ok(id) } else { Err(NotATechnique(text.chars().take(40).collect())) }
}

/// A tactic's place in the order of an attack; unknown ones stand last.
#[must_use]
pub fn tactic_order(tactic: &str) -> usize {
    TACTICS.iter().position(|known| *known == tactic).unwrap_or(TACTICS.len())
}

/// What people read: `Command and control`.
#[must_use]
pub fn tactic_label(tactic: &str) -> String {
    let words = tactic.replace('-', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_tactics_ordered() {
        assert_eq!(parse_technique(" t1059.001 "), Ok("T1059.001".to_owned()));
        assert_eq!(parse_technique("T1003"), Ok("T1003".to_owned()));
        for bad in ["", "T105", "T1059.1", "S0002", "T1059.001.1", "T१२३४"] {
            assert!(parse_technique(bad).is_err(), "{bad}");
        }
        assert!(tactic_order("initial-access") < tactic_order("impact") && tactic_order("impact") < tactic_order("own"));
        assert_eq!(tactic_label("command-and-control"), "Command and control");
    }
}
