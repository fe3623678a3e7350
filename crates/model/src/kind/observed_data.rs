//! Observed data: what was seen on systems and networks (STIX 2.1, section 4.14).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::ObservedData,
    shelf: Shelf::Intelligence,
    singular: "observed data",
    plural: "Observed data",
    path: "observed-data",
    id_prefix: "observed-data",
    title_label: "Name",
    columns: &[Column::attribute("number_observed", "Number")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::FIRST_SEEN,
        stix::LAST_SEEN,
        FieldSpec::line("number_observed", "Number observed"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[RelationshipType::OBSERVED],
    related: &[Kind::Observable, Kind::Indicator],
};
