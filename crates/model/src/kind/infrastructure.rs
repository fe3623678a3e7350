//! Infrastructure (STIX 2.1, section 4.8).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Infrastructure,
    shelf: Shelf::Intelligence,
    singular: "infrastructure",
    plural: "Infrastructure",
    path: "infrastructure",
    id_prefix: "infrastructure",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Type")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::ALIASES,
        FieldSpec::line("infrastructure_types", "Type").at(Place::Category).help("command-and-control, phishing, …"),
        stix::KILL_CHAIN,
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
    related: &[Kind::Observable, Kind::Malware, Kind::ThreatActor],
};
