//! Configuration items: machines, services and whatever else a CMDB holds.

use super::{Column, FieldSpec, KeyScheme, Kind, KindSpec, Place, Shelf};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::ConfigurationItem,
    shelf: Shelf::Operations,
    singular: "configuration item",
    plural: "Configuration items",
    path: "configuration-items",
    id_prefix: "configuration-item",
    title_label: "Name",
    columns: &[
        Column::at(Place::Category, "Class"),
        Column::at(Place::Status, "Status"),
        Column::at(Place::Severity, "Criticality"),
        Column::at(Place::Owner, "Owner"),
    ],
    fields: &[
        FieldSpec::line("name", "Name")
            .at(Place::Title)
            .help("Host name or service name, as your CMDB has it.")
            .required()
            .key(KeyScheme::Host),
        FieldSpec::line("class", "Class").at(Place::Category).help("workstation, server, network device, …"),
        FieldSpec::choice("status", "Operational status", &["", "operational", "maintenance", "retired"]).at(Place::Status),
        FieldSpec::choice("criticality", "Business criticality", &["none", "low", "moderate", "high", "critical"]).at(Place::Severity),
        FieldSpec::line("owner", "Owner").at(Place::Owner),
        FieldSpec::lines("host_names", "Other host names").help("One a line. Sightings are matched by them.").key(KeyScheme::Host),
        FieldSpec::lines("ip_addresses", "IP addresses").help("One a line.").key(KeyScheme::Address),
        FieldSpec::lines("mac_addresses", "MAC addresses").help("One a line.").key(KeyScheme::Mac),
        FieldSpec::line("operating_system", "Operating system"),
        FieldSpec::line("location", "Location"),
        FieldSpec::line("source_id", "Id in its source").help("The sys_id, asset tag or serial number of your CMDB."),
        FieldSpec::text("description", "Description"),
    ],
    natural_key: &["source_id", "name"],
    brings_along: &[],
    related: &[Kind::Incident, Kind::VulnerableItem, Kind::Vulnerability, Kind::User, Kind::Observable],
};
