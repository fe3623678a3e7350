//! Threat actors (STIX 2.1, section 4.17).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::ThreatActor,
    shelf: Shelf::Intelligence,
    singular: "threat actor",
    plural: "Threat actors",
    path: "threat-actors",
    id_prefix: "threat-actor",
    title_label: "Name",
    columns: &[
        Column::attribute("aliases", "Aliases"),
        Column::at(Place::Category, "Type"),
        Column::attribute("sophistication", "Sophistication"),
    ],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        stix::ALIASES,
        FieldSpec::line("threat_actor_types", "Type").at(Place::Category).help("crime-syndicate, nation-state, insider-disgruntled, …"),
        FieldSpec::line("country", "Country"),
        FieldSpec::line("sophistication", "Sophistication"),
        FieldSpec::line("primary_motivation", "Primary motivation"),
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
    related: &[Kind::Malware, Kind::AttackPattern, Kind::Campaign, Kind::Identity],
};
