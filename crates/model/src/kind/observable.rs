//! Observables: values that may be seen in a log.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf};

const FINDINGS: &[&str] = &["unknown", "clean", "suspicious", "malicious"];

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Observable,
    shelf: Shelf::Operations,
    singular: "observable",
    plural: "Observables",
    path: "observables",
    id_prefix: "observable",
    title_label: "Value",
    columns: &[Column::at(Place::Category, "Type"), Column::at(Place::Finding, "Finding")],
    fields: &[
        FieldSpec::line("type", "Type").at(Place::Category).help("Leave empty to tell it from the value."),
        FieldSpec::line("value", "Value").at(Place::Title).help("Defanged values are understood: hxxp://evil[.]example").required(),
        FieldSpec::choice("finding", "Finding", FINDINGS).at(Place::Finding),
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::Incident, Kind::ConfigurationItem, Kind::User, Kind::Observable],
};
