//! How two records are joined: STIX 2.1 relationship types (section 5.1), a few of ours, and any other that a source tells.

use std::borrow::Cow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of a relationship, read "from … to": lower-case words with hyphens (STIX 2.1, section 5.1).
///
/// The list is open: sources have types of their own, which are kept as they came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, examples("affects"))]
pub struct RelationshipType(Cow<'static, str>);

/// The longest type: STIX 2.1, section 2.14 (identifiers of types).
const LONGEST: usize = 250;

/// Why a word is no relationship type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a relationship type: 1 to 250 of a–z, 0–9, “-” and “_”, like communicates-with")]
pub struct NotAType(String);

impl RelationshipType {
    /// Incident → configuration item or user.
    pub const AFFECTS: Self = Self(Cow::Borrowed("affects"));
    /// Incident → observable.
    pub const HAS: Self = Self(Cow::Borrowed("has"));
    /// Vulnerable item → configuration item.
    pub const FOUND_ON: Self = Self(Cow::Borrowed("found-on"));
    /// Vulnerable item → vulnerability.
    pub const INSTANCE_OF: Self = Self(Cow::Borrowed("instance-of"));
    /// Indicator → observable or observed data.
    pub const BASED_ON: Self = Self(Cow::Borrowed("based-on"));
    /// Domain → address.
    pub const RESOLVES_TO: Self = Self(Cow::Borrowed("resolves-to"));
    /// Malware, infrastructure → observable.
    pub const COMMUNICATES_WITH: Self = Self(Cow::Borrowed("communicates-with"));
    /// Actor, campaign → malware, tool, technique.
    pub const USES: Self = Self(Cow::Borrowed("uses"));
    /// Campaign → actor.
    pub const ATTRIBUTED_TO: Self = Self(Cow::Borrowed("attributed-to"));
    /// Actor → identity, vulnerability.
    pub const TARGETS: Self = Self(Cow::Borrowed("targets"));
    /// Indicator → what it detects.
    pub const INDICATES: Self = Self(Cow::Borrowed("indicates"));
    /// Course of action → what it answers.
    pub const MITIGATES: Self = Self(Cow::Borrowed("mitigates"));
    /// Configuration item → user.
    pub const OWNED_BY: Self = Self(Cow::Borrowed("owned-by"));
    /// Observable → machine or person in whose events it was seen.
    pub const SEEN_ON: Self = Self(Cow::Borrowed("seen-on"));
    /// Two hashes or names of one file.
    pub const SAME_FILE: Self = Self(Cow::Borrowed("same-file"));
    /// What was made from something else.
    pub const DERIVED_FROM: Self = Self(Cow::Borrowed("derived-from"));
    /// The same thing told twice.
    pub const DUPLICATE_OF: Self = Self(Cow::Borrowed("duplicate-of"));
    /// Anything else.
    pub const RELATED_TO: Self = Self(Cow::Borrowed("related-to"));
    /// Report, grouping, note, opinion → what it is about (`object_refs`).
    pub const REFERS_TO: Self = Self(Cow::Borrowed("refers-to"));
    /// STIX sighting → what was seen (`sighting_of_ref`).
    pub const SIGHTING_OF: Self = Self(Cow::Borrowed("sighting-of"));
    /// STIX sighting → who saw it (`where_sighted_refs`).
    pub const SEEN_BY: Self = Self(Cow::Borrowed("seen-by"));
    /// Observed data → what was observed.
    pub const OBSERVED: Self = Self(Cow::Borrowed("observed"));

    /// Those that a person can choose, in the order of a menu.
    pub const OFFERED: &'static [Self] = &[
        Self::RELATED_TO,
        Self::AFFECTS,
        Self::HAS,
        Self::FOUND_ON,
        Self::SEEN_ON,
        Self::INSTANCE_OF,
        Self::BASED_ON,
        Self::INDICATES,
        Self::USES,
        Self::TARGETS,
        Self::ATTRIBUTED_TO,
        Self::COMMUNICATES_WITH,
        Self::RESOLVES_TO,
        Self::MITIGATES,
        Self::OWNED_BY,
        Self::SAME_FILE,
        Self::DERIVED_FROM,
        Self::DUPLICATE_OF,
    ];

    /// The word, as the API and the store hold it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What people read: `communicates with`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.as_str() {
            "same-file" => "same file as".to_owned(),
            other => other.replace(['-', '_'], " "),
        }
    }
}

impl FromStr for RelationshipType {
    type Err = NotAType;

    fn from_str(word: &str) -> Result<Self, NotAType> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if word.is_empty() || word.len() > LONGEST || !word.chars().all(plain) {
            return Err(NotAType(word.chars().take(40).collect()));
        }
        Ok(Self(Cow::Owned(word.to_owned())))
    }
}

impl TryFrom<String> for RelationshipType {
    type Error = NotAType;

    fn try_from(word: String) -> Result<Self, NotAType> {
        word.parse()
    }
}

impl From<RelationshipType> for String {
    fn from(of: RelationshipType) -> Self {
        of.0.into_owned()
    }
}

impl std::fmt::Display for RelationshipType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_open_and_plain() {
        assert_eq!("communicates-with".parse(), Ok(RelationshipType::COMMUNICATES_WITH));
        assert_eq!("x_own-type2".parse::<RelationshipType>().map(|t| t.label()), Ok("x own type2".to_owned()));
        for bad in ["", "Uses", "a b", "<b>"] {
            assert!(bad.parse::<RelationshipType>().is_err(), "{bad}");
        }
    }
}
