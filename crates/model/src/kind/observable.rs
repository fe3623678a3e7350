//! Observables: values that may be seen in a log.

use super::{Column, FieldShape, FieldSpec, Kind, KindSpec, Place};

const FINDINGS: &[&str] = &["unknown", "clean", "suspicious", "malicious"];

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Observable,
    singular: "observable",
    plural: "Observables",
    path: "observables",
    id_prefix: "observable",
    title_label: "Value",
    columns: &[Column { place: Place::Category, name: "", label: "Type" }, Column { place: Place::Finding, name: "", label: "Finding" }],
    fields: &[
        FieldSpec {
            name: "type",
            label: "Type",
            help: "Leave empty to tell it from the value.",
            place: Place::Category,
            shape: FieldShape::Line,
            required: false,
            key: None,
        },
        FieldSpec {
            name: "value",
            label: "Value",
            help: "Defanged values are understood: hxxp://evil[.]example",
            place: Place::Title,
            shape: FieldShape::Line,
            required: true,
            key: None,
        },
        FieldSpec {
            name: "finding",
            label: "Finding",
            help: "",
            place: Place::Finding,
            shape: FieldShape::OneOf(FINDINGS),
            required: false,
            key: None,
        },
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::Incident, Kind::ConfigurationItem, Kind::User, Kind::Observable],
};
