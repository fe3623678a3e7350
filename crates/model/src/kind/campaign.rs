//! Campaigns (STIX 2.1, section 4.2).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Campaign,
    shelf: Shelf::Intelligence,
    singular: "campaign",
    plural: "Campaigns",
    path: "campaigns",
    id_prefix: "campaign",
    title_label: "Name",
    columns: &[Column::attribute("objective", "Objective")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::ALIASES,
        FieldSpec::line("objective", "Objective"),
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
    related: &[Kind::IntrusionSet, Kind::Indicator, Kind::Malware, Kind::AttackPattern],
};
