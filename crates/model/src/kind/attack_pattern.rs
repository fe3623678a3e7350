//! Attack patterns: how adversaries go about it (STIX 2.1, section 4.1; ATT&CK techniques).

use super::{Column, FieldSpec, KeyScheme, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::AttackPattern,
    shelf: Shelf::Intelligence,
    singular: "attack pattern",
    plural: "Attack patterns",
    path: "attack-patterns",
    id_prefix: "attack-pattern",
    title_label: "Name",
    columns: &[Column::attribute("external_id", "Id"), Column::at(Place::Category, "Tactics"), Column::at(Place::Status, "Status")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("external_id", "ATT&CK id").help("T1059.001").key(KeyScheme::Attack),
        FieldSpec::line("tactics", "Tactics").at(Place::Category).help("execution, persistence, …"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        FieldSpec::lines("platforms", "Platforms").help("One a line."),
        stix::ALIASES,
        stix::KILL_CHAIN,
        FieldSpec::text("detection", "Detection"),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::Malware, Kind::IntrusionSet, Kind::CourseOfAction],
};
