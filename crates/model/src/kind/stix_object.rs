//! Whatever else a STIX document holds: markings, extension definitions, language content, custom objects.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::StixObject,
    shelf: Shelf::Intelligence,
    singular: "other STIX object",
    plural: "Other STIX objects",
    path: "stix-objects",
    id_prefix: "x-object",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Type"), Column::at(Place::Status, "Status")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("type", "Type").at(Place::Category).help("x-mitre-data-source, marking-definition, …"),
        FieldSpec::line("external_id", "Id"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[],
};
