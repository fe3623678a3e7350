//! Sightings that others tell of (STIX 2.1, section 5.2); not searches in our logs.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::StixSighting,
    shelf: Shelf::Intelligence,
    singular: "sighting (STIX)",
    plural: "Sightings (STIX)",
    path: "stix-sightings",
    id_prefix: "sighting",
    title_label: "What was seen",
    columns: &[Column::attribute("count", "Count")],
    fields: &[
        FieldSpec::line("name", "What was seen").at(Place::Title).required(),
        FieldSpec::line("count", "Count"),
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
    related: &[Kind::Indicator, Kind::Identity, Kind::ObservedData],
};
