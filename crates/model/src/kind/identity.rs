//! Identities: people, organisations, sectors (STIX 2.1, section 4.5).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Identity,
    shelf: Shelf::Intelligence,
    singular: "identity",
    plural: "Identities",
    path: "identities",
    id_prefix: "identity",
    title_label: "Name",
    columns: &[Column::at(Place::Category, "Class"), Column::attribute("sectors", "Sectors")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("identity_class", "Class").at(Place::Category).help("individual, group, organization, class, system"),
        FieldSpec::lines("sectors", "Sectors").help("One a line."),
        FieldSpec::lines("roles", "Roles").help("One a line."),
        FieldSpec::line("contact_information", "Contact"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::ThreatActor, Kind::Campaign],
};
