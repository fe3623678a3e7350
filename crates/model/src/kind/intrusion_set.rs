//! Intrusion sets (STIX 2.1, section 4.9; ATT&CK groups).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::IntrusionSet,
    shelf: Shelf::Intelligence,
    singular: "intrusion set",
    plural: "Intrusion sets",
    path: "intrusion-sets",
    id_prefix: "intrusion-set",
    title_label: "Name",
    columns: &[Column::attribute("aliases", "Aliases"), Column::at(Place::Category, "Motivation")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::ALIASES,
        FieldSpec::line("external_id", "ATT&CK id").help("G0016"),
        FieldSpec::line("primary_motivation", "Primary motivation").at(Place::Category),
        FieldSpec::line("resource_level", "Resource level"),
        FieldSpec::lines("goals", "Goals").help("One a line."),
        stix::FIRST_SEEN,
        stix::LAST_SEEN,
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::AttackPattern, Kind::Malware, Kind::Tool, Kind::Campaign],
};
