//! Indicators: patterns that point at malice (STIX 2.1, section 4.7).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Indicator,
    shelf: Shelf::Operations,
    singular: "indicator",
    plural: "Indicators",
    path: "indicators",
    id_prefix: "indicator",
    title_label: "Name",
    columns: &[
        Column::at(Place::Category, "Type"),
        Column::at(Place::Status, "Status"),
        Column::attribute("pattern", "Pattern"),
        Column::attribute("valid_from", "Valid from"),
        Column::attribute("confidence", "Confidence"),
    ],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("indicator_type", "Type").at(Place::Category).help("malicious-activity, anomalous-activity, attribution, …"),
        FieldSpec::choice("status", "Status", &["", "active", "expired", "revoked"]).at(Place::Status),
        FieldSpec::choice("score", "Score", &["none", "low", "moderate", "high", "critical"]).at(Place::Severity),
        FieldSpec::text("pattern", "Pattern")
            .help("A STIX pattern, like [domain-name:value = ’evil.example’]; its observables come along into a case."),
        FieldSpec::line("pattern_type", "Pattern type").help("stix, sigma, yara, snort, …"),
        FieldSpec::moment("valid_from", "Valid from"),
        FieldSpec::moment("valid_until", "Valid until"),
        stix::KILL_CHAIN,
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[RelationshipType::BASED_ON],
    related: &[Kind::Observable, Kind::Malware, Kind::Campaign, Kind::ThreatActor],
};
