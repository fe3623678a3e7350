//! What a search found, as both doors show it.

use model::Timestamp;
use model::case::case_number;
use model::kind::Place;
use model::list::{Thing, thousands};
use model::text::{fold, search_words};
use serde::{Deserialize, Serialize};
use store::case::Case;
use store::record::Record;
use store::{annotation, note};

use crate::record::RecordView;
use crate::text::excerpt;

/// How much of a text is shown around what was found, in characters.
const AROUND: usize = 180;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchView {
    /// What was looked for, refanged.
    pub q: String,
    /// How much there is of each sort and kind, whatever was asked to be shown; those without a match are left out.
    pub counts: Vec<GroupCount>,
    /// The hits that were asked for, group by group.
    pub groups: Vec<SearchGroup>,
}

/// How much was found of a sort and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupCount {
    /// The sort of thing.
    #[serde(rename = "in")]
    pub sort: Thing,
    /// The kind of record or note; empty of cases and annotations.
    pub kind: String,
    /// What people read.
    pub label: String,
    /// How many, counted up to 1,000.
    pub total: i64,
    /// False when there are more than `total`.
    pub total_is_exact: bool,
}

impl GroupCount {
    /// `1,284`, or `1,000+` where counting stopped.
    #[must_use]
    pub fn total_text(&self) -> String {
        format!("{}{}", thousands(self.total), if self.total_is_exact { "" } else { "+" })
    }
}

/// Hits of a sort and kind, newest first; cases the last changed first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchGroup {
    /// Of what, and how many there are.
    #[serde(flatten)]
    pub of: GroupCount,
    /// The hits.
    pub items: Vec<HitView>,
    /// Ask again with this, and with the group's `in` and `kind`, for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HitView {
    /// The sort of thing.
    #[serde(rename = "in")]
    pub sort: Thing,
    /// The kind of record or note; empty of cases and annotations.
    pub kind: String,
    /// The number of a case; the id of anything else.
    pub id: String,
    /// What it is called, as it may be shown: the name of a case, a record's title (defanged), the record that an annotation
    /// is on, the case that a note is in.
    pub title: String,
    /// Where in it the words were found, when that is not the title: the field's name, or empty.
    pub field: String,
    /// The text around what was found; empty when the title says it all.
    pub context: String,
    /// The case that it is, or that it was written in; empty of records.
    pub case: String,
    /// The record that it is, or that it is about; empty of cases and notes.
    pub record_id: String,
    /// More about it: the state of a case, the category of a record.
    pub detail: String,
    /// Who made it, or changed it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A text of a thing, and what it is called.
struct Part {
    field: &'static str,
    text: String,
}

impl Part {
    fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field, text: text.into() }
    }
}

/// The first part that holds a word that the title does not hold, around that word.
fn context(q: &str, title: &str, parts: impl IntoIterator<Item = Part>) -> (String, String) {
    let title = fold(title);
    let missing: Vec<String> = search_words(q).into_iter().filter(|word| !title.contains(word.as_str())).collect();
    if missing.is_empty() {
        return Default::default();
    }
    let holds = |part: &Part| {
        let text = fold(&part.text);
        missing.iter().any(|word| text.contains(word.as_str()))
    };
    let found = parts.into_iter().find(holds);
    found.map(|part| (part.field.to_owned(), excerpt(&part.text, &missing, AROUND))).unwrap_or_default()
}

impl HitView {
    pub(super) fn of_case(q: &str, case: Case) -> Self {
        let number = case_number(case.number);
        let parts = [
            Part::new("Short description", case.short_description),
            Part::new("Description", case.description),
            Part::new("Findings", case.findings),
            Part::new("Recommendations", case.recommendations),
            Part::new("Closure summary", case.closure_summary),
        ];
        let (field, context) = context(q, &format!("{number} {}", case.name), parts);
        Self {
            sort: Thing::Case,
            kind: String::new(),
            id: number.clone(),
            title: case.name,
            field,
            context,
            case: number,
            record_id: String::new(),
            detail: case.state.label().to_owned(),
            by: case.updated_by,
            at: case.updated_at,
        }
    }

    pub(super) fn of_record(q: &str, record: Record) -> Self {
        let title = record.title.clone();
        let record = RecordView::from(record);
        let parts = record.kind.spec().fields.iter().filter_map(|field| {
            let text = match field.place {
                Place::Category => record.category.clone(),
                Place::Status => record.status.clone(),
                Place::Owner => record.owner.clone(),
                Place::Attribute => record.attribute(field.name),
                Place::Title | Place::Severity | Place::Finding => return None,
            };
            Some(Part::new(field.label, text))
        });
        let (field, context) = context(q, &title, parts);
        Self {
            sort: Thing::Record,
            kind: record.kind.to_string(),
            id: record.id.clone(),
            title: record.display,
            field,
            context,
            case: String::new(),
            record_id: record.id,
            detail: record.category,
            by: record.updated_by,
            at: record.updated_at,
        }
    }

    pub(super) fn of_note(q: &str, found: note::Found) -> Self {
        let note = found.note;
        Self {
            sort: Thing::Note,
            kind: note.kind.to_string(),
            id: note.public_id,
            title: found.case_name,
            field: String::new(),
            context: excerpt(&note.text, &search_words(q), AROUND),
            case: case_number(found.case_number),
            record_id: String::new(),
            detail: note.audience.label().to_owned(),
            by: note.author,
            at: note.created_at,
        }
    }

    pub(super) fn of_annotation(q: &str, found: annotation::Found) -> Self {
        let (annotation, record) = (found.annotation, RecordView::from(found.record));
        Self {
            sort: Thing::Annotation,
            kind: String::new(),
            id: annotation.public_id,
            title: record.display,
            field: String::new(),
            context: excerpt(&annotation.text, &search_words(q), AROUND),
            case: case_number(annotation.case_number),
            record_id: record.id,
            detail: found.case_name,
            by: annotation.author,
            at: annotation.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_title_says_is_not_said_again() {
        let parts = || [Part::new("Owner", "Ada"), Part::new("Description", "It beaconed to Evil.example each hour")];
        assert_eq!(context("evil", "Evil twin", parts()), (String::new(), String::new()));
        assert_eq!(context("twin EVIL", "A twin", parts()), ("Description".to_owned(), "It beaconed to Evil.example each hour".to_owned()));
        assert_eq!(context("nowhere", "A twin", parts()), (String::new(), String::new()));
    }
}
