//! Locations (STIX 2.1, section 4.10).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Location,
    shelf: Shelf::Intelligence,
    singular: "location",
    plural: "Locations",
    path: "locations",
    id_prefix: "location",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Country"), Column::attribute("region", "Region")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("country", "Country").at(Place::Category).help("ISO 3166-1 alpha-2: HU"),
        FieldSpec::line("region", "Region"),
        FieldSpec::line("city", "City"),
        FieldSpec::line("latitude", "Latitude"),
        FieldSpec::line("longitude", "Longitude"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::ThreatActor, Kind::Identity],
};
