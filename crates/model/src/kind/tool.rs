//! Tools (STIX 2.1, section 4.18).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Tool,
    shelf: Shelf::Intelligence,
    singular: "tool",
    plural: "Tools",
    path: "tools",
    id_prefix: "tool",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Type"), Column::attribute("external_id", "Id"), Column::attribute("aliases", "Aliases")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::ALIASES,
        FieldSpec::line("external_id", "ATT&CK id").help("S0029"),
        FieldSpec::line("tool_types", "Type").at(Place::Category).help("remote-access, credential-exploitation, …"),
        FieldSpec::line("tool_version", "Version"),
        FieldSpec::lines("platforms", "Platforms").help("One a line."),
        stix::KILL_CHAIN,
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::AttackPattern, Kind::IntrusionSet, Kind::ThreatActor],
};
