//! Groupings: objects that share a context (STIX 2.1, section 4.4).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Grouping,
    shelf: Shelf::Intelligence,
    singular: "grouping",
    plural: "Groupings",
    path: "groupings",
    id_prefix: "grouping",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Context"), Column::attribute("tlp", "TLP")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("context", "Context").at(Place::Category).help("suspicious-activity, malware-analysis, …"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[RelationshipType::REFERS_TO],
    related: &[Kind::Indicator, Kind::Observable],
};
