//! Opinions on the correctness of other objects (STIX 2.1, section 4.15).

use super::{Column, FieldSpec, Kind, KindSpec, Place, Shelf, stix};

pub(super) const SPEC: KindSpec = KindSpec {
    kind: Kind::Opinion,
    shelf: Shelf::Intelligence,
    singular: "opinion",
    plural: "Opinions",
    path: "opinions",
    id_prefix: "opinion",
    title_label: "Explanation",
    columns: &[Column::at(Place::Category, "Opinion"), Column::attribute("authors", "Authors")],
    fields: &[
        FieldSpec::line("name", "Explanation").at(Place::Title).required(),
        FieldSpec::line("opinion", "Opinion").at(Place::Category).help("strongly-disagree, disagree, neutral, agree, strongly-agree"),
        FieldSpec::lines("authors", "Authors").help("One a line."),
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
