//! The form of a record, made from the description of its kind.

use model::Kind;
use model::kind::{FieldShape, FieldSpec, Place, RecordInput};
use model::observable::ObservableType;
use model::text::sha256_hex;
use serde_json::{Map, Value as Json};

use super::field_text;
use crate::ui::Errors;

/// A control of the form.
pub(crate) struct Control {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) help: &'static str,
    pub(crate) required: bool,
    pub(crate) value: String,
    /// `line`, `choice`, `lines` or `text`.
    pub(crate) shape: &'static str,
    /// Of a choice: words and what people read.
    pub(crate) options: Vec<(&'static str, String)>,
    /// A word that tells whether the field was touched: the hash of what it held when the form was made.
    pub(crate) was: String,
    pub(crate) error: String,
}

/// What was typed, by field.
pub(crate) type Typed = Vec<(String, String)>;

/// A field of a sent form, as lines end here; empty when it was not sent.
pub(crate) fn typed(form: &Typed, name: &str) -> String {
    form.iter().find(|(field, _)| field == name).map(|(_, value)| value.replace("\r\n", "\n")).unwrap_or_default()
}

/// The form of a new record, with what was typed so far.
pub(crate) fn blank(kind: Kind, form: &Typed, errors: &Errors) -> Vec<Control> {
    let control = |field: &FieldSpec| control(field, typed(form, field.name), String::new(), errors);
    kind.spec().fields.iter().map(control).collect()
}

/// The form of a record that is there. What an observable is can't be changed, and has no controls.
pub(crate) fn filled(kind: Kind, fields: &Map<String, Json>) -> Vec<Control> {
    let control = |field: &FieldSpec| {
        let value = field_text(fields, field.name);
        control(field, value.clone(), mark(&value), &Errors::default())
    };
    changeable(kind).map(control).collect()
}

/// The form of a record after it was sent and refused: what was touched is as it was typed, all else is as it is now.
pub(crate) fn refilled(kind: Kind, fields: &Map<String, Json>, form: &Typed, errors: &Errors) -> Vec<Control> {
    let control = |field: &FieldSpec| {
        let now = field_text(fields, field.name);
        let value = if touched(field, form) { typed(form, field.name) } else { now.clone() };
        control(field, value, mark(&now), errors)
    };
    changeable(kind).map(control).collect()
}

/// The fields that were touched.
pub(crate) fn patch(kind: Kind, form: &Typed) -> Map<String, Json> {
    let changed = changeable(kind).filter(|field| touched(field, form));
    changed.map(|field| (field.name.to_owned(), Json::from(typed(form, field.name)))).collect()
}

/// What was typed as the input of a new record.
pub(crate) fn input(kind: Kind, form: &Typed) -> RecordInput {
    let given = kind.spec().fields.iter().map(|field| (field.name.to_owned(), Json::from(typed(form, field.name))));
    RecordInput { kind, fields: given.filter(|(_, value)| value.as_str() != Some("")).collect() }
}

fn changeable(kind: Kind) -> impl Iterator<Item = &'static FieldSpec> {
    kind.spec().fields.iter().filter(move |field| kind != Kind::Observable || field.place == Place::Finding)
}

fn touched(field: &FieldSpec, form: &Typed) -> bool {
    form.iter().any(|(name, _)| name == field.name) && mark(&typed(form, field.name)) != typed(form, &format!("was-{}", field.name))
}

/// Browsers may add or take line ends around a text; that is no change.
fn mark(value: &str) -> String {
    sha256_hex(value.trim().as_bytes()).chars().take(16).collect()
}

fn control(field: &FieldSpec, value: String, was: String, errors: &Errors) -> Control {
    let (shape, options) = match field.shape {
        FieldShape::OneOf(words) => ("choice", words.iter().map(|word| (*word, label(field, word))).collect()),
        FieldShape::Line if field.place == Place::Category && field.name == "type" => ("choice", types()),
        FieldShape::Line | FieldShape::Moment | FieldShape::Percent => ("line", Vec::new()),
        FieldShape::Lines => ("lines", Vec::new()),
        FieldShape::Text => ("text", Vec::new()),
    };
    Control {
        name: field.name,
        label: field.label,
        help: field.help,
        required: field.required,
        value,
        shape,
        options,
        was,
        error: errors.at(field.name),
    }
}

fn label(field: &FieldSpec, word: &str) -> String {
    match (word, field.place) {
        ("", _) => "not said".to_owned(),
        ("none", Place::Severity) => "not said".to_owned(),
        (word, _) => {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>().replace('_', " ")).unwrap_or_default()
        }
    }
}

/// The types of observables, the one that is told from the value first.
pub(crate) fn types() -> Vec<(&'static str, String)> {
    let told = ("", "told from the value".to_owned());
    std::iter::once(told).chain(ObservableType::ALL.iter().map(|one| (one.as_str(), one.label().to_owned()))).collect()
}
