//! Security incidents: what the ticket system or the SIEM raised.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf};
use crate::relationship::RelationshipType;

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Incident,
    shelf: Shelf::Operations,
    singular: "security incident",
    plural: "Security incidents",
    path: "incidents",
    id_prefix: "incident",
    title_label: "Short description",
    columns: &[
        Column::attribute("number", "Number"),
        Column::at(Place::Status, "State"),
        Column::at(Place::Severity, "Severity"),
        Column::at(Place::Owner, "Assigned to"),
    ],
    fields: &[
        FieldSpec::line("number", "Number").help("As the ticket system has it: INC0010233.").required(),
        FieldSpec::line("short_description", "Short description").at(Place::Title).required(),
        FieldSpec::line("category", "Category").at(Place::Category).help("phishing, malware, unauthorised access, …"),
        FieldSpec::choice("state", "State", &["", "new", "analysis", "contain", "eradicate", "recover", "review", "closed", "cancelled"])
            .at(Place::Status),
        FieldSpec::choice("severity", "Severity", &["none", "low", "moderate", "high", "critical"]).at(Place::Severity),
        FieldSpec::line("assigned_to", "Assigned to").at(Place::Owner),
        FieldSpec::moment("opened_at", "Opened"),
        FieldSpec::text("description", "Description"),
    ],
    natural_key: &["number"],
    brings_along: &[RelationshipType::AFFECTS, RelationshipType::HAS],
    related: &[Kind::ConfigurationItem, Kind::User, Kind::Observable],
};
