//! Vulnerable items: a vulnerability on a machine, as a scanner or a vulnerability manager tells.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::VulnerableItem,
    shelf: Shelf::Operations,
    singular: "vulnerable item",
    plural: "Vulnerable items",
    path: "vulnerable-items",
    id_prefix: "vulnerable-item",
    title_label: "Short description",
    columns: &[
        Column::at(Place::Category, "Vulnerability"),
        Column::at(Place::Status, "State"),
        Column::at(Place::Severity, "Risk"),
        Column::attribute("cvss", "CVSS"),
        Column::at(Place::Owner, "Assigned to"),
    ],
    fields: &[
        FieldSpec::line("name", "Short description").at(Place::Title).help("“CVE on machine” when left to an import.").required(),
        FieldSpec::line("vulnerability", "Vulnerability").at(Place::Category).help("A CVE, or the scanner’s own id."),
        FieldSpec::line("configuration_item", "Configuration item").help("The machine’s name or address."),
        FieldSpec::choice("state", "State", &["", "open", "under_investigation", "deferred", "fixed", "closed", "false_positive"])
            .at(Place::Status),
        FieldSpec::choice("risk", "Risk", &["none", "low", "moderate", "high", "critical"]).at(Place::Severity),
        FieldSpec::line("cvss", "CVSS").help("The base score, 0.0 to 10.0."),
        FieldSpec::line("assigned_to", "Assigned to").at(Place::Owner),
        FieldSpec::moment("first_found", "First found"),
        FieldSpec::moment("last_found", "Last found"),
        FieldSpec::line("port", "Port").help("443/tcp"),
        FieldSpec::line("scanner", "Scanner"),
        FieldSpec::line("source_id", "Id in its source").help("The number that its scanner or manager gave."),
        FieldSpec::text("solution", "Solution"),
        stix::DESCRIPTION,
    ],
    natural_key: &["source_id", "vulnerability+configuration_item", "name"],
    brings_along: &[RelationshipType::FOUND_ON, RelationshipType::INSTANCE_OF],
    related: &[Kind::ConfigurationItem, Kind::Vulnerability, Kind::User],
};
