//! Notes that come with intelligence (STIX 2.1, section 4.13); not the notes of a case.

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::StixNote,
    shelf: Shelf::Intelligence,
    singular: "note (STIX)",
    plural: "Notes (STIX)",
    path: "stix-notes",
    id_prefix: "note",
    title_label: "Abstract",
    columns: &[Column::attribute("authors", "Authors")],
    fields: &[
        FieldSpec::line("name", "Abstract").at(Place::Title).required(),
        FieldSpec::lines("authors", "Authors").help("One a line."),
        FieldSpec::text("content", "Content"),
        FieldSpec::choice("status", "Status", stix::STATUS_WORDS).at(Place::Status),
        stix::CONFIDENCE,
        stix::TLP,
        stix::LABELS,
        stix::REFERENCES,
    ],
    natural_key: &[],
    brings_along: &[],
    related: &[],
};
