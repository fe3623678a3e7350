//! Users: the people and accounts of the organisation.

use super::{Column, FieldSpec, KeyScheme, Kind, KindSpec, Place, Shelf};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::User,
    shelf: Shelf::Operations,
    singular: "user",
    plural: "Users",
    path: "users",
    id_prefix: "user",
    title_label: "Name",
    columns: &[
        Column::attribute("user_id", "User id"),
        Column::at(Place::Category, "Department"),
        Column::at(Place::Status, "Status"),
        Column::at(Place::Severity, "Privilege"),
    ],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("user_id", "User id").help("The login name. DOMAIN\\name and name@domain are understood.").key(KeyScheme::Account),
        FieldSpec::line("email", "E-mail").key(KeyScheme::Email),
        FieldSpec::lines("accounts", "Other accounts").help("One a line. Sightings are matched by them.").key(KeyScheme::Account),
        FieldSpec::lines("sids", "Security identifiers").help("One a line: S-1-5-21-…").key(KeyScheme::Sid),
        FieldSpec::line("department", "Department").at(Place::Category),
        FieldSpec::choice("status", "Status", &["", "active", "locked", "left"]).at(Place::Status),
        FieldSpec::choice("privilege", "Privilege", &["none", "low", "moderate", "high", "critical"])
            .at(Place::Severity)
            .help("High for VIPs, critical for administrators of everything."),
        FieldSpec::line("title", "Job title"),
        FieldSpec::text("description", "Description"),
    ],
    natural_key: &["user_id", "email", "name"],
    brings_along: &[],
    related: &[Kind::Incident, Kind::ConfigurationItem, Kind::Observable],
};
