//! Courses of action (STIX 2.1, section 4.3; ATT&CK mitigations).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::CourseOfAction,
    shelf: Shelf::Intelligence,
    singular: "course of action",
    plural: "Courses of action",
    path: "courses-of-action",
    id_prefix: "course-of-action",
    title_label: "Name",
    columns: &[Column::attribute("external_id", "Id"), Column::at(Place::Category, "Type"), Column::at(Place::Status, "Status")],
    fields: &[
        FieldSpec::line("name", "Name").at(Place::Title).required(),
        FieldSpec::line("external_id", "ATT&CK id").help("M1036"),
        FieldSpec::line("action_type", "Type").at(Place::Category),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::DESCRIPTION,
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[Kind::AttackPattern],
};
