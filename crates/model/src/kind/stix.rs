//! Fields that all STIX objects share (STIX 2.1, section 3.2).

use super::FieldSpec;

/// `description`.
pub(super) const DESCRIPTION: FieldSpec = FieldSpec::text("description", "Description");
/// `confidence`, 0–100.
pub(super) const CONFIDENCE: FieldSpec = FieldSpec::percent("confidence", "Confidence").help("0 to 100: how sure its source is.");
/// The TLP among `object_marking_refs`.
pub(super) const TLP: FieldSpec = FieldSpec::choice("tlp", "TLP", &["", "clear", "green", "amber", "amber+strict", "red"]);
/// `labels`.
pub(super) const LABELS: FieldSpec = FieldSpec::lines("labels", "Labels").help("One a line.");
/// `external_references`, as text.
pub(super) const REFERENCES: FieldSpec = FieldSpec::lines("external_references", "External references").help("One a line.");
/// `aliases`.
pub(super) const ALIASES: FieldSpec = FieldSpec::lines("aliases", "Aliases").help("One a line.");
/// `first_seen`.
pub(super) const FIRST_SEEN: FieldSpec = FieldSpec::moment("first_seen", "First seen");
/// `last_seen`.
pub(super) const LAST_SEEN: FieldSpec = FieldSpec::moment("last_seen", "Last seen");
/// `kill_chain_phases`, as `kill-chain: phase`.
pub(super) const KILL_CHAIN: FieldSpec = FieldSpec::lines("kill_chain_phases", "Kill chain phases").help("One a line.");
/// Whether the object still holds (STIX 2.1, `revoked`; ATT&CK, `x_mitre_deprecated`).
pub(super) const STATUS_WORDS: &[&str] = &["", "active", "revoked", "deprecated"];
