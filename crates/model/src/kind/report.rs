//! Reports (STIX 2.1, section 4.16) and MISP events.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Report,
    shelf: Shelf::Intelligence,
    singular: "report",
    plural: "Reports",
    path: "reports",
    id_prefix: "report",
    title_label: "Name",
    columns: &[
        Column::at(Place::Category, "Type"),
        Column::attribute("published", "Published"),
        Column::at(Place::Owner, "Author"),
        Column::attribute("tlp", "TLP"),
    ],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("report_type", "Type").at(Place::Category).help("threat-report, campaign, malware, indicator, …"),
        FieldSpec::line("author", "Author").at(Place::Owner),
        FieldSpec::moment("published", "Published"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[RelationshipType::REFERS_TO],
    related: &[Kind::Indicator, Kind::Observable, Kind::Malware, Kind::ThreatActor],
};
